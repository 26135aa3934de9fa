/**
 * Puts right what a death left behind: half-made moves, runs without an owner, ends that nobody published.
 *
 * Must not know: how runs are worked; it only ends what is left of them.
 */
import type { Timestamp } from '../base/clock.ts';
import { removeTree, sayFileFailure } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import type { DeadRun } from '../executors/executor.ts';
import { sayExecutorFailure } from '../executors/failure.ts';
import { defaultExecutor, executors } from '../executors/registry.ts';
import type { ContainerRecord, Outcome } from '../runs/records.ts';
import { isFinal } from '../runs/states.ts';
import {
  type Claim,
  failOrphan,
  finish,
  inQueue,
  journal,
  listActive,
  listUnsettled,
  mendHistory,
  type Recovered,
  readRun,
  recoverFinished,
  recoverPending,
  reopenClaim,
  type Store,
  type StoreResult,
  sayStoreFailure,
  settle,
  stateOfRun,
  workspaceOf,
} from '../store/store.ts';
import { ownEnvironment, type Server } from './server.ts';
import { dockerSettings } from './settings.ts';
import { forgetWords } from './supervise.ts';

/**
 * Ends every active run whose owner is gone, and what is left of its processes and containers. Only under the
 * runner lock. Answers the runs that still have a living owner: another runner's children that have not noticed its
 * death yet, and that are waited for.
 */
export async function recoverRuns(server: Server): Promise<{ readonly alive: number }> {
  forgetWords(server.store);
  tell(server, await inQueue(server.store, recoverPending));
  const history = await mendHistory(server.store);
  if (!history.ok) server.say(sayStoreFailure(history.error));
  const active = await listActive(server.store);
  if (!active.ok) {
    server.say(sayStoreFailure(active.error));
    return { alive: 0 };
  }
  for (const failure of active.value.trouble) server.say(sayStoreFailure(failure));
  let alive = 0;
  for (const run of active.value.runs) {
    if (run.alive) alive += 1;
    else await endDead(server, run.id, null);
  }
  return { alive };
}

/** What is not worth looking for at every push: see `recoverFinished`. */
export async function tidyFinished(server: Pick<Server, 'store' | 'say'>): Promise<void> {
  tell(server, await inQueue(server.store, recoverFinished));
}

function tell({ say }: Pick<Server, 'say'>, found: StoreResult<Recovered[]>): void {
  if (!found.ok) say(sayStoreFailure(found.error));
  else for (const { name, what, problem } of found.value) say(`${name}: ${what}: ${problem}`);
}

/**
 * Ends a run whose owner is proved dead: first its processes, then its containers and its workspace, then
 * the record and the site. `outcome` null says that nobody saw how the owner died: `failed-orphaned`.
 */
export async function endDead(server: Server, id: RunId, outcome: Outcome | null): Promise<void> {
  const gone: DeadRun = {
    id,
    dataDirectory: server.store.root,
    docker: await dockerSettings(server.store),
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    toolEnv: ownEnvironment(),
    clock: server.clock,
  };
  const record = await readRun(server.store, id);
  // What never began a container has none; asking an engine that may not be there would be noise.
  const mayHaveContainer = !record.ok || record.value.container !== null;
  const claim = reopenClaim(server.store, id);
  for (const executor of executors.values()) {
    if (executor.name !== defaultExecutor && !mayHaveContainer) continue;
    const ended = await executor.recover(gone, (said) => {
      const stoppedAt = said.kind === 'container' ? said.facts.container_stopped_at : undefined;
      if (stoppedAt === undefined || !record.ok || !claim.ok) return;
      recordStop(server, claim.value, record.value.container, stoppedAt);
    });
    if (!ended.ok) server.say(`run ${id}: ${sayExecutorFailure(ended.error)}`);
  }
  // Before the record: whoever dies in between leaves an active run, and it is all done again.
  removeWorkspace(server, id);
  if (outcome !== null && claim.ok) {
    const finished = await finish(claim.value, outcome, () => server.publish([id]));
    if (!finished.ok) server.say(`run ${id}: ${sayStoreFailure(finished.error)}`);
  } else {
    const failed = await failOrphan(server.store, id);
    if (!failed.ok) server.say(`run ${id}: ${sayStoreFailure(failed.error)}`);
  }
  await settleOne(server, id);
}

/** What the dead owner could not record any more. */
function recordStop(
  server: Server,
  claim: Claim,
  container: ContainerRecord | null,
  containerStoppedAt: Timestamp,
): void {
  if (container === null || container.containerId === null || container.containerStoppedAt !== null) return;
  const records = journal(claim, { trouble: (failure) => server.say(sayFileFailure(failure)) });
  const event = { event: 'container', at: containerStoppedAt } as const;
  records.hear({ ...event, container: { ...container, containerStoppedAt } });
  records.close();
}

export function removeWorkspace(server: Pick<Server, 'store' | 'say'>, id: RunId): void {
  const removed = removeTree(workspaceOf(server.store, id));
  if (!removed.ok) server.say(sayFileFailure(removed.error));
}

/**
 * Publishes every end that was recorded and not published. Answers those that can't be, `failed` among them: once
 * was enough, the next quire command tries them again.
 */
export async function settleAll(server: Server, failed: ReadonlySet<RunId>): Promise<ReadonlySet<RunId>> {
  const left = new Set(failed);
  const marks = listUnsettled(server.store);
  if (!marks.ok) server.say(sayStoreFailure(marks.error));
  for (const id of marks.ok ? marks.value : []) {
    // A run that is ending at this moment is settled by its owner.
    if (failed.has(id) || !isOver(server.store, id)) continue;
    if (!(await settleOne(server, id))) left.add(id);
  }
  return left;
}

/** Whether a run has ended or is gone altogether. */
export function isOver(store: Store, id: RunId): boolean {
  const state = stateOfRun(store, id);
  return state === null || isFinal(state);
}

/** False when it has to be done again. */
export async function settleOne(server: Server, id: RunId): Promise<boolean> {
  const settled = await settle(server.store, id, () => server.publish([id]));
  if (!settled.ok) server.say(`run ${id}: ${sayStoreFailure(settled.error)}`);
  return settled.ok && settled.value;
}
