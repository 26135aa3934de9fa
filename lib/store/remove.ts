/**
 * Removing what is old: finished runs, and strays that a death left.
 *
 * A run first gets a dotted name, which no reader takes for a record; only then are its files removed. So an
 * interruption leaves either the whole run or a stray. Symlinks are never followed.
 * Must not know: which runs are too old.
 */
import { join } from 'node:path';
import { listEntries, removeTree, rename, status, syncDirectory } from '../base/files.ts';
import { parseRunId, type RunId } from '../base/ids.ts';
import { err, ok } from '../base/result.ts';
import { isFinal, runStates } from '../runs/states.ts';
import { io, type StoreResult } from './failures.ts';
import { inboxOf, runsOf, type Store, stateDirectory, workspaceOf } from './layout.ts';
import { locate, stateOfRun } from './read.ts';

const goneName = (id: RunId): string => `.gone-${id}`;

/** Removes a finished run's records. `compactHistory` afterwards, once for all. */
export function removeRun(store: Store, id: RunId): StoreResult<void> {
  const place = locate(store, id);
  if (!place.ok) return place;
  const { state, directory } = place.value;
  if (!isFinal(state)) return err({ reason: 'not-here', id, state });
  const home = stateDirectory(store, state);
  for (const path of [store.root, runsOf(store), home, directory]) {
    const at = status(path);
    if (!at.ok) return io(at.error);
    const isRoot = path === store.root;
    if (at.value.kind !== 'directory' && !isRoot) return err({ reason: 'in-the-way', path });
  }
  // An event that a power loss brings back makes no second run as long as its first one is there.
  const forgotten = syncDirectory(inboxOf(store));
  if (!forgotten.ok && forgotten.error.reason !== 'missing') return io(forgotten.error);
  const gone = join(home, goneName(id));
  const cleared = removeTree(gone);
  if (!cleared.ok) return io(cleared.error);
  const renamed = rename(directory, gone);
  if (!renamed.ok) return io(renamed.error);
  const synced = syncDirectory(home);
  if (!synced.ok) return io(synced.error);
  store.seen.delete(id);
  const removed = removeTree(gone);
  return removed.ok ? ok(undefined) : io(removed.error);
}

/** How long what may still be in use must have lain before it is taken for a stray. */
const strayAfterMs = 60 * 60 * 1000;

/**
 * What a death left and nobody will come back for: half-removed runs, temporary files, workspaces of runs that are
 * over. Paths, for a dry run too.
 */
export function listStrays(store: Store): StoreResult<string[]> {
  const strays: string[] = [];
  const rooms = [inboxOf(store), runsOf(store), ...runStates.map((state) => stateDirectory(store, state))];
  for (const room of rooms) {
    const entries = listEntries(room);
    if (!entries.ok) {
      if (entries.error.reason === 'missing') continue;
      return io(entries.error);
    }
    for (const { name } of entries.value) {
      const path = join(room, name);
      if (name.startsWith('.gone-') || (name.startsWith('.tmp-') && isOld(store, path))) strays.push(path);
    }
  }
  const work = listEntries(join(store.root, 'work'));
  if (!work.ok && work.error.reason !== 'missing') return io(work.error);
  for (const { name } of work.ok ? work.value : []) {
    const id = parseRunId(name);
    if (!id.ok) continue;
    const path = workspaceOf(store, id.value);
    const state = stateOfRun(store, id.value);
    // A run gives up its workspace before it ends: nobody uses that of a finished one.
    if (state === null ? isOld(store, path) : isFinal(state)) strays.push(path);
  }
  return ok(strays.sort());
}

function isOld(store: Store, path: string): boolean {
  const at = status(path);
  return at.ok && store.clock() - at.value.modifiedAt > strayAfterMs;
}

/** Removes the strays; the paths that are gone. */
export function removeStrays(store: Store): StoreResult<string[]> {
  const strays = listStrays(store);
  if (!strays.ok) return strays;
  for (const path of strays.value) {
    const removed = removeTree(path);
    if (!removed.ok) return io(removed.error);
  }
  return strays;
}
