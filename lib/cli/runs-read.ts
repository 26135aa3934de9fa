/**
 * The runs a command shows, newest first, without reading more of a long history than is shown.
 *
 * Must not know: how they are shown.
 */
import { type RefName, type RunId, shortRef } from '../base/ids.ts';
import { ok } from '../base/result.ts';
import type { RunRecord } from '../runs/records.ts';
import type { RunState } from '../runs/states.ts';
import {
  listPending,
  listRuns,
  readHistory,
  readRun,
  type Store,
  type StoreResult,
  sayStoreFailure,
} from '../store/store.ts';

/** A run whose records are damaged is shown as such, not left out. */
export type Seen =
  | { readonly kind: 'run'; readonly run: RunRecord }
  | { readonly kind: 'unreadable'; readonly id: RunId; readonly problem: string };

export type Choice = {
  readonly most: number;
  readonly state: RunState | null;
  /** A full ref, or what git would complete to one. */
  readonly ref: string | null;
};

/** Runs that wait or run first, then those that finished last; each by number. */
export async function newestRuns(store: Store, choice: Choice): Promise<StoreResult<Seen[]>> {
  const seen = new Map<RunId, Seen>();
  for (const state of ['pending', 'active'] as const) {
    if (choice.state !== null && choice.state !== state) continue;
    const ids = listRuns(store, state);
    if (!ids.ok) return ids;
    // Ids sort by time, and a queue may be long: of each state only as many as are shown are read.
    let read = 0;
    for (const id of ids.value.reverse()) {
      if (read >= choice.most) break;
      if ((await look(store, id, choice, seen)) !== null) read += 1;
    }
  }
  const unfinished = [...seen.values()].sort(byNumber).slice(0, choice.most);
  if (choice.state === 'pending' || choice.state === 'active') return ok(unfinished);
  const finished: Seen[] = [];
  const all = (): StoreResult<Seen[]> => ok([...unfinished, ...finished.sort(byNumber)]);
  for await (const page of historyPages(store)) {
    if (!page.ok) return page;
    for (const line of page.value) {
      if (unfinished.length + finished.length >= choice.most) return all();
      if (choice.state !== null && line.state !== choice.state) continue;
      if (!isOfRef(line.ref, choice.ref) || seen.has(line.id)) continue;
      const found = await look(store, line.id, choice, seen);
      if (found !== null) finished.push(found);
    }
  }
  return all();
}

/** What waits and what runs, and the last finished run of each ref: however many runs there are. */
export type Standing = {
  readonly active: readonly Seen[];
  /** The one that starts next first; the first of `waiting`. */
  readonly pending: readonly Seen[];
  readonly waiting: number;
  readonly refs: readonly Seen[];
  /** How many refs more have a last run, as far back as was looked. */
  readonly moreRefs: number;
};

/** How many finished runs back a ref's last one is looked for. */
const furthest = 2000;

export async function standing(store: Store, most: number): Promise<StoreResult<Standing>> {
  const queue = await listPending(store);
  if (!queue.ok) return queue;
  const running = listRuns(store, 'active');
  if (!running.ok) return running;
  const history = await readHistory(store, { newest: furthest });
  if (!history.ok) return history;
  // A run of which nobody knows the ref stands for itself.
  const last = new Map<RefName | RunId, RunId>();
  for (const { ref, id } of history.value.lines) if (!last.has(ref ?? id)) last.set(ref ?? id, id);
  const waiting = [...queue.value.runs.map(({ id }) => id), ...queue.value.bad];
  return ok({
    active: (await lookAtAll(store, running.value)).sort(byNumber),
    pending: await lookAtAll(store, waiting.slice(0, most)),
    waiting: waiting.length,
    refs: await lookAtAll(store, [...last.values()].slice(0, most)),
    moreRefs: Math.max(0, last.size - most),
  });
}

async function lookAtAll(store: Store, ids: readonly RunId[]): Promise<Seen[]> {
  const seen = new Map<RunId, Seen>();
  for (const id of ids) await look(store, id, everything, seen);
  return [...seen.values()];
}

const everything: Choice = { most: Number.POSITIVE_INFINITY, state: null, ref: null };

async function look(store: Store, id: RunId, choice: Choice, seen: Map<RunId, Seen>): Promise<Seen | null> {
  const read = await readRun(store, id);
  if (!read.ok && read.error.reason === 'not-found') return null;
  const found: Seen = read.ok
    ? { kind: 'run', run: read.value }
    : { kind: 'unreadable', id, problem: sayStoreFailure(read.error) };
  if (found.kind === 'run' && !isOfRef(found.run.meta.ref, choice.ref)) return null;
  seen.set(id, found);
  return found;
}

async function* historyPages(store: Store) {
  let before: number | undefined;
  for (;;) {
    const page = await readHistory(store, { newest: 64, ...(before === undefined ? {} : { before }) });
    if (!page.ok) {
      yield page;
      return;
    }
    yield ok(page.value.lines);
    if (page.value.next === null) return;
    before = page.value.next;
  }
}

const isOfRef = (ref: RefName | null, wanted: string | null): boolean =>
  wanted === null || (ref !== null && (ref === wanted || shortRef(ref) === wanted));

/** Those that can't be read stay where they are. */
const byNumber = (a: Seen, b: Seen): number => numberOf(b) - numberOf(a) || 0;
const numberOf = (seen: Seen): number =>
  seen.kind === 'run' ? seen.run.meta.number : Number.POSITIVE_INFINITY;
