;; unknown-key@3
(local ci (require :quire.ci))
(ci.job :a {:inputs [:quire/push] :retries 2 :run (fn [])})
