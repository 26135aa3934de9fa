;; long-id@3
(local ci (require :quire.ci))
(ci.job (string.rep "x" 101) [:quire/push] (fn []))
