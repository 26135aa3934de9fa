;; second-image@4 second-image@5
(local ci (require :quire.ci))
(ci.image "one")
(ci.image "two")
(ci.image "three")
(ci.job :build [:quire/push] (fn []))
