;; dot-in-id@3
(local ci (require :quire.ci))
(ci.job ".hidden" [:quire/push] (fn []))
