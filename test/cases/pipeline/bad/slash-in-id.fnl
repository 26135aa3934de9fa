;; slash-in-id@3
(local ci (require :quire.ci))
(ci.job :quire/mirror [:quire/push] (fn []))
