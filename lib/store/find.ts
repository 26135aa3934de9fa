/**
 * Which run a person means: a number, an id, the beginning of one, or `latest`.
 *
 * Must not know: how the answer is shown.
 */
import { parseRunId, type RunId } from '../base/ids.ts';
import { err, ok } from '../base/result.ts';
import { finalStates, runStates } from '../runs/states.ts';
import type { StoreResult } from './failures.ts';
import { findInHistory } from './history.ts';
import type { Store } from './layout.ts';
import { latestRun } from './numbers.ts';
import { listQueue, listRuns, locate, numberAndRef } from './read.ts';

/** `ambiguous` names the runs whose id begins so; `not-found` is any other word. */
export async function findRun(store: Store, word: string): Promise<StoreResult<RunId>> {
  if (word === 'latest') {
    const id = await latestRun(store);
    return id === null ? err({ reason: 'not-found', word }) : ok(id);
  }
  const id = parseRunId(word.toLowerCase());
  if (id.ok) {
    const place = locate(store, id.value);
    return place.ok ? ok(id.value) : place;
  }
  if (/^\d{1,15}$/.test(word)) {
    const byNumber = await findNumber(store, Number(word));
    if (!byNumber.ok || byNumber.value !== null) return byNumber as StoreResult<RunId>;
    // Digits mean a number. Only so many that nobody mistypes them may be the beginning of an id.
    if (word.length < 4) return err({ reason: 'not-found', word });
  }
  return findPrefix(store, word);
}

async function findNumber(store: Store, number: number): Promise<StoreResult<RunId | null>> {
  for (const state of ['pending', 'active'] as const) {
    const queue = await listQueue(store, state);
    if (!queue.ok) return queue;
    const found = queue.value.runs.find((run) => run.number === number);
    if (found !== undefined) return ok(found.id);
  }
  const line = await findInHistory(store, number);
  if (!line.ok || line.value !== null) return line.ok ? ok(line.value?.id ?? null) : line;
  return findUnsettled(store, number);
}

/** A run that has ended a moment ago is not in the history yet; look at the newest ones themselves. */
async function findUnsettled(store: Store, number: number): Promise<StoreResult<RunId | null>> {
  for (const state of finalStates) {
    const ids = listRuns(store, state);
    if (!ids.ok) return ids;
    for (const id of ids.value.slice(-50)) {
      const run = await numberAndRef(store, id);
      if (run.ok && run.value.number === number) return ok(id);
    }
  }
  return ok(null);
}

function findPrefix(store: Store, word: string): StoreResult<RunId> {
  const prefix = word.toLowerCase();
  if (!/^[0-9a-f-]+$/.test(prefix)) return err({ reason: 'not-found', word });
  const found = new Set<RunId>();
  for (const state of runStates) {
    const ids = listRuns(store, state);
    if (!ids.ok) return ids;
    for (const id of ids.value) if (id.startsWith(prefix)) found.add(id);
  }
  const [only, ...more] = [...found].sort();
  if (only === undefined) return err({ reason: 'not-found', word });
  return more.length === 0 ? ok(only) : err({ reason: 'ambiguous', word, ids: [only, ...more] });
}
