;; control-in-id@3
(local ci (require :quire.ci))
(ci.job "a\tb" [:quire/push] (fn []))
