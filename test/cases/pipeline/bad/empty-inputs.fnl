;; empty-inputs@3 empty-inputs@4
(local ci (require :quire.ci))
(ci.job :build [] (fn []))
(ci.job :test {:run (fn [])})
