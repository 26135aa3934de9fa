/**
 * Shell texts that run inside a container, written for any `sh` and its builtins alone.
 *
 * Pure. Must not know: how they get there.
 */
import { places } from './arguments.ts';

/**
 * Signals every process whose environment holds the mark and prints how many there were.
 * `docker exec` hands no signal on to what it started, and an image need not have `ps` or `grep`.
 */
const look = `
n=0
for d in /proc/[0-9]*; do
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"$2"*)
      n=$((n+1))
      kill -s "$1" "\${d#/proc/}"
      kill -s CONT "\${d#/proc/}"
      break ;;
    esac
  done < "$d/environ"
done 2> /dev/null
echo "$n"`;

/** The argv of one look. `mark` is `NAME=value`. */
export const lookArgv = (signal: 'TERM' | 'KILL', mark: string): string[] => [
  'sh',
  '-c',
  look,
  'sh',
  signal,
  mark,
];

/**
 * Gives the run's files to a user of the host. Where the engine maps users (rootless), that user has another number
 * inside: the map is `inside outside count` a line.
 */
const giveBack = `
as() {
  while read -r inside outside count; do
    if [ "$1" -ge "$outside" ] && [ "$(($1 - outside))" -lt "$count" ]; then
      echo "$((inside + $1 - outside))"; return
    fi
  done < "$2"
  return 1
}
u=$(as "$1" /proc/self/uid_map) && g=$(as "$2" /proc/self/gid_map) && exec chown -R -h "$u:$g" ${places.workspace} ${places.cache}`;

export const giveBackArgv = (user: { readonly uid: number; readonly gid: number }): string[] => [
  'sh',
  '-c',
  giveBack,
  'sh',
  String(user.uid),
  String(user.gid),
];
