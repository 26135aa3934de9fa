;; duplicate-id@4
(local ci (require :quire.ci))
(ci.job :build [:quire/push] (fn []))
(ci.job :build [:quire/push] (fn []))
