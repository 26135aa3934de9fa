/**
 * Where things lie in a data directory, and with which permission bits.
 *
 * Must not know: what is in any file, or in which order files are written.
 */
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import {
  changeMode,
  exists,
  type FileResult,
  list,
  makeDirectory,
  makeNewDirectory,
  remove,
  status,
  writeFile,
} from '../base/files.ts';
import type { JobId, RefName, RunId } from '../base/ids.ts';
import { ok } from '../base/result.ts';
import { type RunState, runStates } from '../runs/states.ts';

/** What never changes about a run once it has a number; kept by the store so that a queue is listed cheaply. */
export type PendingRun = {
  readonly id: RunId;
  readonly number: number;
  readonly ref: RefName;
  /** Tells refs apart that are not UTF-8. */
  readonly refBytes: Uint8Array | null;
};

export type Modes = { readonly file: number; readonly directory: number };

/** One data directory. Made by `openStore`; outside this room it is only passed on. */
export type Store = {
  readonly root: string;
  readonly clock: Clock;
  readonly modes: Modes;
  /** Number and ref of runs seen pending: they are written once, so they are read once. */
  readonly seen: Map<RunId, PendingRun>;
};

export type StoreOptions = {
  /** Default: the system's. */
  readonly clock?: Clock;
  /**
   * Permission bits of a record, as git's `core.sharedRepository` gives them; whatever the umask, they are
   * these. Default 0o600. Directories are searchable by whoever may read, and pass their group on when the
   * group may write.
   */
  readonly mode?: number;
};

/** A store at `root` (`<repo>.git/quire`). Touches nothing: a reader needs no directory to be there. */
export const openStore = (root: string, options: StoreOptions = {}): Store => ({
  root,
  clock: options.clock ?? systemClock,
  modes: modesOf(options.mode ?? 0o600),
  seen: new Map(),
});

/** The bits of files and directories for a record's bits. */
export function modesOf(file: number): Modes {
  const search = (file & 0o444) >> 2;
  const passGroupOn = (file & 0o020) !== 0 ? 0o2000 : 0;
  return { file, directory: (file & 0o777) | 0o700 | search | passGroupOn };
}

/** Makes the directories that are missing. What is there already is left as it is. */
export function prepareStore(store: Store): FileResult<void> {
  const made = makeDirectory(store.root, store.modes.directory);
  if (!made.ok) return made;
  const rooms = ['inbox', 'inbox/bad', 'runs', 'runs/.unsettled', 'work', 'cache', 'lock'];
  // Every push does this: three looks are cheaper than one at each.
  const there = new Set([
    ...namesIn(store.root),
    ...namesIn(join(store.root, 'inbox')).map((name) => `inbox/${name}`),
    ...namesIn(join(store.root, 'runs')).map((name) => `runs/${name}`),
  ]);
  for (const name of [...rooms, ...runStates.map((state) => `runs/${state}`)]) {
    if (there.has(name)) continue;
    const done = makeOwnDirectory(join(store.root, name), store.modes);
    if (!done.ok && done.error.reason !== 'exists') return done;
  }
  return ok(undefined);
}

function namesIn(directory: string): string[] {
  const names = list(directory);
  return names.ok ? names.value : [];
}

/** One new directory with exactly the store's bits. */
export function makeOwnDirectory(path: string, modes: Modes): FileResult<void> {
  const made = makeNewDirectory(path, modes.directory);
  if (!made.ok) return made;
  const now = status(path);
  return now.ok && now.value.mode === modes.directory ? ok(undefined) : changeMode(path, modes.directory);
}

export const runsOf = (store: Store): string => join(store.root, 'runs');
export const stateDirectory = (store: Store, state: RunState): string => join(store.root, 'runs', state);
export const runDirectory = (store: Store, state: RunState, id: RunId): string =>
  join(store.root, 'runs', state, id);
export const numberFile = (store: Store): string => join(store.root, 'runs', 'number.yml');
export const latestLink = (store: Store): string => join(store.root, 'runs', 'latest');
export const historyFile = (store: Store): string => join(store.root, 'runs', 'history.yml');
export const unsettledDirectory = (store: Store): string => join(store.root, 'runs', '.unsettled');
export const unsettledMark = (store: Store, id: RunId): string => join(unsettledDirectory(store), id);
export const inboxOf = (store: Store): string => join(store.root, 'inbox');
export const badInboxOf = (store: Store): string => join(store.root, 'inbox', 'bad');

/** The directory of a job within a run's. */
export const jobDirectory = (run: string, job: JobId): string => join(run, 'jobs', job);
/** The log of a job, or with null the run's own. */
export const logFile = (run: string, job: JobId | null): string =>
  join(job === null ? run : jobDirectory(run, job), 'log.yml');

/** The run's workspace: a path that outlives every transition. */
export const workspaceOf = (store: Store, id: RunId): string => join(store.root, 'work', id);
/** What jobs keep between runs. */
export const cacheOf = (store: Store): string => join(store.root, 'cache');
/** Where the site goes unless the operator says otherwise. */
export const siteOf = (store: Store): string => join(store.root, 'site');
/** The operator's settings. */
export const configFile = (store: Store): string => join(store.root, 'config.fnl');

export type LockName = 'queue' | 'runner' | 'history' | 'site';
export const lockFile = (store: Store, name: LockName): string => join(store.root, 'lock', name);

const pausedFile = (store: Store): string => join(store.root, 'paused');
/** Whether no run may start. */
export const isPaused = (store: Store): boolean => exists(pausedFile(store));
/** Holds the queue: what runs goes on, nothing starts. */
export const pause = (store: Store): FileResult<void> =>
  writeFile(pausedFile(store), '', { mode: store.modes.file });
/** Releases the queue. */
export const resume = (store: Store): FileResult<void> => remove(pausedFile(store));
