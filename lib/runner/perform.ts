/**
 * One run from its claim to its outcome: the same steps on a server and on a laptop.
 *
 * Must not know: what is recorded or shown; where the run came from.
 */
import { type Clock, systemClock, timestamp } from '../base/clock.ts';
import type { Diagnostic } from '../base/diagnostic.ts';

import type { Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Config } from '../config/config.ts';
import type { Executor, ExecutorEvent, RunPlace, Session } from '../executors/executor.ts';
import { blame, type ExecutorFailure, sayExecutorFailure } from '../executors/failure.ts';
import { refKind } from '../git/git.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { type Launcher, self, warmPipes } from '../process/process.ts';
import type { RunEvent, Sink } from '../runs/events.ts';
import type { ContainerRecord, Meta, Outcome } from '../runs/records.ts';
import type { EvaluateOptions, EvaluationFailure, Script, Tree } from '../script/script.ts';
import type { ScriptThread } from '../script/thread.ts';
import { Redactor } from '../secrets/secrets.ts';
import { type DriveOptions, driveJobs } from './drive.ts';
import { runEnvironment } from './environment.ts';
import { sayFirst } from './evaluate.ts';
import { mirror } from './mirror.ts';
import { pushValue } from './push-source.ts';
import { ownEnvironment, ownersEnvironment } from './server.ts';
import { dockerOf } from './settings.ts';
import { type Limits, type Stage, stopReason } from './stage.ts';
import { internal, outcomeOf, type StopReason } from './stop.ts';

/** What evaluation found, with the files it was found in. */
export type Found =
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly tree: Tree }
  | { readonly kind: 'diagnostics'; readonly diagnostics: readonly Diagnostic[]; readonly tree: Tree };

export type RunPlan = {
  readonly meta: Meta;
  readonly gitDir: string;
  readonly config: Config;
  readonly executor: Executor;
  /** Where the pipeline is evaluated; whoever started it ends it. */
  readonly thread: ScriptThread;
  /** Who starts the commands; whoever started it closes it. */
  readonly launcher: Launcher;
  /** Absolute. */
  readonly workspace: string;
  readonly cache: string;
  readonly dataDirectory: string;
  readonly limits: Limits;
  /** The files of a work tree that differ from HEAD; null for a run of a commit. */
  readonly dirty: readonly string[] | null;
  /** `:quire/push` as it is known already; default null: git is asked. */
  readonly push?: Plain;
  /** The files of `.quire/`. */
  readonly tree: () => Promise<Result<Tree, string>>;
  /** What the pipeline's file and the tree are called; default as in a repository. */
  readonly naming?: Pick<EvaluateOptions, 'main' | 'prefix'>;
  /** Fills the workspace; nothing to do for a run in place. */
  readonly prepare: (signal: AbortSignal) => Promise<Result<void, string>>;
  /** Removes what `prepare` made. */
  readonly clear: () => void;
  /** What was found: records it, or says why the run can't go on with it. */
  readonly found: (evaluated: Found) => Promise<Result<void, Outcome>>;
  /** Which jobs to work, once the pipeline is known. */
  readonly choose: (pipeline: Pipeline) => Promise<Result<DriveOptions, Outcome>>;
  readonly sink: Sink;
  /** Told of every file that a run function writes, with its whole path; default nobody is. */
  readonly wrote?: (path: string) => void;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
};

const failure = (outcome: Outcome['outcome'], error: string): Outcome => ({
  outcome,
  error,
  replacedBy: null,
});

/**
 * Performs a run and says how it ended. Everything it started is ended and what it made is removed when this
 * settles; `run-finished` is the caller's to emit, after the record.
 */
export async function performRun(plan: RunPlan): Promise<Outcome> {
  return new Performance(plan).perform();
}

class Performance {
  readonly #plan: RunPlan;
  readonly #clock: Clock;
  readonly #redactor = new Redactor();
  readonly #stopping = new AbortController();
  #container: ContainerRecord | null = null;
  #push: Promise<Result<Plain, string>> | null = null;

  constructor(plan: RunPlan) {
    this.#plan = plan;
    this.#clock = plan.clock ?? systemClock;
  }

  async perform(): Promise<Outcome> {
    const plan = this.#plan;
    const { signal } = plan;
    const asked = (): void => this.#stop(signal.reason as StopReason);
    signal.addEventListener('abort', asked);
    if (signal.aborted) asked();
    // The VM evaluates while git fills the workspace and what commands need gets ready: none waits for another.
    const evaluating = this.#evaluate();
    const [script, prepared] = await Promise.all([
      evaluating,
      plan.prepare(this.#stopping.signal),
      warmPipes(),
    ]);
    try {
      const stopped = stopReason(this.#stopping.signal);
      if (stopped !== null) return outcomeOf(stopped);
      if (!script.ok) return script.error;
      if (!prepared.ok) return failure('failed-internal', prepared.error);
      return await this.#drive(script.value);
    } finally {
      signal.removeEventListener('abort', asked);
      if (script.ok) await script.value.close();
      plan.clear();
    }
  }

  readonly #stop = (reason: StopReason): void => {
    const masked = reason.kind === 'internal' ? internal(this.#redactor.mask(reason.error)) : reason;
    if (!this.#stopping.signal.aborted) this.#stopping.abort(masked);
  };

  async #evaluate(): Promise<Result<Script, Outcome>> {
    const tree = await this.#plan.tree();
    if (!tree.ok) return err(failure('failed-internal', tree.error));
    const started = await this.#plan.thread.evaluate(tree.value, this.#plan.naming);
    if (!started.ok) return err(await this.#unsound(started.error, tree.value));
    const found = await this.#plan.found({
      kind: 'pipeline',
      pipeline: started.value.pipeline,
      tree: tree.value,
    });
    if (found.ok) return started;
    await started.value.close();
    return found;
  }

  async #unsound(problem: EvaluationFailure, tree: Tree): Promise<Outcome> {
    switch (problem.reason) {
      case 'no-pipeline':
        return failure('failed-pipeline', 'there is no .quire/ci.fnl');
      case 'diagnostics': {
        await this.#print(problem.printed);
        const found = await this.#plan.found({ kind: 'diagnostics', diagnostics: problem.diagnostics, tree });
        return found.ok ? failure('failed-pipeline', sayFirst(problem.diagnostics)) : found.error;
      }
    }
  }

  async #drive(script: Script): Promise<Outcome> {
    const plan = this.#plan;
    const options = await plan.choose(script.pipeline);
    if (!options.ok) return options.error;
    await this.#print(script.printed);
    if (script.pipeline.jobs.length === 0) return { outcome: 'succeeded', error: null, replacedBy: null };
    const session = await plan.executor.start(
      this.#place(script.pipeline),
      this.#hear,
      this.#stopping.signal,
    );
    if (!session.ok) return this.#notStarted(session.error);
    const outcome = await driveJobs(this.#stage(script, session.value), options.value);
    const ended = await session.value.stop();
    if (!ended.ok && outcome.outcome === 'succeeded') {
      return failure('failed-internal', this.#redactor.mask(sayExecutorFailure(ended.error)));
    }
    return outcome;
  }

  #notStarted(problem: ExecutorFailure): Outcome {
    const stopped = stopReason(this.#stopping.signal);
    if (stopped !== null) return outcomeOf(stopped);
    const said = this.#redactor.mask(sayExecutorFailure(problem));
    return failure(blame(problem) === 'pipeline' ? 'failed-pipeline' : 'failed-internal', said);
  }

  #place(pipeline: Pipeline): RunPlace {
    const plan = this.#plan;
    return {
      id: plan.meta.id,
      repo: plan.meta.repo,
      dataDirectory: plan.dataDirectory,
      workspace: plan.workspace,
      cache: plan.cache,
      image: pipeline.image,
      docker: dockerOf(plan.config),
      owner: self(),
      user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
      lifeMs: plan.limits.timeoutMs + 60_000,
      toolEnv: ownEnvironment(),
      spawn: plan.launcher.spawn,
      clock: this.#clock,
    };
  }

  #stage(script: Script, session: Session): Stage {
    const plan = this.#plan;
    const { meta, config } = plan;
    const { kind, name } = refKind(meta.ref);
    return {
      meta,
      script,
      session,
      workspace: plan.workspace,
      environment: runEnvironment({
        owner: ownersEnvironment(),
        path: config.path ?? process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
        passed: config.passEnv,
        configured: config.env,
        facts: {
          repo: meta.repo,
          run: meta.id,
          number: meta.number,
          sha: meta.sha,
          ref: meta.ref,
          branch: kind === 'branch' ? name : null,
          tag: kind === 'tag' ? name : null,
        },
        variables: meta.variables,
      }),
      secrets: config.secrets,
      redactor: this.#redactor,
      emit: this.#emit,
      push: () => {
        const given = plan.push ?? null;
        this.#push ??=
          given === null
            ? pushValue({ gitDir: plan.gitDir, meta, dirty: plan.dirty })
            : Promise.resolve(ok(given));
        return this.#push;
      },
      mirror: (ask, work) =>
        mirror({ gitDir: plan.gitDir, meta, forbidden: [plan.dataDirectory, plan.workspace] }, ask, work),
      wrote: plan.wrote ?? (() => {}),
      limits: plan.limits,
      clock: this.#clock,
      stop: this.#stop,
      signal: this.#stopping.signal,
    };
  }

  readonly #emit = async (event: RunEvent): Promise<void> => {
    await this.#plan.sink.hear(Object.freeze(event));
  };

  /** What `print` said while the pipeline was evaluated belongs to the run's own log. */
  async #print(lines: readonly string[]): Promise<void> {
    for (const text of lines) {
      await this.#emit({
        event: 'note',
        at: timestamp(this.#clock()),
        job: null,
        text: this.#redactor.mask(text),
      });
    }
  }

  readonly #hear = async (said: ExecutorEvent): Promise<void> => {
    const at = timestamp(this.#clock());
    switch (said.kind) {
      case 'note':
      case 'command':
        return this.#emit({ event: 'note', at, job: null, text: this.#redactor.mask(said.text) });
      case 'output':
        return this.#emit({
          event: 'run-output',
          at,
          stream: said.stream,
          bytes: this.#redactor.maskBytes(said.chunk),
        });
      case 'container': {
        const { facts } = said;
        const before = this.#container ?? nothingYet;
        this.#container = {
          engine: facts.engine ?? before.engine,
          buildStartedAt: facts.build_started_at ?? before.buildStartedAt,
          imageTag: facts.image_tag ?? before.imageTag,
          buildFinishedAt: facts.build_finished_at ?? before.buildFinishedAt,
          containerId: facts.container_id ?? before.containerId,
          containerStartedAt: facts.container_started_at ?? before.containerStartedAt,
          containerStoppedAt: facts.container_stopped_at ?? before.containerStoppedAt,
        };
        return this.#emit({ event: 'container', at, container: this.#container });
      }
    }
  };
}

const nothingYet: ContainerRecord = {
  engine: null,
  buildStartedAt: null,
  imageTag: null,
  buildFinishedAt: null,
  containerId: null,
  containerStartedAt: null,
  containerStoppedAt: null,
};
