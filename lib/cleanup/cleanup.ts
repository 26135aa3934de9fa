/**
 * The door of the room: removes what a plan lists.
 *
 * Of each run first the image, then the records (a rename takes them from every reader at once), then the pages: a
 * death in between leaves a run that is still listed whole, or pages and dotted names that the next plan finds.
 * Must not know: who wanted it, or what people are told.
 */
import { removeTree, sayFileFailure } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { unreachable } from '../base/unreachable.ts';
import { removeLeftover, removeRunImage } from '../executors/docker/leftovers.ts';
import { sayExecutorFailure } from '../executors/failure.ts';
import { compactHistory, removeRun, type StoreFailure, sayStoreFailure } from '../store/store.ts';
import type { Item, Plan, World } from './plan.ts';

export { type FinishedRun, type Limits, pastLimits } from './limits.ts';
export {
  type CleanupFailure,
  type Item,
  type Plan,
  planCleanup,
  sayCleanupFailure,
  type World,
} from './plan.ts';

export type Removal = {
  readonly removed: readonly Item[];
  /** What could not be removed, for people; everything else was. */
  readonly troubles: readonly string[];
};

/** Takes the pages of runs off the site; what went wrong, or null. */
export type ForgetPages = (ids: readonly RunId[]) => Promise<string | null>;

/** Removes what is in the plan, as far as it is still there. Aborting stops between two items. */
export async function carryOut(
  world: World,
  plan: Plan,
  options: { readonly forgetPages: ForgetPages; readonly signal: AbortSignal },
): Promise<Removal> {
  const removed: Item[] = [];
  const troubles: string[] = [];
  for (const item of plan.items) {
    if (options.signal.aborted) break;
    const trouble = await removeItem(world, item);
    if (trouble === null) removed.push(item);
    else troubles.push(trouble);
  }
  const gone = removed.flatMap((item) =>
    item.kind === 'run' ? [item.past.run.id] : item.kind === 'pages' ? [item.id] : [],
  );
  // Always: an earlier cleanup may have died before it came here.
  const compacted = await compactHistory(world.store);
  if (!compacted.ok) troubles.push(sayStoreFailure(compacted.error));
  const forgotten = gone.length === 0 ? null : await options.forgetPages(gone);
  if (forgotten !== null) troubles.push(forgotten);
  return { removed, troubles };
}

/** What went wrong, or null. What somebody else removed meanwhile is as gone as it should be. */
async function removeItem(world: World, item: Item): Promise<string | null> {
  switch (item.kind) {
    case 'run': {
      const image = await removeBuiltImage(world, item.image);
      if (image !== null) return `run ${item.past.run.number} stays: ${image}`;
      const removed = removeRun(world.store, item.past.run.id);
      return removed.ok || isGone(removed.error) ? null : sayStoreFailure(removed.error);
    }
    case 'pages':
      return null;
    case 'stray': {
      const removed = removeTree(item.path);
      return removed.ok ? null : sayFileFailure(removed.error);
    }
    case 'container': {
      const removed = await removeLeftover(world.engine, item.leftover);
      return removed.ok ? null : sayExecutorFailure(removed.error);
    }
    default:
      return unreachable(item);
  }
}

const isGone = (failure: StoreFailure): boolean =>
  failure.reason === 'not-found' || (failure.reason === 'io' && failure.failure.reason === 'missing');

async function removeBuiltImage({ engine }: World, tag: string | null): Promise<string | null> {
  if (tag === null) return null;
  const removed = await removeRunImage(engine, tag);
  return removed.ok ? null : sayExecutorFailure(removed.error);
}
