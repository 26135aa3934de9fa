/**
 * What recovery does to files: moves that somebody decided and did not live to make, runs that can't be read,
 * things that are no runs, and runs whose owner is dead.
 *
 * Every step may be done again, and each says what it found. Must not know: how a process or a container is
 * ended; the caller has done that before `failOrphan`.
 */
import { join } from 'node:path';
import { timestamp } from '../base/clock.ts';
import { exists, listEntries, removeTree, rename, status } from '../base/files.ts';
import { parseRunId, type RunId, timeOf } from '../base/ids.ts';
import { err, ok } from '../base/result.ts';
import { isAlive } from '../process/identity.ts';
import type { Outcome, Owner } from '../runs/records.ts';
import { finalStates, isFinal, type RunState } from '../runs/states.ts';
import { io, type StoreFailure, type StoreResult, sayStoreFailure } from './failures.ts';
import { completeMove, endRuns } from './finish.ts';
import { jobDirectory, runDirectory, type Store, stateDirectory } from './layout.ts';
import type { Queue } from './proofs.ts';
import { failureOf, listRuns, locate, numberAndRef, readRecordOf } from './read.ts';
import { parseContainer, parseOutcome, parseOwner, parsePipeline, parseTimes } from './records.ts';
import { listJobs, putTimes, readJob, readOptional } from './run-files.ts';
import { reading } from './yaml.ts';

export type Recovered = {
  /** The name in its state's directory: a run's id, unless it was set aside. */
  readonly name: string;
  readonly what: /** A decided move was made: settle the run. */
    | 'finished'
    /** It could not be read and is `failed` now: settle it. */
    | 'failed'
    /** It was no run, and lies in `runs/failed/.bad-<name>` now. */
    | 'set-aside'
    /** The machine did not give it: nothing was done, try again. */
    | 'retry';
  readonly problem: string;
};

/**
 * Puts the queue in order. Under the queue lock nobody prepares a run, so every `.tmp-` is a dead one's.
 */
export async function recoverPending(queue: Queue): Promise<StoreResult<Recovered[]>> {
  const { store } = queue;
  const aside = setAsideStrangers(store);
  if (!aside.ok) return aside;
  const recovered = aside.value;
  const ids = listRuns(store, 'pending');
  if (!ids.ok) return ids;
  for (const id of ids.value) {
    const done = await recoverOne(queue, id);
    if (done !== null) recovered.push(done);
  }
  return ok(recovered);
}

async function recoverOne(queue: Queue, id: RunId): Promise<Recovered | null> {
  const { store } = queue;
  const say = (what: Recovered['what'], problem: string): Recovered => ({ name: id, what, problem });
  const retry = (failure: StoreFailure) => say('retry', sayStoreFailure(failure));
  const place = locate(store, id);
  if (!place.ok) return place.error.reason === 'not-found' ? null : retry(place.error);
  if (place.value.state !== 'pending') {
    // The later state is the true one; the copy must not be run again.
    const moved = setAside(store, 'pending', id);
    return moved.ok ? say('set-aside', `the run is ${place.value.state} as well`) : retry(moved.error);
  }
  if (exists(join(place.value.directory, 'outcome.yml'))) {
    const finished = await completeMove(store, 'pending', id);
    if (!finished.ok) return retry(finished.error);
    if (finished.value) return say('finished', 'its end was recorded and not made');
  }
  const run = await numberAndRef(store, id);
  if (run.ok) return null;
  if (run.error.reason !== 'unreadable') return retry(run.error);
  const failed = await failUnreadable(queue, id, sayStoreFailure(run.error));
  return failed.ok ? say('failed', sayStoreFailure(run.error)) : retry(failed.error);
}

/**
 * Ends a pending run whose content can't be read, with the reason: `claim` found it so. Nothing blocks the queue.
 * Settle it afterwards.
 */
export async function failUnreadable(queue: Queue, id: RunId, problem: string): Promise<StoreResult<void>> {
  return endUnreadable(queue.store, 'pending', id, problem);
}

async function endUnreadable(
  store: Store,
  state: 'pending' | 'active',
  id: RunId,
  problem: string,
): Promise<StoreResult<void>> {
  const mended = await mend(store, runDirectory(store, state, id), id);
  if (!mended.ok) return mended;
  const outcome: Outcome = { outcome: 'failed-internal', error: problem, replacedBy: null };
  return endRuns(store, state, [{ id, outcome }]);
}

const mendable = [
  ['times.yml', parseTimes],
  ['owner.yml', parseOwner],
  ['pipeline.yml', parsePipeline],
  ['outcome.yml', parseOutcome],
  ['container.yml', parseContainer],
] as const;

/**
 * Makes a run's directory one that can be ended and shown: a file that is no record is kept beside under a
 * dotted name. Only `meta.yml` stays as it is: nobody can say what the run was of.
 */
async function mend(store: Store, directory: string, id: RunId): Promise<StoreResult<void>> {
  for (const [file, parse] of mendable) {
    const read = await reading(() => readOptional<unknown>(directory, file, parse));
    if (read.ok) continue;
    if (read.error.reason === 'io') return io(read.error.failure);
    const kept = rename(join(directory, file), join(directory, `.bad-${file}`));
    if (!kept.ok) return io(kept.error);
  }
  const jobs = listJobs(directory);
  if (!jobs.ok) return io(jobs.error);
  for (const job of jobs.value) {
    const read = await reading(() => readJob(directory, job));
    if (read.ok) continue;
    if (read.error.reason === 'io') return io(read.error.failure);
    const path = jobDirectory(directory, job);
    const kept = rename(join(path, 'job.yml'), join(path, '.bad-job.yml'));
    if (!kept.ok) return io(kept.error);
  }
  if (exists(join(directory, 'times.yml'))) return ok(undefined);
  const createdAt = timestamp(timeOf(id));
  const stamped = putTimes(directory, { createdAt, startedAt: null, finishedAt: null }, store.modes);
  return stamped.ok ? ok(undefined) : io(stamped.error);
}

/** Sets aside what is no run in `pending/` and `active/`: a symlink, a file, a name that is no id. */
function setAsideStrangers(store: Store): StoreResult<Recovered[]> {
  const recovered: Recovered[] = [];
  for (const state of ['pending', 'active'] as const) {
    const entries = listEntries(stateDirectory(store, state));
    if (!entries.ok) {
      if (entries.error.reason === 'missing') continue;
      return io(entries.error);
    }
    for (const { name, kind } of entries.value) {
      if (state === 'pending' && name.startsWith('.tmp-')) {
        const gone = removeTree(join(stateDirectory(store, state), name));
        if (!gone.ok) return io(gone.error);
      }
      if (name.startsWith('.') || (kind === 'directory' && parseRunId(name).ok)) continue;
      const moved = setAside(store, state, name);
      const problem = `a ${kind} in ${state}/ that is no run`;
      recovered.push(
        moved.ok
          ? { name, what: 'set-aside', problem }
          : { name, what: 'retry', problem: sayStoreFailure(moved.error) },
      );
    }
  }
  return ok(recovered);
}

/**
 * Sets aside the symlinks that stand where finished runs should be. Looks at the name of every run, so not at every
 * push, but when somebody, or cron, puts things in order. Under the queue lock: nothing moves meanwhile.
 */
export async function recoverFinished({ store }: Queue): Promise<StoreResult<Recovered[]>> {
  const recovered: Recovered[] = [];
  for (const state of finalStates) {
    const entries = listEntries(stateDirectory(store, state));
    if (!entries.ok && entries.error.reason !== 'missing') return io(entries.error);
    for (const { name, kind } of entries.ok ? entries.value : []) {
      if (kind !== 'symlink' || !parseRunId(name).ok) continue;
      const moved = setAside(store, state, name);
      if (!moved.ok) return moved;
      recovered.push({ name, what: 'set-aside', problem: `a symlink in ${state}/ where a run should be` });
    }
  }
  return ok(recovered);
}

/** Renames, never writes through: what a symlink points at is not ours. */
export function setAside(store: Store, state: RunState, name: string): StoreResult<void> {
  const failed = stateDirectory(store, 'failed');
  let target = join(failed, `.bad-${name}`);
  for (let count = 2; status(target).ok; count += 1) target = join(failed, `.bad-${name}-${count}`);
  const moved = rename(join(stateDirectory(store, state), name), target);
  return moved.ok ? ok(undefined) : io(moved.error);
}

export type ActiveRun = {
  readonly id: RunId;
  /** Null when `owner.yml` is missing or no record: then nobody owns it. */
  readonly owner: Owner | null;
  /** Whether the owner still runs. */
  readonly alive: boolean;
  /** Its end, when that is decided and not made yet. */
  readonly outcome: Outcome | null;
};

/** The active runs and their owners. A run that the machine does not give is in `trouble`, not ownerless. */
export async function listActive(
  store: Store,
): Promise<StoreResult<{ runs: ActiveRun[]; trouble: StoreFailure[] }>> {
  const ids = listRuns(store, 'active');
  if (!ids.ok) return ids;
  const runs: ActiveRun[] = [];
  const trouble: StoreFailure[] = [];
  for (const id of ids.value) {
    const directory = runDirectory(store, 'active', id);
    const owner = await reading(() => readOptional(directory, 'owner.yml', parseOwner));
    const outcome = await reading(() => readOptional(directory, 'outcome.yml', parseOutcome));
    if (!status(directory).ok) continue;
    if (!owner.ok && owner.error.reason === 'io') {
      trouble.push({ reason: 'io', failure: owner.error.failure });
      continue;
    }
    const who = owner.ok ? owner.value : null;
    runs.push({
      id,
      owner: who,
      alive: who !== null && isAlive(who),
      outcome: outcome.ok ? outcome.value : null,
    });
  }
  return ok({ runs, trouble });
}

/**
 * Ends an active run whose owner is proved dead and whose processes and containers are ended, under the runner
 * lock: as its `outcome.yml` says, or as `failed-orphaned`; as `failed-internal` when it can't be read. Settle it
 * afterwards.
 */
export async function failOrphan(store: Store, id: RunId): Promise<StoreResult<'finished' | 'failed'>> {
  const place = locate(store, id);
  if (!place.ok) return place;
  if (isFinal(place.value.state) && exists(runDirectory(store, 'active', id))) {
    const aside = setAside(store, 'active', id);
    return aside.ok ? ok('finished') : aside;
  }
  if (place.value.state !== 'active') return err({ reason: 'not-here', id, state: place.value.state });
  const finished = await completeMove(store, 'active', id);
  if (!finished.ok) return finished;
  if (finished.value) return ok('finished');
  const record = await reading(() => readRecordOf(place.value, id));
  if (!record.ok) {
    const failure = failureOf(id, 'active', record.error);
    if (failure.reason !== 'unreadable') return err(failure);
    const ended = await endUnreadable(store, 'active', id, sayStoreFailure(failure));
    return ended.ok ? ok('failed') : ended;
  }
  const error = 'the process that worked on this run is gone';
  const outcome: Outcome = { outcome: 'failed-orphaned', error, replacedBy: null };
  const ended = await endRuns(store, 'active', [{ id, outcome }]);
  return ended.ok ? ok('failed') : ended;
}
