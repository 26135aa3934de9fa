/**
 * What a cleanup would remove: looked up without changing anything, so that a dry run can list exactly that.
 *
 * Must not know: how any of it is removed.
 */
import { listEntries } from '../base/files.ts';
import { parseRunId, type RunId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { findLeftovers, type Leftover } from '../executors/docker/leftovers.ts';
import type { DeadRun } from '../executors/executor.ts';
import { type ExecutorFailure, sayExecutorFailure } from '../executors/failure.ts';
import { type FinalState, finalStates, isFinal } from '../runs/states.ts';
import {
  listRuns,
  listStrays,
  listUnsettled,
  readHistory,
  readRun,
  type Store,
  type StoreFailure,
  type StoreResult,
  sayStoreFailure,
  stateOfRun,
} from '../store/store.ts';
import { type FinishedRun, type Limits, type PastLimit, pastLimits } from './limits.ts';

export type World = {
  readonly store: Store;
  readonly limits: Limits;
  readonly now: number;
  /** Where the runs' pages are, a directory each; null: there is no site. */
  readonly pages: string | null;
  /** How to reach the container engine. */
  readonly engine: Pick<DeadRun, 'dataDirectory' | 'docker' | 'toolEnv'>;
  /** Whether it is asked for orphaned containers: where nothing runs in one, there need not be an engine. */
  readonly usesEngine: boolean;
};

export type Item =
  /** A run with its records, logs, pages and the image that was built for it. */
  | { readonly kind: 'run'; readonly past: PastLimit; readonly image: string | null }
  /** Pages of a run that is gone. */
  | { readonly kind: 'pages'; readonly id: RunId }
  /** What a death left in the data directory: a half-removed run, a temporary file, a workspace. */
  | { readonly kind: 'stray'; readonly path: string }
  | { readonly kind: 'container'; readonly leftover: Leftover };

export type Plan = {
  readonly items: readonly Item[];
  /** What was left alone, and why: for people. */
  readonly notes: readonly string[];
};

export type CleanupFailure =
  | { readonly reason: 'store'; readonly failure: StoreFailure }
  | { readonly reason: 'engine'; readonly failure: ExecutorFailure };

/** One sentence for people. */
export const sayCleanupFailure = (failure: CleanupFailure): string =>
  failure.reason === 'store' ? sayStoreFailure(failure.failure) : sayExecutorFailure(failure.failure);

/** Everything that would go at this moment. */
export async function planCleanup(world: World): Promise<Result<Plan, CleanupFailure>> {
  const notes: string[] = [];
  const runs = await runItems(world, notes);
  if (!runs.ok) return err({ reason: 'store', failure: runs.error });
  const strays = listStrays(world.store);
  if (!strays.ok) return err({ reason: 'store', failure: strays.error });
  const containers = world.usesEngine ? await findLeftovers(world.engine) : ok([]);
  if (!containers.ok) return err({ reason: 'engine', failure: containers.error });
  const items: Item[] = [
    ...runs.value,
    ...pagesOfGone(world).map((id): Item => ({ kind: 'pages', id })),
    ...strays.value.map((path): Item => ({ kind: 'stray', path })),
    ...containers.value.map((leftover): Item => ({ kind: 'container', leftover })),
  ];
  return ok({ items, notes });
}

async function runItems({ store, limits, now }: World, notes: string[]): Promise<StoreResult<Item[]>> {
  const finished = await finishedRuns(store, notes);
  if (!finished.ok) return finished;
  const items: Item[] = [];
  for (const past of pastLimits(finished.value, limits, now)) {
    const run = await readRun(store, past.run.id);
    if (run.ok) {
      items.push({ kind: 'run', past, image: run.value.container?.imageTag ?? null });
    } else if (run.error.reason === 'io') {
      return run;
    } else if (run.error.reason === 'unreadable' && run.error.file === '.') {
      notes.push(
        `run ${past.run.number} stays: ${sayStoreFailure(run.error)}, and what lies there is not followed`,
      );
    } else if (run.error.reason === 'unreadable') {
      items.push({ kind: 'run', past, image: null });
    }
  }
  return ok(items);
}

/** All runs whose end is settled: from the history, and from their records where it has no line of them. */
async function finishedRuns(store: Store, notes: string[]): Promise<StoreResult<FinishedRun[]>> {
  const found = new Map<RunId, FinishedRun>();
  const history = await readHistory(store, { newest: Number.POSITIVE_INFINITY });
  if (!history.ok) return history;
  for (const { id, number, ref, state, finishedAt } of history.value.lines) {
    if (isFinal(state) && number !== null && ref !== null)
      found.set(id, { id, number, ref, state, finishedAt });
  }
  const unsettled = listUnsettled(store);
  if (!unsettled.ok) return unsettled;
  for (const state of finalStates) {
    const ids = listRuns(store, state);
    if (!ids.ok) return ids;
    for (const id of ids.value.filter((each) => !found.has(each))) {
      const run = await fromRecords(store, id, state, notes);
      if (run !== null) found.set(id, run);
    }
  }
  for (const id of unsettled.value) found.delete(id);
  return ok([...found.values()]);
}

async function fromRecords(
  store: Store,
  id: RunId,
  state: FinalState,
  notes: string[],
): Promise<FinishedRun | null> {
  const run = await readRun(store, id);
  if (!run.ok) {
    if (run.error.reason !== 'not-found') notes.push(`${sayStoreFailure(run.error)}: it stays`);
    return null;
  }
  const { meta, times } = run.value;
  return { id, number: meta.number, ref: meta.ref, state, finishedAt: times.finishedAt ?? times.createdAt };
}

/** Pages are made after their run and looked at before it: one whose run is nowhere has lost it. */
function pagesOfGone({ store, pages }: World): RunId[] {
  const entries = pages === null ? null : listEntries(pages);
  if (entries === null || !entries.ok) return [];
  return entries.value.flatMap(({ name }) => {
    const id = parseRunId(name);
    return id.ok && stateOfRun(store, id.value) === null ? [id.value] : [];
  });
}
