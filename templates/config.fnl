;; The settings of this repository's CI: one table, written in Fennel.
;;
;; Everything is commented out and shows its default, or an example where the default is nothing.
;; The file is read anew for each run. Check it after a change:
;;
;;   quire ci config THIS-FILE
;;
;; Durations are "90s", "5m", "1h30m" or a number of seconds; sizes are "256m", "2g" or a number of bytes.

{
 ;; Secrets that pipelines may ask for by name: (secret :deploy-key). Their values are replaced by
 ;; {{ deploy-key }} in everything that is recorded or shown. A value shorter than 8 bytes can't be.
 ;; :secrets {:token "the text itself"                  ; anyone who reads this file knows it
 ;;           :deploy-key {:file "/home/ci/.secrets/deploy-key"}
 ;;           :npm-token {:env "NPM_TOKEN"}
 ;;           ;; Only runs of these refs may have it; * stands for any letters.
 ;;           :release-key {:value {:file "/home/ci/.secrets/release"}
 ;;                         :refs ["refs/heads/main" "refs/tags/v*"]}}

 ;; Where commands run: "host" or "docker".
 ;; :executor "host"
 ;; :docker {:bin "docker"            ; or "podman"
 ;;          :image "debian:stable"   ; when neither (ci.image …) nor .quire/Dockerfile says
 ;;          :cpus 2
 ;;          :memory "2g"
 ;;          :network "none"
 ;;          :volumes ["/srv/data:/data:ro"]}

 ;; How much happens at once: runs of this repository, and jobs within a run
 ;; (as many as there are processors; 0 is without limit).
 ;; :max-runs 1
 ;; :max-jobs 4

 ;; End a run at its first failed job.
 ;; :fail-fast false

 ;; A newer push of a ref replaces the runs of that ref which have not ended.
 ;; :replace true

 ;; Limits: of a whole run; of evaluating a pipeline, and in a run function of each stretch between two
 ;; primitives; of the memory that takes; of what is kept of one job's output.
 ;; :timeout "1h"
 ;; :eval-timeout "10s"
 ;; :eval-memory "256m"
 ;; :log-limit "256m"

 ;; The environment of commands: PATH (as it was at install), further variables, and names of your own
 ;; variables to hand on. Nothing else leaks in.
 ;; :path "/usr/local/bin:/usr/bin:/bin"
 ;; :env {:LC_ALL "C.UTF-8"}
 ;; :pass-env ["SSH_AUTH_SOCK"]

 ;; The site: the address it is served from (for links), its title, where it is written.
 ;; :site {:url "https://ci.example.org/project/" :title "project" :dir "/srv/www/project"}

 ;; What `quire cleanup` leaves: the newest runs, of those the ones younger than this, and failed ones beside them.
 ;; :cleanup {:keep 200 :older-than "90d" :keep-failed 50}

 ;; Remotes that every update is pushed to, apart from any pipeline, each with the name of a secret
 ;; (a token, or a whole "Authorization: …" line) or false.
 ;; :mirrors {"https://git.example.org/me/project.git" :token
 ;;           "/srv/backup/project.git" false}
 }
