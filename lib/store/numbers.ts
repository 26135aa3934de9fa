/**
 * Run numbers, and `latest`, which points at the run with the highest.
 *
 * Must not know: what a run is of.
 */
import { exists, readLink, readText, remove, replaceLink } from '../base/files.ts';
import { parseRunId, type RunId } from '../base/ids.ts';
import { ok } from '../base/result.ts';
import { finalStates } from '../runs/states.ts';
import { fromDisk, io, type StoreResult } from './failures.ts';
import { wholeHistory } from './history.ts';
import { latestLink, numberFile, runsOf, type Store } from './layout.ts';
import { listQueue, listRuns, locate, numberAndRef, stateOfRun } from './read.ts';
import { type NumberRecord, numberText, parseNumber } from './records.ts';
import { putRecord } from './run-files.ts';
import { reading } from './yaml.ts';

const noNumber = { number: 0, id: null } as const;
type Given = NumberRecord | typeof noNumber;

/** What `number.yml` says, or null when it is lost or says nothing. */
async function readGiven(store: Store): Promise<StoreResult<NumberRecord | null>> {
  const text = readText(numberFile(store));
  if (!text.ok) return text.error.reason === 'missing' ? ok(null) : io(text.error);
  const given = await reading(() => parseNumber(text.value));
  return ok(given.ok ? given.value : null);
}

/**
 * The highest number that a run has; 0 without one. Under the queue lock the next run gets the one after it.
 *
 * `number.yml` is believed when its run exists. When it does not, its writer died before it published that run
 * (or all the runs of its push): then, as when the file is lost, the runs themselves are asked.
 */
export async function lastNumber(store: Store): Promise<StoreResult<Given>> {
  const given = await readGiven(store);
  if (!given.ok) return given;
  if (given.value !== null) {
    const place = locate(store, given.value.id);
    if (place.ok) return ok(given.value);
    if (place.error.reason === 'io') return place;
  }
  return highestOfRuns(store);
}

/** Looks at every run; finished ones through the history, as far as they are in it. */
async function highestOfRuns(store: Store): Promise<StoreResult<Given>> {
  let highest: Given = noNumber;
  const history = await wholeHistory(store);
  if (!history.ok) return history;
  const inHistory = new Set<RunId>();
  for (const { id, number } of history.value) {
    inHistory.add(id);
    if (number !== null && number > highest.number) highest = { id, number };
  }
  for (const state of ['pending', 'active'] as const) {
    const queue = await listQueue(store, state);
    if (!queue.ok) return queue;
    const last = queue.value.runs.at(-1);
    if (last !== undefined && last.number > highest.number) highest = { id: last.id, number: last.number };
  }
  for (const state of finalStates) {
    const ids = listRuns(store, state);
    if (!ids.ok) return ids;
    for (const id of ids.value.filter((name) => !inHistory.has(name))) {
      const run = await numberAndRef(store, id);
      if (run.ok && run.value.number > highest.number) highest = { id, number: run.value.number };
    }
  }
  return ok(highest);
}

/**
 * Before a run is published, its number is on disk: a death in between wastes nothing, since a number whose run
 * does not exist is given again. Of the runs of one push only the last is named: dying halfway leaves a
 * `number.yml` whose run does not exist, and the ones that were published are found by looking.
 */
export const reserveNumber = (store: Store, last: NumberRecord): StoreResult<void> =>
  fromDisk(putRecord(runsOf(store), 'number.yml', numberText(last), store.modes));

/** The number of the newest run; 0 when there is none yet. */
export async function latestNumber(store: Store): Promise<number> {
  const last = await lastNumber(store);
  return last.ok ? last.value.number : 0;
}

/** The run with the highest number, or null when there is none yet. */
export async function latestRun(store: Store): Promise<RunId | null> {
  const last = await lastNumber(store);
  return last.ok ? last.value.id : null;
}

/**
 * Points `latest` at where the newest run is now. Whoever publishes or moves a run calls it afterwards, without
 * a lock: each looks again after writing, so the last one to write has seen the truth.
 */
export async function settleLatest(store: Store): Promise<StoreResult<void>> {
  for (let look = 0; look < 8; look += 1) {
    const target = await latestTarget(store);
    if (!target.ok) return target;
    const path = latestLink(store);
    const now = readLink(path);
    if (target.value === null) {
      if (now.ok || exists(path)) return fromDisk(remove(path));
      return ok(undefined);
    }
    if (now.ok && now.value === target.value) return ok(undefined);
    const linked = replaceLink(path, target.value);
    if (!linked.ok) return io(linked.error);
  }
  return ok(undefined);
}

/**
 * While a push is being published its last run is named and not there yet: its publisher sets the link when it is,
 * and until then the run that was the newest still counts. So no run's end has to look at all runs.
 */
async function latestTarget(store: Store): Promise<StoreResult<string | null>> {
  const given = await readGiven(store);
  if (!given.ok) return given;
  for (const id of [given.value?.id ?? null, linkedRun(store)]) {
    if (id === null) continue;
    const place = locate(store, id);
    if (place.ok) return ok(`${place.value.state}/${id}`);
    if (place.error.reason === 'io') return place;
  }
  const highest = await highestOfRuns(store);
  if (!highest.ok || highest.value.id === null) return highest.ok ? ok(null) : highest;
  const state = stateOfRun(store, highest.value.id);
  return ok(state === null ? null : `${state}/${highest.value.id}`);
}

function linkedRun(store: Store): RunId | null {
  const link = readLink(latestLink(store));
  const id = parseRunId(link.ok ? (link.value.split('/').at(-1) ?? '') : '');
  return id.ok ? id.value : null;
}
