/**
 * Runs that somebody asks for: of a ref or a commit, or of an earlier run once more.
 *
 * Must not know: how the wish was written, who is told.
 */
import { timestamp } from '../base/clock.ts';
import { type JobId, type RefName, type RunId, runId, type Sha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type GitFailure, resolveRevision, sayGitFailure, withObjects } from '../git/git.ts';
import { neededFor, rerunOf } from '../pipeline/graph.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { self } from '../process/process.ts';
import type { OutsideText, RunRecord } from '../runs/records.ts';
import { maskOf } from '../secrets/secrets.ts';
import {
  inQueue,
  isWhole,
  publish,
  type RunDraft,
  readOutputs,
  readRun,
  type StoreFailure,
  sayStoreFailure,
} from '../store/store.ts';
import { type EvaluatedRun, evaluateCommit, evaluateRuns, sayFirst } from './evaluate.ts';
import type { Server } from './server.ts';
import { settingsOf } from './settings.ts';
import { wakeRunner } from './wake.ts';

export type Submitted = {
  readonly id: RunId;
  readonly number: number;
  readonly draft: RunDraft;
  readonly evaluated: EvaluatedRun | null;
};

export type SubmitFailure =
  | { readonly reason: 'git'; readonly failure: GitFailure }
  | { readonly reason: 'store'; readonly failure: StoreFailure }
  /** The run can't be repeated so: one sentence. */
  | { readonly reason: 'refused'; readonly why: string }
  | { readonly reason: 'runner'; readonly why: string };

export function saySubmitFailure(failure: SubmitFailure): string {
  switch (failure.reason) {
    case 'git':
      return sayGitFailure(failure.failure);
    case 'store':
      return sayStoreFailure(failure.failure);
    case 'refused':
    case 'runner':
      return failure.why;
  }
}

export type Wish = {
  readonly pusher: string;
  readonly variables: Readonly<Record<string, string>>;
};

/** What a commit is run under when nobody named a branch or a tag. */
const detached = 'HEAD' as RefName;

/** Makes a run of a branch, a tag or a commit. */
export async function submitRevision(
  server: Server,
  word: string,
  wish: Wish,
): Promise<Result<Submitted, SubmitFailure>> {
  const found = await withObjects(server.gitDir, (objects) => resolveRevision(objects, word));
  if (!found.ok) return err({ reason: 'git', failure: found.error });
  const { commit, ref } = found.value;
  const draft = newDraft(server, {
    ref: ref ?? detached,
    refBytes: null,
    sha: commit.sha,
    oldSha: null,
    author: commit.author,
    subject: commit.subject,
    reason: 'manual',
    rerunOf: null,
    pusher: { text: wish.pusher, bytes: null },
    variables: wish.variables,
    takeOver: null,
  });
  return submit(server, draft);
}

/** Makes a run of an earlier run's commit. `failedOnly`: what was not concerned by a failure is taken over. */
export async function submitAgain(
  server: Server,
  id: RunId,
  options: { readonly pusher: string; readonly failedOnly: boolean },
): Promise<Result<Submitted, SubmitFailure>> {
  const record = await readRun(server.store, id);
  if (!record.ok) return err({ reason: 'store', failure: record.error });
  const { meta } = record.value;
  const rest = options.failedOnly ? await jobsToTakeOver(server, record.value) : ok(null);
  if (!rest.ok) return rest;
  const draft = newDraft(server, {
    ref: meta.ref,
    refBytes: meta.refBytes,
    sha: meta.sha,
    oldSha: meta.oldSha,
    author: meta.author,
    subject: meta.subject,
    reason: 'rerun',
    rerunOf: id,
    pusher: { text: options.pusher, bytes: null },
    variables: meta.variables,
    takeOver: rest.value === null ? null : { from: id, jobs: rest.value },
  });
  return submit(server, draft);
}

type DraftParts = Omit<RunDraft, 'id' | 'repo' | 'pushedAt' | 'evaluator' | 'author' | 'subject'> & {
  readonly author: OutsideText;
  readonly subject: OutsideText;
};

function newDraft(server: Server, parts: DraftParts): RunDraft {
  const now = server.clock();
  return {
    ...parts,
    id: runId(now, crypto.randomUUID()),
    repo: server.repo,
    pushedAt: timestamp(now),
    evaluator: self(),
  };
}

/** The jobs that neither failed nor need one that did, nor are needed by one, as far as what is recorded of them will do. */
async function jobsToTakeOver(server: Server, record: RunRecord): Promise<Result<JobId[], SubmitFailure>> {
  const failed = record.jobs.filter((job) => job.state === 'failed' || job.state === 'canceled');
  if (failed.length === 0) {
    return err({
      reason: 'refused',
      why: `no job of run ${record.meta.number} failed; run all again: quire rerun ${record.meta.number}`,
    });
  }
  const settings = await settingsOf(server.store);
  const { evaluated } = await evaluateCommit(server, record.meta.sha as Sha, settings);
  switch (evaluated.kind) {
    case 'pipeline': {
      const secrets = settings.ok ? settings.value.config.secrets : [];
      const masks = secrets.map(({ name }) => maskOf(name));
      const ids = failed.map((job) => job.id);
      const again = await workedAgain(server, record.meta.id, rerunOf(evaluated.pipeline, ids), {
        pipeline: evaluated.pipeline,
        masks,
      });
      if (!again.ok) return again;
      return ok(record.jobs.map((job) => job.id).filter((job) => !again.value.has(job)));
    }
    case 'diagnostics':
      return err({ reason: 'refused', why: sayFirst(evaluated.diagnostics) });
    case 'internal':
      return err({ reason: 'refused', why: evaluated.error });
  }
}

/** What is recorded of outputs may be cut or masked: a job whose real ones are needed again works again as well. */
async function workedAgain(
  server: Server,
  id: RunId,
  concerned: readonly JobId[],
  { pipeline, masks }: { readonly pipeline: Pipeline; readonly masks: readonly string[] },
): Promise<Result<ReadonlySet<JobId>, SubmitFailure>> {
  const again = new Set(concerned);
  for (const job of neededFor(pipeline, concerned)) {
    if (again.has(job)) continue;
    const outputs = await readOutputs(server.store, id, job);
    if (!outputs.ok) return err({ reason: 'store', failure: outputs.error });
    if (isWhole(outputs.value, masks)) continue;
    for (const needed of neededFor(pipeline, [job])) again.add(needed);
  }
  return ok(again);
}

async function submit(server: Server, draft: RunDraft): Promise<Result<Submitted, SubmitFailure>> {
  const settings = await settingsOf(server.store);
  // Commits without a ref have nothing in common but that: none takes another's place.
  const replace = draft.ref !== detached && (settings.ok ? settings.value.config.replace : true);
  const published = await inQueue(server.store, (queue) => publish(queue, [draft], { replace }));
  if (!published.ok) return err({ reason: 'store', failure: published.error });
  const run = published.value.runs[0];
  if (run === undefined) return err({ reason: 'runner', why: 'the run could not be read back' });
  const [evaluated] = await evaluateRuns(server, [{ id: run.id, sha: draft.sha }], settings);
  const woken = await wakeRunner(server);
  if (!woken.ok) return err({ reason: 'runner', why: woken.error });
  return ok({ id: run.id, number: run.number, draft, evaluated: evaluated ?? null });
}
