/**
 * Updates that other repositories have not got yet: events that intake is done with, kept until they are mirrored.
 *
 * An event becomes one by a rename, so a death leaves it on either side: in the inbox, where it is taken in once
 * more, or here, where it is mirrored once more. Both change nothing that was done.
 * Must not know: where anything is mirrored to, or what was said there.
 */
import { join } from 'node:path';
import { timestamp } from '../base/clock.ts';
import { list, openAppender, readText, remove, rename, syncDirectory } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { ok } from '../base/result.ts';
import { fromDisk, io, type StoreResult } from './failures.ts';
import { touchLog } from './finish.ts';
import { type InboxEvent, understandEvent } from './inbox.ts';
import { badInboxOf, inboxOf, logFile, makeOwnDirectory, type Store } from './layout.ts';
import { markText } from './log-line.ts';
import type { Queue } from './proofs.ts';
import { locate } from './read.ts';
import { cutTornLine } from './torn.ts';

const keptOf = (store: Store): string => join(inboxOf(store), '.mirror');

/** Instead of `dropEvents`: the runs are published, the updates are still to be mirrored. */
export function keepForMirrors({ store }: Queue, { name }: InboxEvent): StoreResult<void> {
  const made = makeOwnDirectory(keptOf(store), store.modes);
  if (!made.ok && made.error.reason !== 'exists') return io(made.error);
  const moved = rename(join(inboxOf(store), name), join(keptOf(store), name));
  if (!moved.ok) return io(moved.error);
  for (const directory of [keptOf(store), inboxOf(store)]) {
    const synced = syncDirectory(directory);
    if (!synced.ok) return io(synced.error);
  }
  return ok(undefined);
}

/** The names of the events that are kept, in the order of their pushes. */
export function listForMirrors(store: Store): StoreResult<string[]> {
  const names = list(keptOf(store));
  if (!names.ok) return names.error.reason === 'missing' ? ok([]) : io(names.error);
  return ok(names.value.filter((name) => !name.startsWith('.')));
}

/** A kept event; null when it is gone or was no event, and then set aside. */
export async function readForMirrors(store: Store, name: string): Promise<StoreResult<InboxEvent | null>> {
  const path = join(keptOf(store), name);
  const text = readText(path);
  if (!text.ok) return text.error.reason === 'missing' ? ok(null) : io(text.error);
  const event = await understandEvent(name, text.value);
  if (event.ok) return event;
  const aside = rename(path, join(badInboxOf(store), name));
  return aside.ok ? ok(null) : io(aside.error);
}

/** Everybody has got it, or never will. */
export const dropForMirrors = (store: Store, name: string): StoreResult<void> =>
  fromDisk(remove(join(keptOf(store), name)));

/** How often a run may move between two looks. */
const looks = 4;

/**
 * A line in a run's own log, by somebody who does not own the run: one write at the end of the file, which the
 * owner's writes neither tear nor overwrite. False when the run is gone.
 */
export function noteInRun(store: Store, id: RunId, text: string): StoreResult<boolean> {
  for (let look = 0; look < looks; look += 1) {
    const place = locate(store, id);
    if (!place.ok) return place.error.reason === 'not-found' ? ok(false) : place;
    const path = logFile(place.value.directory, null);
    const made = touchLog(store, path);
    // What a dead owner left half is cut; what a living one writes is never half.
    const ready = made.ok && place.value.state !== 'active' ? fromDisk(cutTornLine(path)) : made;
    const opened = ready.ok ? openAppender(path, store.modes.file) : null;
    if (opened?.ok) {
      const at = timestamp(store.clock());
      const written = opened.value.append(markText({ kind: 'note', text, at }));
      opened.value.close();
      return written.ok ? ok(true) : io(written.error);
    }
    const failure = opened === null ? null : opened.error;
    if (failure !== null && failure.reason !== 'missing') return io(failure);
    if (!ready.ok && (ready.error.reason !== 'io' || ready.error.failure.reason !== 'missing')) return ready;
  }
  return ok(false);
}
