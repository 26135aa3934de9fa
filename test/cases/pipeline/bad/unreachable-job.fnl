;; cycle@3 unreachable-job@4
(local ci (require :quire.ci))
(ci.job :a [:a] (fn []))
(ci.job :b [:a] (fn []))
