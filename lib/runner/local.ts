/**
 * A run without a server: the pipeline of a work tree in place, or of a commit in a workspace that is made for it.
 *
 * The same performance as the server's; only where things come from differs. Must not know: terminals, stores of runs.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { systemClock, timestamp } from '../base/clock.ts';
import type { Diagnostic } from '../base/diagnostic.ts';
import { makeDirectory, makeTemporaryDirectory, removeTree, sayFileFailure } from '../base/files.ts';
import { type JobId, type RefName, runId, type Sha, zeroSha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { nearest, visible } from '../base/text.ts';
import type { Config } from '../config/config.ts';
import type { Executor } from '../executors/executor.ts';
import {
  diskTree,
  lookAtWorkTree,
  resolveRevision,
  sayGitFailure,
  snapshot,
  withObjects,
  writeTree,
} from '../git/git.ts';
import { neededFor } from '../pipeline/graph.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { type Sink, tee } from '../runs/events.ts';
import type { Meta, Outcome } from '../runs/records.ts';
import { stateOf } from '../runs/states.ts';
import type { Tree } from '../script/script.ts';
import { journal, openOutDirectory, outFinish, outPipeline, sayStoreFailure } from '../store/store.ts';
import type { DriveOptions } from './drive.ts';
import { diagnosticRecord, pipelineRecord, pipelineTree, treeOf } from './evaluate.ts';
import { performRun } from './perform.ts';
import type { Limits } from './stage.ts';
import { internal } from './stop.ts';

export type LocalRun = {
  /** The top of the work tree, absolute. */
  readonly top: string;
  /** The repository itself, absolute. */
  readonly gitDir: string;
  /** A commit to run in a fresh workspace; null is the work tree in place. */
  readonly revision: string | null;
  /** Only these jobs and what they need; null is all. */
  readonly jobs: readonly string[] | null;
  readonly executor: Executor;
  readonly config: Config;
  readonly limits: Limits;
  readonly variables: Readonly<Record<string, string>>;
  /** Kept between local runs; absolute. */
  readonly cache: string;
  readonly worker: string;
  readonly sink: Sink;
  /** Where the files of the run's directory go; null: nowhere. */
  readonly outDirectory: string | null;
  /** Its reason is a `StopReason`. */
  readonly signal: AbortSignal;
};

export type LocalEnd =
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  | { readonly kind: 'diagnostics'; readonly diagnostics: readonly Diagnostic[]; readonly tree: Tree }
  | { readonly kind: 'no-pipeline' }
  /** A wrong revision, a job that is not there: the caller's mistake, in one sentence. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Git or the disk, in one sentence. */
  | { readonly kind: 'trouble'; readonly why: string };

/** What is run: the commit and what the work tree adds to it. */
type Subject = { readonly meta: Meta; readonly dirty: readonly string[] | null };

/** Runs a pipeline here and now. The events of the run go to `sink`; nothing of it is left behind. */
export async function runLocally(run: LocalRun): Promise<LocalEnd> {
  const subject = run.revision === null ? await inPlace(run) : await atCommit(run, run.revision);
  if (!subject.ok) return subject.error;
  const { meta, dirty } = subject.value;
  const tree = await treeHere(run, meta.sha);
  if (!tree.ok) return { kind: 'trouble', why: tree.error };
  if (!['ci.fnl', 'ci.lua'].some((name) => tree.value.has(name))) return { kind: 'no-pipeline' };
  const cached = makeDirectory(run.cache);
  if (!cached.ok) return { kind: 'trouble', why: sayFileFailure(cached.error) };
  const made = run.revision === null ? null : makeTemporaryDirectory(join(tmpdir(), 'quire-'));
  if (made !== null && !made.ok) return { kind: 'trouble', why: sayFileFailure(made.error) };
  const workspace = made === null ? run.top : made.value;
  const out = run.outDirectory === null ? null : openOutDirectory(run.outDirectory, meta);
  if (out !== null && !out.ok) return { kind: 'trouble', why: sayStoreFailure(out.error) };

  const stop = new AbortController();
  const asked = (): void => stop.abort(run.signal.reason);
  run.signal.addEventListener('abort', asked);
  if (run.signal.aborted) asked();
  const records =
    out === null
      ? null
      : journal(out.value, {
          logLimit: run.config.logLimitBytes,
          trouble: (failure) => stop.abort(internal(sayFileFailure(failure))),
        });
  const sink = records === null ? run.sink : tee(records, run.sink);
  let diagnostics: readonly Diagnostic[] | null = null;
  let refused: string | null = null;
  const outcome = await performRun({
    meta,
    gitDir: run.gitDir,
    config: run.config,
    executor: run.executor,
    worker: run.worker,
    workspace,
    cache: run.cache,
    dataDirectory: run.top,
    limits: run.limits,
    dirty,
    tree: async () => tree,
    prepare: async (signal) => {
      if (run.revision === null) return ok(undefined);
      const written = await writeTree(run.gitDir, meta.sha, workspace, signal);
      return written.ok ? ok(undefined) : err(`the workspace: ${sayGitFailure(written.error)}`);
    },
    clear: () => {
      if (made !== null) removeTree(workspace);
    },
    found: async (found) => {
      if (found.kind === 'diagnostics') diagnostics = found.diagnostics;
      const record =
        found.kind === 'pipeline' ? pipelineRecord(found.pipeline) : diagnosticRecord(found.diagnostics);
      const written = out === null ? ok(undefined) : await outPipeline(out.value, record);
      if (written.ok) return ok(undefined);
      return err({ outcome: 'failed-internal', error: sayStoreFailure(written.error), replacedBy: null });
    },
    choose: async (pipeline) => {
      const chosen = choose(pipeline, run.jobs);
      if (chosen.ok) return chosen;
      refused = chosen.error;
      return err({ outcome: 'failed-internal', error: chosen.error, replacedBy: null });
    },
    sink,
    signal: stop.signal,
  });
  run.signal.removeEventListener('abort', asked);
  records?.close();
  const finished = out === null ? ok(undefined) : await outFinish(out.value, outcome);
  if (!finished.ok) return { kind: 'trouble', why: sayStoreFailure(finished.error) };
  if (refused !== null) return { kind: 'refused', why: refused };
  if (diagnostics !== null) return { kind: 'diagnostics', diagnostics, tree: tree.value };
  await run.sink.hear({
    event: 'run-finished',
    at: timestamp(systemClock()),
    state: stateOf(outcome.outcome),
    outcome,
  });
  return { kind: 'ended', outcome };
}

async function treeHere(run: LocalRun, sha: Sha): Promise<Result<Tree, string>> {
  if (run.revision !== null) return pipelineTree(run.gitDir, sha);
  const read = await snapshot(diskTree(run.top), '.quire');
  return read.ok ? ok(treeOf(read.value)) : err(sayGitFailure(read.error));
}

const repoName = (run: LocalRun): string => basename(run.top).replace(/\.git$/, '');

async function inPlace(run: LocalRun): Promise<Result<Subject, LocalEnd>> {
  const looked = await lookAtWorkTree(run.top);
  if (!looked.ok) return err({ kind: 'trouble', why: sayGitFailure(looked.error) });
  const { head, branch, dirty } = looked.value;
  const commit = head === null ? null : await withObjects(run.gitDir, (objects) => objects.commit(head));
  if (commit !== null && !commit.ok) return err({ kind: 'trouble', why: sayGitFailure(commit.error) });
  const ref = (branch === null ? 'HEAD' : `refs/heads/${branch}`) as RefName;
  const none = { text: '', bytes: null };
  return ok({
    meta: metaOf(run, {
      ref,
      sha: head ?? zeroSha,
      author: commit?.value.author ?? none,
      subject: commit?.value.subject ?? none,
    }),
    dirty,
  });
}

async function atCommit(run: LocalRun, revision: string): Promise<Result<Subject, LocalEnd>> {
  const found = await withObjects(run.gitDir, (objects) => resolveRevision(objects, revision));
  if (!found.ok) return err({ kind: 'refused', why: sayGitFailure(found.error) });
  const { commit, ref } = found.value;
  const { sha, author, subject } = commit;
  return ok({ meta: metaOf(run, { ref: ref ?? ('HEAD' as RefName), sha, author, subject }), dirty: null });
}

function metaOf(run: LocalRun, of: Pick<Meta, 'ref' | 'sha' | 'author' | 'subject'>): Meta {
  const now = systemClock();
  return {
    ...of,
    id: runId(now, randomUUID()),
    number: 0,
    repo: repoName(run),
    refBytes: null,
    oldSha: null,
    pushedAt: timestamp(now),
    pusher: { text: userInfo().username, bytes: null },
    reason: 'manual',
    rerunOf: null,
    variables: run.variables,
  };
}

function choose(pipeline: Pipeline, wanted: readonly string[] | null): Result<DriveOptions, string> {
  if (wanted === null) return ok({});
  const known = pipeline.jobs.map((job) => job.id);
  const stranger = wanted.find((word) => !known.includes(word as JobId));
  if (stranger === undefined) return ok({ only: neededFor(pipeline, wanted as JobId[]) });
  const near = nearest(stranger, known);
  const hint =
    near === null ? `there are: ${known.map(visible).join(', ')}` : `did you mean '${visible(near)}'?`;
  return err(`there is no job '${visible(stranger)}'; ${hint}`);
}
