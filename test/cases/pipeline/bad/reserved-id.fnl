;; reserved-id@3
(local ci (require :quire.ci))
(ci.job :quire [:quire/push] (fn []))
