;; What happens when someone pushes. Evaluated by quire from the pushed commit; the language is Fennel.
;; Made for a project with a Cargo.toml: change what does not fit.
;;
;;   quire ci validate     check this file
;;   quire ci run          run it here, now
;;   quire help pipeline   everything it can say
;;
;; (ci.job id inputs run): `inputs` are what the job waits for, other jobs or :quire/push; `run` is a
;; function that gets the primitives: sh sh! jobs log secret env read-file read-json write-file.
;;
;; A green run means that somebody looked. (sh "…") gives {:exit :stdout :stderr}, and a command that fails
;; while nobody ever reads its `exit` fails the job: "its result was never checked". So either
;;
;;   (sh! "make test")                             raise when it fails: the job fails, or
;;   (sh "make test")                              return it last: its exit is the job's, or
;;   (let [{: exit} (sh "make test")] …)           read the exit, and decide yourself.

(local ci (require :quire.ci))

;; (ci.image "rust:1")   ; with the docker executor: what the commands run in

;; $QUIRE_CACHE is a directory that is kept between runs: nothing is compiled twice.
(local env {:CARGO_TERM_COLOR "always"})

(ci.job :build [:quire/push]
  (fn [{: sh}]
    (sh "CARGO_TARGET_DIR=\"$QUIRE_CACHE/target\" cargo build --all-targets" {: env})))

(ci.job :test [:build]
  (fn [{: sh}]
    (sh "CARGO_TARGET_DIR=\"$QUIRE_CACHE/target\" cargo test" {: env})))

(ci.job :format {:inputs [:quire/push]
                 :allow-failure true     ; a complaint does not fail the run
                 :run (fn [{: sh}] (sh "cargo fmt --check"))})

;; A job can look at what was pushed, and at what the jobs before it returned.
;; Secrets are named in the server's config.fnl; their values never reach a log.
;;
;; (ci.job :deploy [:test]
;;   (fn [{: sh! : jobs : secret : log}]
;;     (let [push (jobs :quire/push)]
;;       (if (= push.branch :main)
;;           (sh! "./deploy.sh" {:env {:TOKEN (secret :deploy-token)} :timeout "10m"})
;;           (log (.. "not deploying " push.ref))))))
