/**
 * The store's kernel locks: taken, held while something is done, let go by the same function.
 *
 * Must not know: what is done under them.
 */
import { err } from '../base/result.ts';
import { acquireLock, sayLockFailure } from '../process/lock.ts';
import type { StoreResult } from './failures.ts';
import { type LockName, lockFile, type Store } from './layout.ts';

/** Nobody holds the queue or the history for long; who waits longer than this waits for something broken. */
const longestWaitMs = 60_000;

/** Does something while holding a lock. The lock also goes when this process dies. */
export async function holding<T>(
  store: Store,
  name: LockName,
  work: () => Promise<StoreResult<T>>,
): Promise<StoreResult<T>> {
  const lock = await acquireLock(lockFile(store, name), { waitMs: longestWaitMs });
  if (!lock.ok) {
    return lock.error.reason === 'file'
      ? err({ reason: 'io', failure: lock.error.failure })
      : err({ reason: 'lock', problem: sayLockFailure(lock.error) });
  }
  try {
    return await work();
  } finally {
    lock.value.release();
  }
}
