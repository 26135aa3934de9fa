/**
 * New runs: numbered, published, and put in the place of older ones of the same ref.
 *
 * The order, under the queue lock (contract §2, 1 and 2):
 *
 *   1. `number.yml` names the last number and its run    death after it: that run does not exist, so the number
 *                                                        is given again
 *   2. `.tmp-<id>` with `meta.yml` and `times.yml`       death within: a dotted stray, no record; the next intake
 *                                                        of the same event throws it away
 *   3. rename to `<id>`                                  death after some: those exist and are skipped next time,
 *                                                        the others are made then
 *   4. `pending/` is synced, also for runs of an earlier intake, and only then, by the caller, the event goes
 *   5. older runs of the ref are replaced                death before it: the event is still there, and the next
 *                                                        intake does it for the runs it finds published
 *
 * Must not know: what a run is of, or whether its pipeline is sound.
 */
import { join } from 'node:path';
import { timestamp } from '../base/clock.ts';
import { copyFile, removeTree, rename, syncDirectory, writeNewFile } from '../base/files.ts';
import type { JobId, RunId } from '../base/ids.ts';
import { ok } from '../base/result.ts';
import type { Meta, Owner } from '../runs/records.ts';
import { fromDisk, io, type StoreResult } from './failures.ts';
import { endRuns } from './finish.ts';
import { jobDirectory, makeOwnDirectory, type PendingRun, type Store, stateDirectory } from './layout.ts';
import { lastNumber, reserveNumber, settleLatest } from './numbers.ts';
import type { Queue } from './proofs.ts';
import { stoppedBy } from './queue.ts';
import { listQueue, locate, numberAndRef } from './read.ts';
import { metaText, ownerText, timesText } from './records.ts';
import { requestStop } from './requests.ts';
import { makeJobDirectory } from './run-files.ts';
import { syncAll } from './sync.ts';

/** A run to be: everything but its number. */
export type RunDraft = Omit<Meta, 'number'> & {
  /** Who evaluates it next; null leaves that to whoever claims it. */
  readonly evaluator: Owner | null;
  /** Jobs that are not run again, and the run whose records of them count. */
  readonly takeOver: { readonly from: RunId; readonly jobs: readonly JobId[] } | null;
};

export type PublishedRun = {
  readonly id: RunId;
  /** 0 when an earlier intake made the run and its records can't be read any more. */
  readonly number: number;
  /** False for a run that an earlier intake of the same event has made. */
  readonly isNew: boolean;
};

export type Published = {
  /** One for each draft, in their order. */
  readonly runs: readonly PublishedRun[];
  /** Pending runs that were replaced: settle them. */
  readonly replaced: readonly RunId[];
  /** Active runs whose owners were asked to end them. */
  readonly asked: readonly RunId[];
};

/** Which file names the process that evaluates a pending run. Dotted: it is gone from sight once it is over. */
export const evaluatorFile = '.evaluator.yml';

/** Creates the runs of one push, or of one wish. */
export async function publish(
  queue: Queue,
  drafts: readonly RunDraft[],
  options: { readonly replace: boolean },
): Promise<StoreResult<Published>> {
  const { store } = queue;
  const known = new Set<RunId>();
  for (const { id } of drafts) {
    const place = locate(store, id);
    if (place.ok) known.add(id);
    else if (place.error.reason !== 'not-found') return place;
  }
  const fresh = [...new Map(drafts.map((draft) => [draft.id, draft])).values()].filter(
    ({ id }) => !known.has(id),
  );
  const numbered = await numberRuns(store, fresh);
  if (!numbered.ok) return numbered;
  const shown = await prepareAndShow(store, numbered.value);
  if (!shown.ok) return shown;

  const runs: PublishedRun[] = [];
  const readable: PendingRun[] = [];
  for (const { id } of drafts) {
    const run = await numberAndRef(store, id);
    if (!run.ok && run.error.reason === 'io') return run;
    if (run.ok) readable.push(run.value);
    runs.push({ id, number: run.ok ? run.value.number : 0, isNew: !known.has(id) });
  }
  const linked = await settleLatest(store);
  if (!linked.ok) return linked;
  const replaced = options.replace ? await replaceOlder(store, readable) : ok({ replaced: [], asked: [] });
  return replaced.ok ? ok({ runs, ...replaced.value }) : replaced;
}

type Numbered = { readonly draft: RunDraft; readonly number: number };

async function numberRuns(store: Store, fresh: readonly RunDraft[]): Promise<StoreResult<Numbered[]>> {
  const last = fresh.at(-1);
  if (last === undefined) return ok([]);
  const given = await lastNumber(store);
  if (!given.ok) return given;
  const first = given.value.number + 1;
  const reserved = reserveNumber(store, { number: given.value.number + fresh.length, id: last.id });
  return reserved.ok ? ok(fresh.map((draft, at) => ({ draft, number: first + at }))) : reserved;
}

/** Steps 2 to 4, each for all runs before the next begins. */
async function prepareAndShow(store: Store, runs: readonly Numbered[]): Promise<StoreResult<void>> {
  const pending = stateDirectory(store, 'pending');
  const written: string[] = [];
  for (const run of runs) {
    const prepared = prepare(store, run);
    if (!prepared.ok) return prepared;
    written.push(...prepared.value);
  }
  const synced = await syncAll(pending, written);
  if (!synced.ok) return io(synced.error);
  for (const { draft, number } of runs) {
    const published = rename(temporaryOf(store, draft.id), join(pending, draft.id));
    if (!published.ok) return io(published.error);
    store.seen.set(draft.id, { id: draft.id, number, ref: draft.ref, refBytes: draft.refBytes });
  }
  return fromDisk(syncDirectory(pending));
}

const temporaryOf = (store: Store, id: RunId): string => join(stateDirectory(store, 'pending'), `.tmp-${id}`);

/** Writes a run's first files where no reader looks; the paths that must be on disk before it is shown. */
function prepare(store: Store, { draft, number }: Numbered): StoreResult<string[]> {
  const { evaluator, takeOver, ...rest } = draft;
  const temporary = temporaryOf(store, draft.id);
  const cleared = removeTree(temporary);
  if (!cleared.ok) return io(cleared.error);
  const made = makeOwnDirectory(temporary, store.modes);
  if (!made.ok) return io(made.error);
  const files: [string, string][] = [
    ['meta.yml', metaText({ ...rest, number })],
    ['times.yml', timesText({ createdAt: timestamp(store.clock()), startedAt: null, finishedAt: null })],
  ];
  if (evaluator !== null) files.push([evaluatorFile, ownerText(evaluator)]);
  for (const [name, text] of files) {
    const options = { mode: store.modes.file, exact: true, durable: false };
    const written = writeNewFile(join(temporary, name), text, options);
    if (!written.ok) return io(written.error);
  }
  const copied = takeOver === null ? ok([]) : copyJobs(store, temporary, takeOver);
  if (!copied.ok) return copied;
  // After a power loss nobody evaluates any more, whatever the evaluator's file holds.
  const lasting = files.filter(([name]) => name !== evaluatorFile).map(([name]) => join(temporary, name));
  return ok([...lasting, ...copied.value, temporary]);
}

/** The records of jobs that a rerun takes over, as they were. */
function copyJobs(
  store: Store,
  directory: string,
  takeOver: NonNullable<RunDraft['takeOver']>,
): StoreResult<string[]> {
  const written: string[] = [];
  const from = locate(store, takeOver.from);
  if (!from.ok) return from;
  for (const job of takeOver.jobs) {
    const made = makeJobDirectory(directory, job, store.modes);
    if (!made.ok) return io(made.error);
    for (const name of ['log.yml', 'outputs.yml', 'job.yml']) {
      const source = join(jobDirectory(from.value.directory, job), name);
      const target = join(jobDirectory(directory, job), name);
      const copied = copyFile(source, target);
      if (copied.ok) written.push(target);
      else if (copied.error.reason !== 'missing') return io(copied.error);
    }
    written.push(jobDirectory(directory, job));
  }
  return ok(written);
}

const refKey = (run: PendingRun): string =>
  run.refBytes === null ? run.ref : `\0${Buffer.from(run.refBytes).toString('hex')}`;

/**
 * A newer run takes the place of every older one of its ref that is not over: a pending one ends, the owner of an
 * active one is asked. Of several new runs each replaces the one before it, so `replaced_by` names the run whose
 * creation it was.
 */
async function replaceOlder(
  store: Store,
  runs: readonly PendingRun[],
): Promise<StoreResult<Pick<Published, 'replaced' | 'asked'>>> {
  const waiting = await listQueue(store, 'pending');
  if (!waiting.ok) return waiting;
  const working = await listQueue(store, 'active');
  if (!working.ok) return working;
  const byRef = new Map<string, PendingRun[]>();
  for (const run of [...runs].sort((a, b) => a.number - b.number)) {
    const same = byRef.get(refKey(run));
    if (same === undefined) byRef.set(refKey(run), [run]);
    else same.push(run);
  }
  const newerThan = (old: PendingRun) => byRef.get(refKey(old))?.find(({ number }) => number > old.number);

  const endings = waiting.value.runs.flatMap((old) => {
    const by = newerThan(old);
    return by === undefined ? [] : [{ id: old.id, outcome: stoppedBy({ kind: 'replace', by: by.id }) }];
  });
  const ended = await endRuns(store, 'pending', endings);
  if (!ended.ok) return ended;
  const asked: RunId[] = [];
  for (const old of working.value.runs) {
    const by = newerThan(old);
    if (by === undefined) continue;
    const request = requestStop(store, old.id, { kind: 'replace', by: by.id });
    if (request.ok) asked.push(old.id);
    else if (request.error.reason === 'io') return request;
  }
  return ok({ replaced: endings.map(({ id }) => id), asked });
}
