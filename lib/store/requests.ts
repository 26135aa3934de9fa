/**
 * Asking the owner of an active run to end it: a file in the run's directory, never a signal to a stored pid.
 *
 * The first request stands: a run that was replaced is not canceled as well. Must not know: how a run is ended.
 */
import { join } from 'node:path';
import { exists, watchDirectory } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { err, ok } from '../base/result.ts';
import { io, type StoreResult } from './failures.ts';
import { runDirectory, type Store } from './layout.ts';
import type { Claim } from './proofs.ts';
import { locate } from './read.ts';
import { parseRequest, requestText, type StopRequest } from './records.ts';
import { putRecord, readOptional } from './run-files.ts';
import { reading } from './yaml.ts';

const requestFile = 'request.yml';

/** Leaves the request. A run that ends meanwhile is `not-here`. */
export function requestStop(store: Store, id: RunId, request: StopRequest): StoreResult<void> {
  const directory = runDirectory(store, 'active', id);
  if (exists(join(directory, requestFile))) return ok(undefined);
  const put = putRecord(directory, requestFile, requestText(request), store.modes);
  if (put.ok) return put;
  if (put.error.reason !== 'missing') return io(put.error);
  const place = locate(store, id);
  return place.ok ? err({ reason: 'not-here', id, state: place.value.state }) : place;
}

/** What the owner is asked, or null. A request that can't be read is a wish to end: it counts as a cancel. */
export async function readRequest(claim: Claim): Promise<StopRequest | null> {
  const request = await reading(() => readOptional(claim.directory, requestFile, parseRequest));
  if (request.ok) return request.value;
  return request.error.reason === 'bad' ? { kind: 'cancel' } : null;
}

/** Between two looks at the disk when its changes can't be watched, or a change went unheard. */
const lookEveryMs = 500;

/** Calls `heard` once, when the run is asked to end. */
export function watchRequests(claim: Claim, heard: (request: StopRequest) => void): { close(): void } {
  let open = true;
  const close = () => {
    open = false;
    clearInterval(timer);
    if (watcher.ok) watcher.value.close();
  };
  const look = async () => {
    if (!open || !exists(join(claim.directory, requestFile))) return;
    const request = await readRequest(claim);
    if (request === null || !open) return;
    close();
    heard(request);
  };
  const watcher = watchDirectory(claim.directory, () => void look());
  const timer = setInterval(() => void look(), lookEveryMs);
  timer.unref();
  void look();
  return { close };
}
