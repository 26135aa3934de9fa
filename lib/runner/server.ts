/**
 * One served repository: where its records are, how quire's own processes are started, who is told of a change.
 *
 * Words only. Must not know: the command line, HTML.
 */
import { userInfo } from 'node:os';
import type { Clock } from '../base/clock.ts';
import type { RunId } from '../base/ids.ts';
import type { Objects } from '../git/git.ts';
import type { Sink } from '../runs/events.ts';
import type { Store } from '../store/store.ts';

export type Program = {
  readonly node: string;
  /** The file that Node starts for every command of quire. */
  readonly bin: string;
  /** The file of the thread that holds a run's Lua VM. */
  readonly worker: string;
  /** The file of the process that starts a run's commands. */
  readonly launcher: string;
};

export type Server = {
  readonly store: Store;
  /** The bare repository, absolute. */
  readonly gitDir: string;
  /** Asks git about objects; whoever asks often keeps one process for it. */
  readonly withObjects: <T>(body: (objects: Objects) => Promise<T>) => Promise<T>;
  /** Its directory's name without `.git`. */
  readonly repo: string;
  readonly program: Program;
  readonly clock: Clock;
  /** Brings what is published of these runs up to date. Its failures are its own to report. */
  readonly publish: (runs: readonly RunId[]) => Promise<boolean>;
  /** Hears the events of a run that is worked here and keeps its pages fresh; `settle` writes the last of them. */
  readonly live: (run: RunId) => Sink & { settle(): Promise<boolean> };
  /** What an operator should hear: recovery, trouble with the disk. One line, no newline. */
  readonly say: (line: string) => void;
};

/** This process's environment for quire's own processes: without what a hook was given about its repository. */
export const ownEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('GIT_') ? [] : [[name, value]],
    ),
  );

/** The owner's environment: what the process has, and of the account what a daemon or cron did not say. */
export function ownersEnvironment(): Readonly<Record<string, string | undefined>> {
  const { HOME, USER, SHELL } = process.env;
  if (HOME !== undefined && USER !== undefined && SHELL !== undefined) return process.env;
  try {
    const { homedir, username, shell } = userInfo();
    return { HOME: homedir, USER: username, ...(shell === null ? {} : { SHELL: shell }), ...process.env };
  } catch {
    // No account has this id: a container may run under any.
    return process.env;
  }
}
