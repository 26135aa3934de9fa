/**
 * A run without a server: the pipeline of a work tree in place, or of a commit in a workspace that is made for it.
 *
 * The same performance as the server's; only where things come from differs. Must not know: terminals, stores of runs.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, timestamp } from '../base/clock.ts';
import type { Diagnostic } from '../base/diagnostic.ts';
import {
  type FileResult,
  makeDirectory,
  makeTemporaryDirectory,
  removeTree,
  sayFileFailure,
} from '../base/files.ts';
import type { JobId } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';
import { nearest, visible } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Config } from '../config/config.ts';
import type { Executor } from '../executors/executor.ts';
import { sayGitFailure, withObjects, writeTree } from '../git/git.ts';
import { neededFor } from '../pipeline/graph.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { Launcher } from '../process/process.ts';
import { type Sink, tee } from '../runs/events.ts';
import type { Meta, Outcome } from '../runs/records.ts';
import { stateOf } from '../runs/states.ts';
import type { Tree } from '../script/script.ts';
import { ScriptThread } from '../script/thread.ts';
import {
  type Journal,
  journal,
  type OutDirectory,
  openOutDirectory,
  outFinish,
  outPipeline,
  type StoreFailure,
  sayStoreFailure,
} from '../store/store.ts';
import type { DriveOptions } from './drive.ts';
import { diagnosticRecord, pipelineRecord } from './evaluate.ts';
import { type Found, performRun, type RunPlan } from './perform.ts';
import { ownEnvironment } from './server.ts';
import { scriptLimits } from './settings.ts';
import type { Limits } from './stage.ts';
import { internal } from './stop.ts';
import {
  filesBeside,
  filesOf,
  findSubject,
  hasPipeline,
  type PipelineFiles,
  type Subject,
  type SubjectWish,
} from './subject.ts';

export type LocalRun = SubjectWish & {
  /** The pipeline's file, absolute; default null: the one in `.quire/`. */
  readonly pipelineFile?: string | null;
  readonly choice: Choice;
  readonly executor: Executor;
  readonly config: Config;
  readonly limits: Limits;
  /** Kept between local runs; absolute. */
  readonly cache: string;
  readonly worker: string;
  readonly launcher: string;
  readonly sink: Sink;
  /** Where the files of the run's directory go; null: nowhere. */
  readonly outDirectory: string | null;
  /** Told of every file that a run function writes, with its whole path. */
  readonly wrote?: (path: string) => void;
  /** Its reason is a `StopReason`. */
  readonly signal: AbortSignal;
};

/** What to work of the pipeline. */
export type Choice =
  | { readonly kind: 'all' }
  /** These jobs, and what they need. */
  | { readonly kind: 'jobs'; readonly jobs: readonly string[] }
  /** One job, and what `(jobs …)` answers in it; `quire/push` is what git says unless it is among them. */
  | {
      readonly kind: 'alone';
      readonly job: string;
      readonly outputs: ReadonlyMap<string, Plain>;
      /** Told of a job that `(jobs …)` asked for and that is not among them. */
      readonly missed: (job: string) => void;
    };

export type LocalEnd =
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  | { readonly kind: 'diagnostics'; readonly diagnostics: readonly Diagnostic[]; readonly tree: Tree }
  | { readonly kind: 'no-pipeline' }
  /** A wrong revision, a job that is not there: the caller's mistake, in one sentence. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Git or the disk, in one sentence. */
  | { readonly kind: 'trouble'; readonly why: string };

const trouble = (why: string): LocalEnd => ({ kind: 'trouble', why });

/**
 * Runs a pipeline here and now. The events of the run go to `sink`, `run-finished` last, also when the pipeline does
 * not evaluate; nothing of the run is left behind.
 */
export async function runLocally(run: LocalRun): Promise<LocalEnd> {
  // Both take a while to be ready; the launcher is forked before the thread takes its memory.
  const launcher = new Launcher(run.launcher, ownEnvironment());
  launcher.start();
  const thread = new ScriptThread(run.worker, scriptLimits(run.config));
  try {
    return await runIn({ thread, launcher }, run);
  } finally {
    await thread.end();
    launcher.close();
  }
}

type Helpers = Pick<RunPlan, 'thread' | 'launcher'>;

async function runIn(helpers: Helpers, run: LocalRun): Promise<LocalEnd> {
  const subject = await findSubject(run);
  if (!subject.ok) return subject.error;
  const { pipelineFile = null } = run;
  const files = await (pipelineFile === null
    ? filesOf(run, subject.value.meta.sha)
    : filesBeside(pipelineFile));
  if (!files.ok) return trouble(files.error);
  if (!hasPipeline(files.value)) return { kind: 'no-pipeline' };
  const cached = makeDirectory(run.cache);
  if (!cached.ok) return trouble(sayFileFailure(cached.error));
  const out = run.outDirectory === null ? null : await openOutDirectory(run.outDirectory, subject.value.meta);
  if (out !== null && !out.ok) return trouble(sayOutFailure(out.error));
  const workspace = workspaceFor(run);
  if (!workspace.ok) return trouble(sayFileFailure(workspace.error));
  return new LocalPerformance(
    helpers,
    run,
    subject.value,
    files.value,
    workspace.value,
    out?.value ?? null,
  ).perform();
}

const sayOutFailure = (failure: StoreFailure): string =>
  failure.reason === 'in-the-way'
    ? `${sayStoreFailure(failure)}: name a directory that is new or holds an earlier run`
    : sayStoreFailure(failure);

type Workspace = { readonly path: string; readonly clear: () => void };

function workspaceFor(run: LocalRun): FileResult<Workspace> {
  if (run.revision === null) return ok({ path: run.top, clear: () => {} });
  const made = makeTemporaryDirectory(join(tmpdir(), 'quire-'));
  return made.ok ? ok({ path: made.value, clear: () => removeTree(made.value) }) : made;
}

const failed = (error: string): Outcome => ({ outcome: 'failed-internal', error, replacedBy: null });

/** One local run from its workspace to its end. */
class LocalPerformance {
  readonly #helpers: Helpers;
  readonly #run: LocalRun;
  readonly #subject: Subject;
  readonly #files: PipelineFiles;
  readonly #workspace: Workspace;
  readonly #out: OutDirectory | null;
  readonly #stop = new AbortController();
  #diagnostics: readonly Diagnostic[] | null = null;
  #refused: string | null = null;

  constructor(
    helpers: Helpers,
    run: LocalRun,
    subject: Subject,
    files: PipelineFiles,
    workspace: Workspace,
    out: OutDirectory | null,
  ) {
    this.#helpers = helpers;
    this.#run = run;
    this.#subject = subject;
    this.#files = files;
    this.#workspace = workspace;
    this.#out = out;
  }

  async perform(): Promise<LocalEnd> {
    const { signal, sink } = this.#run;
    const asked = (): void => this.#stop.abort(signal.reason);
    signal.addEventListener('abort', asked);
    if (signal.aborted) asked();
    const records = this.#records();
    const performed = await this.#perform(records === null ? sink : tee(records, sink));
    signal.removeEventListener('abort', asked);
    records?.close();
    const finished = this.#out === null ? ok(undefined) : await outFinish(this.#out, performed);
    if (this.#refused !== null) return { kind: 'refused', why: this.#refused };
    const outcome = finished.ok ? performed : failed(sayStoreFailure(finished.error));
    const state = stateOf(outcome.outcome);
    await sink.hear({ event: 'run-finished', at: timestamp(systemClock()), state, outcome });
    if (!finished.ok) return trouble(sayStoreFailure(finished.error));
    if (this.#diagnostics === null) return { kind: 'ended', outcome };
    return { kind: 'diagnostics', diagnostics: this.#diagnostics, tree: this.#files.tree };
  }

  #records(): Journal | null {
    if (this.#out === null) return null;
    return journal(this.#out, {
      logLimit: this.#run.config.logLimitBytes,
      trouble: (failure) => this.#stop.abort(internal(sayFileFailure(failure))),
    });
  }

  #perform(sink: Sink): Promise<Outcome> {
    const run = this.#run;
    const { meta, dirty } = this.#subject;
    const { path: workspace, clear } = this.#workspace;
    const given = run.choice.kind === 'alone' ? run.choice.outputs.get('quire/push') : undefined;
    const { config, executor, cache, limits } = run;
    return performRun({
      ...{ meta, dirty, config, executor, cache, limits, workspace, clear, sink },
      ...this.#helpers,
      gitDir: run.gitDir ?? run.top,
      dataDirectory: run.top,
      push: given ?? this.#subject.push,
      tree: async () => ok(this.#files.tree),
      naming: this.#files.naming,
      prepare: (signal) => fill(run, meta, workspace, signal),
      found: (found) => this.#found(found),
      choose: async (pipeline) => {
        const chosen = choose(pipeline, run.choice);
        if (chosen.ok) return chosen;
        this.#refused = chosen.error;
        return err(failed(chosen.error));
      },
      wrote: run.wrote ?? (() => {}),
      signal: this.#stop.signal,
    });
  }

  async #found(found: Found): Promise<Result<void, Outcome>> {
    if (found.kind === 'diagnostics') this.#diagnostics = found.diagnostics;
    const record =
      found.kind === 'pipeline' ? pipelineRecord(found.pipeline) : diagnosticRecord(found.diagnostics);
    const written: Result<void, StoreFailure> =
      this.#out === null ? ok(undefined) : await outPipeline(this.#out, record);
    return written.ok ? written : err(failed(sayStoreFailure(written.error)));
  }
}

async function fill(
  run: LocalRun,
  meta: Meta,
  workspace: string,
  signal: AbortSignal,
): Promise<Result<void, string>> {
  if (run.revision === null || run.gitDir === null) return ok(undefined);
  const written = await withObjects(run.gitDir, (objects) => writeTree(objects, meta.sha, workspace, signal));
  return written.ok ? ok(undefined) : err(`the workspace: ${sayGitFailure(written.error)}`);
}

function choose(pipeline: Pipeline, choice: Choice): Result<DriveOptions, string> {
  switch (choice.kind) {
    case 'all':
      return ok({});
    case 'jobs': {
      const jobs = jobsNamed(pipeline, choice.jobs);
      return jobs.ok ? ok({ only: neededFor(pipeline, jobs.value) }) : jobs;
    }
    case 'alone': {
      const job = jobsNamed(pipeline, [choice.job]);
      if (!job.ok) return job;
      const given = jobsNamed(
        pipeline,
        [...choice.outputs.keys()].filter((id) => id !== 'quire/push'),
      );
      if (!given.ok) return err(`the given outputs: ${given.error}`);
      const takenOver = [...choice.outputs].map(([id, outputs]) => ({
        job: id as JobId,
        outputs,
        red: false,
      }));
      const { missed } = choice;
      return ok({ only: job.value, takenOver: takenOver.filter(({ job: id }) => id !== choice.job), missed });
    }
    default:
      return unreachable(choice);
  }
}

function jobsNamed(pipeline: Pipeline, wanted: readonly string[]): Result<JobId[], string> {
  const known = pipeline.jobs.map((job) => job.id);
  const stranger = wanted.find((word) => !known.includes(word as JobId));
  if (stranger === undefined) return ok(wanted as JobId[]);
  const near = nearest(stranger, known);
  const hint =
    near === null ? `there are: ${known.map(visible).join(', ')}` : `did you mean '${visible(near)}'?`;
  return err(`there is no job '${visible(stranger)}'; ${hint}`);
}
