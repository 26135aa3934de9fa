;; cycle@3 cycle@5
(local ci (require :quire.ci))
(ci.job :a [:b] (fn []))
(ci.job :b [:a :quire/push] (fn []))
(ci.job :c [:c] (fn []))
