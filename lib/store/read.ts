/**
 * Reads runs without any lock, beside processes that move them.
 *
 * States are looked through in the order pending, active, final. A run only ever moves forward in it, so one that
 * moves meanwhile is seen at least once, and where it is seen twice the later state is the true one.
 * Must not know: how a run is written.
 */
import { listEntries, type Status, status } from '../base/files.ts';
import { type JobId, parseRunId, type RunId } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import { err, ok } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import type { JobRecord, Meta, RunRecord } from '../runs/records.ts';
import { isFinal, isJobOver, type RunState, runStates } from '../runs/states.ts';
import { io, type StoreFailure, type StoreResult } from './failures.ts';
import { type PendingRun, runDirectory, type Store, stateDirectory } from './layout.ts';
import { parseOutputs } from './outputs.ts';
import { parseContainer, parseMeta, parseOutcome, parseOwner, parseTimes } from './records.ts';
import {
  type ReadProblem,
  type ReadResult,
  readJob,
  readOptional,
  readPipeline,
  readRecord,
} from './run-files.ts';
import { reading } from './yaml.ts';

/** The ids of the runs in a state, sorted: by the time of their push. */
export function listRuns(store: Store, state: RunState): StoreResult<RunId[]> {
  const entries = listEntries(stateDirectory(store, state));
  if (!entries.ok) return entries.error.reason === 'missing' ? ok([]) : io(entries.error);
  const ids: RunId[] = [];
  for (const { name, kind } of entries.value) {
    const id = parseRunId(name);
    if (id.ok && kind === 'directory') ids.push(id.value);
  }
  return ok(ids.sort());
}

/** Where a run is at this moment. */
export type Place = { readonly state: RunState; readonly directory: string; readonly status: Status };

/** Finds a run; `not-found` when it is in no state. */
export function locate(store: Store, id: RunId): StoreResult<Place> {
  let found: Place | null = null;
  for (const state of runStates) {
    const directory = runDirectory(store, state, id);
    const at = status(directory);
    if (at.ok) found = { state, directory, status: at.value };
    else if (at.error.reason !== 'missing') return io(at.error);
  }
  return found === null ? err({ reason: 'not-found', word: id }) : ok(found);
}

/** The state of a run, or null when there is no such run. */
export function stateOfRun(store: Store, id: RunId): RunState | null {
  const place = locate(store, id);
  return place.ok ? place.value.state : null;
}

/** How often a run may move while it is looked at: there are two moves, and it may be removed. */
const looks = 8;

/**
 * Reads from a run's directory, again when the run moved meanwhile, so that what is read together belongs
 * together. Only within `reading`.
 */
export function inPlace<T>(store: Store, id: RunId, read: (place: Place) => ReadResult<T>): StoreResult<T> {
  for (let look = 0; look < looks; look += 1) {
    const place = locate(store, id);
    if (!place.ok) return place;
    const { state, directory } = place.value;
    if (place.value.status.kind !== 'directory') {
      return err({ reason: 'unreadable', id, state, file: '.', problem: 'not a directory' });
    }
    const result = read(place.value);
    const now = status(directory);
    const moved = now.ok ? now.value.inode !== place.value.status.inode : now.error.reason === 'missing';
    if (!moved) return result.ok ? result : err(failureOf(id, state, result.error));
  }
  return err({ reason: 'not-found', word: id });
}

export function failureOf(id: RunId, state: RunState, problem: ReadProblem): StoreFailure {
  switch (problem.reason) {
    case 'io':
      return { reason: 'io', failure: problem.failure };
    case 'missing':
      return { reason: 'unreadable', id, state, file: problem.file, problem: 'it is missing' };
    case 'bad':
      return { reason: 'unreadable', id, state, file: problem.file, problem: problem.problem };
    default:
      return unreachable(problem);
  }
}

/** Everything small about a run. */
export const readRun = (store: Store, id: RunId): Promise<StoreResult<RunRecord>> =>
  reading(() => inPlace(store, id, (place) => readRecordOf(place, id)));

/** What the run is of: one file, for callers that need no more. */
export const readMeta = (store: Store, id: RunId): Promise<StoreResult<Meta>> =>
  reading(() => inPlace(store, id, ({ directory }) => readOwnMeta(directory, id)));

/** What a job returned, or null when it returned nothing. */
export const readOutputs = (store: Store, id: RunId, job: JobId): Promise<StoreResult<Plain | null>> =>
  reading(() =>
    inPlace(store, id, ({ directory }) => readOptional(directory, `jobs/${job}/outputs.yml`, parseOutputs)),
  );

/** `meta.yml`, which must be of the run whose directory it is in. */
export function readOwnMeta(directory: string, id: RunId): ReadResult<Meta> {
  const meta = readRecord(directory, 'meta.yml', parseMeta);
  if (!meta.ok || meta.value.id === id) return meta;
  return err({ reason: 'bad', file: 'meta.yml', problem: `'id' is ${meta.value.id}` });
}

/** All of a run's records, from one directory. Only within `reading`. */
export function readRecordOf({ state, directory }: Place, id: RunId): ReadResult<RunRecord> {
  const meta = readOwnMeta(directory, id);
  if (!meta.ok) return meta;
  const times = readRecord(directory, 'times.yml', parseTimes);
  if (!times.ok) return times;
  const owner = readOptional(directory, 'owner.yml', parseOwner);
  if (!owner.ok) return owner;
  const pipeline = readPipeline(directory);
  if (!pipeline.ok) return pipeline;
  const outcome = readOptional(directory, 'outcome.yml', parseOutcome);
  if (!outcome.ok) return outcome;
  const container = readOptional(directory, 'container.yml', parseContainer);
  if (!container.ok) return container;
  if (isFinal(state) && outcome.value === null) return err({ reason: 'missing', file: 'outcome.yml' });
  const jobs: JobRecord[] = [];
  for (const line of pipeline.value?.kind === 'jobs' ? pipeline.value.jobs : []) {
    const job = readJob(directory, line.id);
    if (!job.ok) return job;
    // Only a record that a power loss took reads so in a finished run.
    const isLost = isFinal(state) && !isJobOver(job.value.state);
    jobs.push(isLost ? { ...job.value, state: 'canceled' } : job.value);
  }
  return ok({
    state,
    meta: meta.value,
    times: times.value,
    owner: owner.value,
    pipeline: pipeline.value,
    outcome: outcome.value,
    container: container.value,
    jobs,
  });
}

/** Pending runs by number, and those that can't be read. */
export type PendingList = { readonly runs: PendingRun[]; readonly bad: RunId[] };

/** The queue, in the order in which it is worked. */
export const listPending = (store: Store): Promise<StoreResult<PendingList>> => listQueue(store, 'pending');

/** Runs of a state that is not final, by number: a run's number and ref are read once in a store's life. */
export async function listQueue(
  store: Store,
  state: 'pending' | 'active',
): Promise<StoreResult<PendingList>> {
  const ids = listRuns(store, state);
  if (!ids.ok) return ids;
  const runs: PendingRun[] = [];
  const bad: RunId[] = [];
  for (const id of ids.value) {
    const run = await numberAndRef(store, id);
    if (run.ok) runs.push(run.value);
    else if (run.error.reason === 'unreadable') bad.push(id);
    else if (run.error.reason === 'io') return run;
  }
  if (state === 'pending') forgetAllBut(store, ids.value);
  return ok({ runs: runs.sort((a, b) => a.number - b.number), bad });
}

/** What orders a run in the queue; read from disk the first time. */
export async function numberAndRef(store: Store, id: RunId): Promise<StoreResult<PendingRun>> {
  const known = store.seen.get(id);
  if (known !== undefined) return ok(known);
  const meta = await readMeta(store, id);
  if (!meta.ok) return meta;
  const { number, ref, refBytes } = meta.value;
  const run = { id, number, ref, refBytes };
  store.seen.set(id, run);
  return ok(run);
}

/** Keeps what is remembered in proportion to the queue, not to all runs of a long life. */
function forgetAllBut(store: Store, ids: readonly RunId[]): void {
  if (store.seen.size <= 2 * ids.length + 1000) return;
  const queued = new Set(ids);
  for (const id of store.seen.keys()) if (!queued.has(id)) store.seen.delete(id);
}
