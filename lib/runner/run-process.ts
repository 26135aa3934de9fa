/**
 * The process of one run: waits for its claim, performs the run, records it, ends it.
 *
 * Must not know: the queue, other runs.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { monotonic, timestamp } from '../base/clock.ts';
import { makeDirectory, makeNewDirectory, sayFileFailure } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { defaultExecutor, executorNamed, sayUnknownExecutor } from '../executors/registry.ts';
import { Objects, sayGitFailure, writeTree } from '../git/git.ts';
import { Launcher, self } from '../process/process.ts';
import { tee } from '../runs/events.ts';
import type { Outcome, RunRecord } from '../runs/records.ts';
import { isJobOver, stateOf } from '../runs/states.ts';
import { ScriptThread } from '../script/thread.ts';
import {
  type Claim,
  cacheOf,
  claimPipeline,
  finish,
  journal,
  readOutputs,
  readRun,
  reopenClaim,
  type StopRequest,
  sayStoreFailure,
  watchRequests,
  workspaceOf,
} from '../store/store.ts';
import type { DriveOptions, TakenOver } from './drive.ts';
import { diagnosticRecord, pipelineRecord, pipelineTree } from './evaluate.ts';
import { performRun, type RunPlan } from './perform.ts';
import { removeWorkspace } from './recover.ts';
import { ownEnvironment, type Server } from './server.ts';
import { scriptLimits, settingsOf } from './settings.ts';
import { internal, type StopReason } from './stop.ts';

/** How long to wait for the claim that the runner makes right after starting us. */
const claimPatienceMs = 60_000;

const failed = (error: string): Outcome => ({ outcome: 'failed-internal', error, replacedBy: null });

/** Works the run and settles when it is over and published. `gone` is aborted when the supervisor is gone. */
export async function workRun(server: Server, id: RunId, gone: AbortSignal): Promise<void> {
  const launcher = new Launcher(server.program.launcher, ownEnvironment());
  const claim = await awaitClaim(server, id, gone);
  if (claim !== null) await workClaimed(server, claim, launcher, gone);
  launcher.close();
}

async function workClaimed(
  server: Server,
  claim: Claim,
  launcher: Launcher,
  gone: AbortSignal,
): Promise<void> {
  const { id } = claim;
  const record = await readRun(server.store, id);
  if (!record.ok) throw new Error(sayStoreFailure(record.error));
  const stop = new AbortController();
  const end = (reason: StopReason): void => stop.abort(reason);
  const onGone = (): void => end({ kind: 'orphaned' });
  gone.addEventListener('abort', onGone);
  if (gone.aborted) onGone();
  const requests = watchRequests(claim, (request) => end(reasonOf(request)));
  const live = server.live(id);
  const outcome = await perform(server, claim, record.value, { live, launcher }, stop);
  requests.close();
  gone.removeEventListener('abort', onGone);
  const finished = await finish(claim, outcome, () => live.settle());
  if (!finished.ok) server.say(sayStoreFailure(finished.error));
}

const reasonOf = (request: StopRequest): StopReason =>
  request.kind === 'cancel' ? { kind: 'canceled' } : { kind: 'replaced', by: request.by };

/** Null when the claim was lost to a cancel or a newer push: the runner lets go of us then. */
async function awaitClaim(server: Server, id: RunId, gone: AbortSignal): Promise<Claim | null> {
  const me = self();
  const until = monotonic() + claimPatienceMs;
  while (!gone.aborted && monotonic() < until) {
    const claim = reopenClaim(server.store, id);
    if (claim.ok) {
      const record = await readRun(server.store, id);
      const owner = record.ok ? record.value.owner : null;
      const mine = owner !== null && owner.pid === me.pid && owner.start === me.start;
      // The stamp is the last thing that the claim writes: from then on the directory is ours alone.
      if (mine && record.ok && record.value.times.startedAt !== null) return claim.value;
    }
    await pause(2);
  }
  return null;
}

async function perform(
  server: Server,
  claim: Claim,
  record: RunRecord,
  { live, launcher }: { readonly live: ReturnType<Server['live']>; readonly launcher: Launcher },
  stop: AbortController,
): Promise<Outcome> {
  const settings = await settingsOf(server.store);
  if (!settings.ok) return failed(settings.error);
  const { config } = settings.value;
  const executor = executorNamed(config.executor ?? defaultExecutor);
  if (!executor.ok) return failed(`config.fnl: ${sayUnknownExecutor(executor.error)}`);
  // Of what a run waits for the thread takes longest, and the fork of the launcher stops us meanwhile.
  const thread = new ScriptThread(server.program.worker, scriptLimits(config));
  launcher.start();
  const { meta } = record;
  const workspace = workspaceOf(server.store, meta.id);
  const records = journal(claim, {
    logLimit: config.logLimitBytes,
    trouble: (failure) => stop.abort(internal(sayFileFailure(failure))),
  });
  const sink = tee(records, live);
  const objects = new Objects(server.gitDir);
  const tree = pipelineTree(objects, meta.sha);
  const plan: RunPlan = {
    meta,
    gitDir: server.gitDir,
    config,
    executor: executor.value,
    thread,
    launcher,
    workspace,
    cache: cacheOf(server.store),
    dataDirectory: server.store.root,
    limits: {
      jobs: config.maxJobs === 0 ? Number.POSITIVE_INFINITY : config.maxJobs,
      failFast: config.failFast,
      timeoutMs: config.timeoutMs,
    },
    dirty: null,
    tree: () => tree,
    prepare: async (signal) => {
      // One git answers both. What the pipeline is made of does not wait behind large files.
      await tree;
      const filled = await fillWorkspace(server, record, objects, signal);
      await objects.close();
      return filled;
    },
    clear: () => removeWorkspace(server, meta.id),
    found: async (found) => {
      const pipeline =
        found.kind === 'pipeline' ? pipelineRecord(found.pipeline) : diagnosticRecord(found.diagnostics);
      const written = await claimPipeline(claim, pipeline);
      if (!written.ok) return err(failed(sayStoreFailure(written.error)));
      return written.value === 'differs' ? err(notDeterministic) : ok(undefined);
    },
    choose: async () => takeOver(server, record),
    sink,
    signal: stop.signal,
    clock: server.clock,
  };
  for (const text of settings.value.warnings) {
    await sink.hear({ event: 'note', at: timestamp(server.clock()), job: null, text: `warning: ${text}` });
  }
  const outcome = await performRun(plan);
  await thread.end();
  records.close();
  await live.hear({
    event: 'run-finished',
    at: timestamp(server.clock()),
    state: stateOf(outcome.outcome),
    outcome,
  });
  // What the journal could not write while the jobs ran has stopped the run; what it could not write now counts too.
  const trouble = stop.signal.aborted ? (stop.signal.reason as StopReason) : null;
  return outcome.outcome === 'succeeded' && trouble?.kind === 'internal' ? failed(trouble.error) : outcome;
}

const notDeterministic: Outcome = {
  outcome: 'failed-pipeline',
  error:
    'the pipeline is not deterministic: a second evaluation of the same commit registered other jobs. What it registers may only depend on the files of the commit.',
  replacedBy: null,
};

async function fillWorkspace(
  server: Server,
  { meta }: RunRecord,
  objects: Objects,
  signal: AbortSignal,
): Promise<Result<void, string>> {
  const workspace = workspaceOf(server.store, meta.id);
  removeWorkspace(server, meta.id);
  const cache = makeDirectory(cacheOf(server.store), 0o700);
  if (!cache.ok) return err(sayFileFailure(cache.error));
  const made = makeNewDirectory(workspace, 0o700);
  if (!made.ok) return err(sayFileFailure(made.error));
  const written = await writeTree(objects, meta.sha, workspace, signal);
  return written.ok ? ok(undefined) : err(`the workspace: ${sayGitFailure(written.error)}`);
}

/** Jobs whose records are over before the run began were taken over from the run it repeats. */
async function takeOver(server: Server, record: RunRecord): Promise<Result<DriveOptions, Outcome>> {
  const over = record.jobs.filter((job) => isJobOver(job.state));
  if (over.length === 0) return ok({});
  const takenOver: TakenOver[] = [];
  for (const job of over) {
    const outputs = await readOutputs(server.store, record.meta.id, job.id);
    if (!outputs.ok) return err(failed(sayStoreFailure(outputs.error)));
    takenOver.push({ job: job.id, outputs: outputs.value, red: false });
  }
  const taken = new Set(over.map((job) => job.id));
  const left = record.jobs.filter((job) => !taken.has(job.id)).map((job) => job.id);
  return ok({ only: left, takenOver });
}
