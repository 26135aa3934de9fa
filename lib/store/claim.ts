/**
 * Taking a run out of the queue to work on it: `owner.yml` first, the rename second.
 *
 *   1. `owner.yml`      death after it: the run is pending with a dead owner's name; the next claim writes its own
 *   2. the rename       death after it: the run is active, its owner dead: recovery ends it as an orphan
 *   3. `started_at`     death before it: the same, of a run that never started
 *
 * Both are on disk before the run begins: a power loss must not put a run that has begun back into the queue. So is
 * its pipeline, which nobody evaluates again from then on.
 * The caller holds the runner lock (so that one process claims) and the queue lock (so that nobody cancels or
 * replaces the run meanwhile). Must not know: how a run is worked on.
 */
import { exists, rename, syncDirectory } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { err, ok } from '../base/result.ts';
import { isAlive } from '../process/identity.ts';
import type { Outcome, Owner } from '../runs/records.ts';
import { io, type StoreResult } from './failures.ts';
import { completeMove, endRuns, settle } from './finish.ts';
import { runDirectory, type Store, stateDirectory } from './layout.ts';
import { settleLatest } from './numbers.ts';
import { syncPipeline } from './pipeline.ts';
import type { Claim, Queue } from './proofs.ts';
import { evaluatorFile } from './publish.ts';
import { failureOf, locate, readRecordOf } from './read.ts';
import { ownerText, parseOwner } from './records.ts';
import { putRecord, putTimes, readOptional, readTimes, stamp } from './run-files.ts';
import { reading } from './yaml.ts';

const claimOf = (store: Store, id: RunId): Claim => ({
  store,
  id,
  directory: runDirectory(store, 'active', id),
  modes: store.modes,
});

/**
 * Claims a pending run for a process. Answers, not errors: `not-here` (canceled, replaced, or ended by somebody
 * who died on the way), `evaluating` (come back when the evaluator is done or dead), `unreadable` (leave it to
 * `recoverPending`).
 */
export async function claim(queue: Queue, id: RunId, owner: Owner): Promise<StoreResult<Claim>> {
  const { store } = queue;
  const place = locate(store, id);
  if (!place.ok) return place;
  if (place.value.state !== 'pending') return err({ reason: 'not-here', id, state: place.value.state });
  const ended = await completeMove(store, 'pending', id);
  if (!ended.ok) return ended;
  if (ended.value) {
    const now = locate(store, id);
    return now.ok ? err({ reason: 'not-here', id, state: now.value.state }) : now;
  }
  const record = await reading(() => readRecordOf(place.value, id));
  if (!record.ok) return err(failureOf(id, 'pending', record.error));
  // Who found faults in the pipeline ends the run in a moment: it was never to begin.
  const isSound = record.value.pipeline?.kind === 'jobs';
  const evaluator = isSound ? null : await readEvaluator(place.value.directory);
  if (evaluator !== null && isAlive(evaluator)) return err({ reason: 'evaluating', id, evaluator });
  return take(claimOf(store, id), owner);
}

async function take(claim: Claim, owner: Owner): Promise<StoreResult<Claim>> {
  const { store, id, directory } = claim;
  const from = runDirectory(store, 'pending', id);
  const synced = syncPipeline(from);
  if (!synced.ok) return io(synced.error);
  const signed = putRecord(from, 'owner.yml', ownerText(owner), store.modes);
  if (!signed.ok) return io(signed.error);
  if (exists(directory)) return err({ reason: 'in-the-way', path: directory });
  const moved = rename(from, directory);
  if (!moved.ok) return io(moved.error);
  for (const state of ['active', 'pending'] as const) {
    const shown = syncDirectory(stateDirectory(store, state));
    if (!shown.ok) return io(shown.error);
  }
  const times = await reading(() => readTimes(directory));
  if (!times.ok) return err(failureOf(id, 'active', times.error));
  const started = putTimes(directory, stamp(times.value, 'startedAt', store.clock()), store.modes);
  if (!started.ok) return io(started.error);
  const linked = await settleLatest(store);
  return linked.ok ? ok(claim) : linked;
}

async function readEvaluator(directory: string): Promise<Owner | null> {
  const evaluator = await reading(() => readOptional(directory, evaluatorFile, parseOwner));
  return evaluator.ok ? evaluator.value : null;
}

/** The claim of an active run, in the process that works on it. */
export function reopenClaim(store: Store, id: RunId): StoreResult<Claim> {
  const place = locate(store, id);
  if (!place.ok) return place;
  if (place.value.state !== 'active') return err({ reason: 'not-here', id, state: place.value.state });
  return ok(claimOf(store, id));
}

/** Names the process that works on the run from now on: the runner claims, then hands over. */
export async function handOver(claim: Claim, owner: Owner): Promise<StoreResult<void>> {
  const signed = putRecord(claim.directory, 'owner.yml', ownerText(owner), claim.modes);
  return signed.ok ? ok(undefined) : io(signed.error);
}

/**
 * Ends a run, by its owner: outcome, move, and everything that shows it. `publish` brings the site up to date.
 * The order and its reasons are in `finish.ts`.
 */
export async function finish(
  claim: Claim,
  outcome: Outcome,
  publish: () => Promise<boolean>,
): Promise<StoreResult<boolean>> {
  const ended = await endRuns(claim.store, 'active', [{ id: claim.id, outcome }]);
  return ended.ok ? settle(claim.store, claim.id, publish) : ended;
}
