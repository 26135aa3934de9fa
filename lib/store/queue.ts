/**
 * The queue: runs come into it, get their numbers, and leave it, all under one short lock.
 *
 * Holding a `Queue` is the proof that the lock is held. Nothing is evaluated or waited for while it is.
 * Must not know: how a push becomes a draft, or what a pipeline says.
 */
import { type FileFailure, type Watcher, watchDirectory } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { err, ok } from '../base/result.ts';
import type { Outcome } from '../runs/records.ts';
import type { StoreResult } from './failures.ts';
import { endRuns } from './finish.ts';
import { type Inbox, readInbox } from './inbox.ts';
import { inboxOf, type Store, stateDirectory } from './layout.ts';
import { holding } from './locks.ts';
import type { Queue } from './proofs.ts';
import { locate } from './read.ts';
import type { StopRequest } from './records.ts';
import { requestStop } from './requests.ts';

/** Does something under the queue lock. The only place that makes a `Queue`. */
export const inQueue = <T>(
  store: Store,
  work: (queue: Queue) => Promise<StoreResult<T>>,
): Promise<StoreResult<T>> => holding(store, 'queue', () => work({ store } as Queue));

/** The events that wait, in order; those that can't be understood are set aside and named. */
export const takeEvents = (queue: Queue): Promise<StoreResult<Inbox>> => readInbox(queue.store);

/** Ends a run that never started. `settle` it afterwards, outside the lock. */
export const endPending = (queue: Queue, id: RunId, outcome: Outcome): Promise<StoreResult<void>> =>
  endRuns(queue.store, 'pending', [{ id, outcome }]);

/** The outcome of a run that does as it is asked. */
export const stoppedBy = (request: StopRequest): Outcome =>
  request.kind === 'cancel'
    ? { outcome: 'canceled', error: null, replacedBy: null }
    : { outcome: 'replaced', error: null, replacedBy: request.by };

/**
 * Stops a run: a pending one ends here and now (`ended`: settle it), the owner of an active one is asked to end
 * it (`asked`). One that is over is `not-here`.
 */
export async function stopRun(
  queue: Queue,
  id: RunId,
  request: StopRequest,
): Promise<StoreResult<'ended' | 'asked'>> {
  const { store } = queue;
  const place = locate(store, id);
  if (!place.ok) return place;
  switch (place.value.state) {
    case 'pending': {
      const ended = await endPending(queue, id, stoppedBy(request));
      return ended.ok ? ok('ended') : ended;
    }
    case 'active': {
      const asked = requestStop(store, id, request);
      return asked.ok ? ok('asked') : asked;
    }
    case 'complete':
    case 'failed':
    case 'replaced':
    case 'canceled':
      return err({ reason: 'not-here', id, state: place.value.state });
  }
}

/**
 * Calls `heard` when an event or a pending run may have come. A wake-up only: it may come for nothing, and where
 * the system can't watch it never comes, which `trouble` is told once; look now and then as well.
 */
export function watchQueue(
  store: Store,
  heard: () => void,
  trouble: (failure: FileFailure) => void = () => {},
): Watcher {
  const watchers: Watcher[] = [];
  for (const path of [inboxOf(store), stateDirectory(store, 'pending')]) {
    const watcher = watchDirectory(path, heard);
    if (watcher.ok) watchers.push(watcher.value);
    else trouble(watcher.error);
  }
  return {
    close: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}
