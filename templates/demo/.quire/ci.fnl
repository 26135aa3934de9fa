;; The pipeline of a very small project. Each job names what it needs; jobs that don't need each other run at
;; the same time. A run function gets the runtime table and takes what it wants of it.
(local ci (require :quire.ci))

;; A result that nobody looks at must not be red: a failing `sh` fails its job, whatever comes after it.
(ci.job :build [:quire/push]
  (fn [{: sh}]
    (sh "mkdir -p dist && sed s/@WHO@/${WHO:-world}/ greet.sh > dist/greet && chmod +x dist/greet")
    {:size (. (sh "wc -c < dist/greet") :stdout)}))

(ci.job :lint {:inputs [:quire/push]
               :run (fn [{: sh : log}]
                      (each [_ file (ipairs ["greet.sh" "test.sh"])]
                        (log (.. "checking " file))
                        (sh ["sh" "-n" file])))})

;; Reading `exit` is looking at it: this job decides by itself what a red command means.
(ci.job :test [:build]
  (fn [{: sh}]
    (let [{: exit : stdout} (sh "sh test.sh")]
      {: exit :last-words (stdout:match "([^\n]*)\n*$")})))

(ci.job :package [:test :lint]
  (fn [{: sh : jobs}]
    (let [push (jobs :quire/push)]
      (sh ["tar" "-cf" "greet.tar" "-C" "dist" "greet"])
      {:archive "greet.tar" :commit (push.sha:sub 1 7)})))

;; It runs whatever became of the others, so that somebody hears of it.
(ci.job :report {:inputs [:package]
                 :always true
                 :run (fn [{: log : jobs}]
                        (let [{: archive} (or (jobs :package) {})]
                          (log (if archive (.. "packaged " archive) "nothing was packaged"))))})
