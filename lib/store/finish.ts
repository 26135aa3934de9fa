/**
 * The end of a run: the order of writes by which it leaves `pending` or `active` for good.
 *
 *   1. the mark `runs/.unsettled/<id>`   death after it: the mark is settled, and finds a run that goes on
 *   2. the jobs that are not over, `finished_at`
 *                                        death after it: the run is where it was; its owner is dead, and whoever
 *                                        recovers it ends it (the stamp that is there stays)
 *   3. `outcome.yml`, the commit record  death before it: the run ends as an orphan (or, still pending, is not
 *                                        ended at all); after it: it ends as this record says
 *   4. the rename                        death before it: recovery makes it, from `outcome.yml` alone
 *   5. late jobs, `latest`, the history, the site
 *                                        death before or within: the mark is still there, and all of it is done
 *                                        again, which changes nothing that was done
 *   6. the mark goes                     death before it: 5 once more
 *
 * Every step is on disk before the next begins, so a power loss is a death at one of these places.
 * Must not know: why a run ends, or what a site is.
 */
import { join } from 'node:path';
import { timestamp } from '../base/clock.ts';
import { list, remove, rename, status, syncDirectory, writeNewFile } from '../base/files.ts';
import { parseRunId, type RunId } from '../base/ids.ts';
import { err, ok } from '../base/result.ts';
import type { JobRecord, Outcome } from '../runs/records.ts';
import { type FinalState, isFinal, isJobOver, mayMove, type OutcomeName, stateOf } from '../runs/states.ts';
import { fromDisk, io, type StoreResult } from './failures.ts';
import { appendHistory } from './history.ts';
import {
  logFile,
  runDirectory,
  type Store,
  stateDirectory,
  unsettledDirectory,
  unsettledMark,
} from './layout.ts';
import { settleLatest } from './numbers.ts';
import { syncPipeline } from './pipeline.ts';
import { failureOf, locate } from './read.ts';
import { outcomeText, parseOutcome } from './records.ts';
import {
  listJobs,
  putJob,
  putRecord,
  putTimes,
  readJob,
  readOptional,
  readTimes,
  stamp,
} from './run-files.ts';
import { many, syncAll } from './sync.ts';
import { reading } from './yaml.ts';

export type Ending = { readonly id: RunId; readonly outcome: Outcome };

/**
 * Steps 1 to 4 for runs of one state. The caller may move them: it holds the queue lock (out of `pending`), owns
 * the run, or recovers it after its owner's death. Several are ended in one go, so that directories are synced
 * once for all. `settle` each of them afterwards.
 */
export async function endRuns(
  store: Store,
  from: 'pending' | 'active',
  endings: readonly Ending[],
): Promise<StoreResult<void>> {
  if (endings.length === 0) return ok(undefined);
  for (const { id, outcome } of endings) {
    const to = stateOf(outcome.outcome);
    if (!mayMove(from, to)) return err({ reason: 'not-allowed', id, from, to });
    const place = locate(store, id);
    if (!place.ok) return place;
    if (place.value.state !== from) return err({ reason: 'not-here', id, state: place.value.state });
  }
  const marked = mark(store, endings);
  if (!marked.ok) return marked;
  const decided: Move[] = [];
  const undecided: Ending[] = [];
  for (const ending of endings) {
    const committed = await committedOutcome(runDirectory(store, from, ending.id), from);
    if (!committed.ok) return committed;
    if (committed.value === null) undecided.push(ending);
    decided.push({ id: ending.id, to: stateOf((committed.value ?? ending.outcome).outcome) });
  }
  const committed = await commit(store, from, undecided);
  return committed.ok ? moveAll(store, from, decided) : committed;
}

/** Steps 2 and 3. Many runs' files are put on disk by one call a step, which keeps the steps apart as well. */
async function commit(
  store: Store,
  from: 'pending' | 'active',
  endings: readonly Ending[],
): Promise<StoreResult<void>> {
  const each = endings.length < many;
  const directories = endings.map(({ id }) => runDirectory(store, from, id));
  const putOnDisk = async (file: string) =>
    each
      ? ok(undefined)
      : syncAll(
          stateDirectory(store, from),
          directories.flatMap((directory) => [join(directory, file), directory]),
        );
  for (const { id, outcome } of endings) {
    const directory = runDirectory(store, from, id);
    const synced = each && from === 'pending' ? syncPipeline(directory) : ok(undefined);
    if (!synced.ok) return io(synced.error);
    const over = await endJobs(store, directory, outcome.outcome);
    if (!over.ok) return over;
    const stamped = await stampEnd(store, from, id, each);
    if (!stamped.ok) return stamped;
  }
  const stamped = await putOnDisk('times.yml');
  if (!stamped.ok) return io(stamped.error);
  for (const { id, outcome } of endings) {
    const directory = runDirectory(store, from, id);
    const written = putRecord(directory, 'outcome.yml', outcomeText(outcome), store.modes, each);
    if (!written.ok) return io(written.error);
  }
  return fromDisk(await putOnDisk('outcome.yml'));
}

/** What somebody who died before the rename had decided already; a run's end is decided once. */
async function committedOutcome(
  directory: string,
  from: 'pending' | 'active',
): Promise<StoreResult<Outcome | null>> {
  const outcome = await reading(() => readOptional(directory, 'outcome.yml', parseOutcome));
  if (!outcome.ok) return outcome.error.reason === 'io' ? io(outcome.error.failure) : ok(null);
  const decided = outcome.value;
  return ok(decided !== null && mayMove(from, stateOf(decided.outcome)) ? decided : null);
}

function mark(store: Store, endings: readonly Ending[]): StoreResult<void> {
  for (const { id } of endings) {
    const options = { mode: store.modes.file, exact: true, durable: false };
    const made = writeNewFile(unsettledMark(store, id), '', options);
    if (!made.ok && made.error.reason !== 'exists') return io(made.error);
  }
  return fromDisk(syncDirectory(unsettledDirectory(store)));
}

type Move = { readonly id: RunId; readonly to: FinalState };

function moveAll(store: Store, from: 'pending' | 'active', moves: readonly Move[]): StoreResult<void> {
  for (const { id, to } of moves) {
    const target = runDirectory(store, to, id);
    // A rename over an empty directory succeeds silently: two runs must never meet on one name.
    if (status(target).ok) return err({ reason: 'in-the-way', path: target });
    const moved = rename(runDirectory(store, from, id), target);
    if (!moved.ok) return io(moved.error);
  }
  for (const state of new Set([...moves.map(({ to }) => to), from])) {
    const synced = syncDirectory(stateDirectory(store, state));
    if (!synced.ok) return io(synced.error);
  }
  return ok(undefined);
}

/** The move that an `outcome.yml` asks for, when a death kept it from being made. False without a whole one. */
export async function completeMove(
  store: Store,
  from: 'pending' | 'active',
  id: RunId,
): Promise<StoreResult<boolean>> {
  const decided = await committedOutcome(runDirectory(store, from, id), from);
  if (!decided.ok) return decided;
  if (decided.value === null) return ok(false);
  const moved = moveAll(store, from, [{ id, to: stateOf(decided.value.outcome) }]);
  return moved.ok ? ok(true) : moved;
}

/** Why the jobs that a run's end leaves unfinished never ended. */
const jobReasons: Readonly<Record<OutcomeName, string>> = {
  succeeded: 'canceled',
  'failed-job': 'canceled',
  'failed-pipeline': 'canceled',
  'failed-internal': 'canceled',
  'failed-orphaned': 'orphaned',
  'failed-timeout': 'timeout',
  replaced: 'replaced',
  canceled: 'canceled',
};

/** No finished run holds a pending or active job: read off the disk, not off what somebody remembers. */
async function endJobs(store: Store, directory: string, outcome: OutcomeName): Promise<StoreResult<void>> {
  const jobs = listJobs(directory);
  if (!jobs.ok) return io(jobs.error);
  for (const id of jobs.value) {
    const job = await reading(() => readJob(directory, id));
    if (!job.ok) {
      if (job.error.reason === 'io') return io(job.error.failure);
      continue;
    }
    if (isJobOver(job.value.state)) continue;
    const logged = touchLog(store, logFile(directory, id));
    if (!logged.ok) return logged;
    const ended = putJob(directory, canceled(store, job.value, jobReasons[outcome]), store.modes, false);
    if (!ended.ok) return io(ended.error);
  }
  return ok(undefined);
}

/** Jobs that were recorded between the look at a run's jobs and its move out of `pending`. */
async function endLateJobs(store: Store, directory: string): Promise<StoreResult<void>> {
  const times = await reading(() => readTimes(directory));
  if (!times.ok) return times.error.reason === 'io' ? io(times.error.failure) : ok(undefined);
  if (times.value.startedAt !== null) return ok(undefined);
  const outcome = await reading(() => readOptional(directory, 'outcome.yml', parseOutcome));
  if (!outcome.ok) return outcome.error.reason === 'io' ? io(outcome.error.failure) : ok(undefined);
  return outcome.value === null ? ok(undefined) : endJobs(store, directory, outcome.value.outcome);
}

const canceled = (store: Store, job: JobRecord, reason: string): JobRecord => ({
  ...job,
  state: 'canceled',
  reason,
  finishedAt: job.startedAt === null ? null : later(job.startedAt, timestamp(store.clock())),
});

const later = <T extends string>(one: T, other: T): T => (one > other ? one : other);

/** A job's log is there even when nothing was said. */
export function touchLog(store: Pick<Store, 'modes'>, path: string): StoreResult<void> {
  const made = writeNewFile(path, '', { mode: store.modes.file, exact: true, durable: false });
  return made.ok || made.error.reason === 'exists' ? ok(undefined) : io(made.error);
}

async function stampEnd(
  store: Store,
  from: 'pending' | 'active',
  id: RunId,
  durable: boolean,
): Promise<StoreResult<void>> {
  const directory = runDirectory(store, from, id);
  const times = await reading(() => readTimes(directory));
  if (!times.ok) return err(failureOf(id, from, times.error));
  const stamped = stamp(times.value, 'finishedAt', store.clock());
  return stamped === times.value
    ? ok(undefined)
    : fromDisk(putTimes(directory, stamped, store.modes, durable));
}

/**
 * Steps 5 and 6. `publish` brings the site up to date and says whether it did; when it did not, the mark stays and
 * the answer is false. Any process may settle any mark, also twice and at the same time as another. A mark of a run
 * that has not ended is left for its end; one of a run that is gone, goes.
 */
export async function settle(
  store: Store,
  id: RunId,
  publish: () => Promise<boolean>,
): Promise<StoreResult<boolean>> {
  const place = locate(store, id);
  if (!place.ok && place.error.reason !== 'not-found') return place;
  if (place.ok) {
    if (!isFinal(place.value.state)) return ok(false);
    const late = await endLateJobs(store, place.value.directory);
    if (!late.ok) return late;
    const linked = await settleLatest(store);
    if (!linked.ok) return linked;
    const added = await appendHistory(store, id);
    if (!added.ok) return added;
    if (!(await publish())) return ok(false);
  }
  const gone = remove(unsettledMark(store, id));
  return gone.ok ? ok(true) : io(gone.error);
}

/** The runs whose end has not been settled; also those that are ending at this moment. */
export function listUnsettled(store: Store): StoreResult<RunId[]> {
  const names = list(unsettledDirectory(store));
  if (!names.ok) return names.error.reason === 'missing' ? ok([]) : io(names.error);
  return ok(
    names.value.flatMap((name) => {
      const id = parseRunId(name);
      return id.ok ? [id.value] : [];
    }),
  );
}
