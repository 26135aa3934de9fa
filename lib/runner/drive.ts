/**
 * Walks a run's jobs from the first to the last and says how the run ended.
 *
 * Must not know: where the pipeline came from, what is recorded, who listens.
 */
import { after, timestamp } from '../base/clock.ts';
import type { JobId } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import { isSource } from '../pipeline/draft.ts';
import { transitiveInputs } from '../pipeline/graph.ts';
import { type Job, type Pipeline, registered } from '../pipeline/pipeline.ts';
import type { Outcome } from '../runs/records.ts';
import { type JobResult, workJob } from './job.ts';
import { type Decision, decide, type Node, type Progress } from './schedule.ts';
import { type Stage, stopReason } from './stage.ts';
import { jobReasonOf, outcomeOf } from './stop.ts';

/** A job that is not worked again: what it came to in the run it is taken over from. */
export type TakenOver = { readonly job: JobId; readonly outputs: Plain | null; readonly red: boolean };

export type DriveOptions = {
  /** The jobs to work, their inputs among them or taken over; default all. */
  readonly only?: readonly JobId[];
  /** Default none. */
  readonly takenOver?: readonly TakenOver[];
  /** Told of a job whose outputs were asked for, and that is neither worked nor taken over. */
  readonly missed?: (job: JobId) => void;
};

/** Works the jobs of a run. Emits everything from `run-started` on, but not `run-finished`: the caller may have to clean up first. */
export async function driveJobs(stage: Stage, options: DriveOptions = {}): Promise<Outcome> {
  const { pipeline } = stage.script;
  const only = options.only === undefined ? null : new Set(options.only);
  const jobs = pipeline.jobs.filter((job) => only === null || only.has(job.id));
  await stage.emit({
    event: 'run-started',
    at: timestamp(stage.clock()),
    run: stage.meta.id,
    number: stage.meta.number,
    ref: stage.meta.ref,
    sha: stage.meta.sha,
    jobs: registered(pipeline).jobs.filter((job) => only === null || only.has(job.id)),
  });
  const work = new Work(stage, jobs, options);
  const { timeoutMs } = stage.limits;
  const callOff = after(timeoutMs, () => stage.stop({ kind: 'timeout', limitMs: timeoutMs }));
  try {
    await work.all();
  } finally {
    callOff();
  }
  const stopped = stopReason(stage.signal);
  return stopped === null ? work.outcome() : outcomeOf(stopped);
}

class Work {
  readonly #stage: Stage;
  readonly #jobs: ReadonlyMap<JobId, Job>;
  readonly #nodes: readonly Node[];
  readonly #missed: (job: JobId) => void;
  readonly #progress = new Map<JobId, Progress>();
  readonly #outputs = new Map<JobId, Plain | null>();
  readonly #running = new Map<JobId, Promise<void>>();
  /** Ends every running job for fail-fast; the run itself is not stopped. */
  readonly #failFast = new AbortController();
  #firstError: { readonly job: JobId; readonly error: string | null } | null = null;

  constructor(stage: Stage, jobs: readonly Job[], { takenOver = [], missed = () => {} }: DriveOptions) {
    this.#stage = stage;
    this.#missed = missed;
    this.#jobs = new Map(jobs.map((job) => [job.id, job]));
    this.#nodes = nodesOf(stage.script.pipeline, jobs);
    for (const job of jobs) this.#progress.set(job.id, 'waiting');
    for (const { job, outputs, red } of takenOver) {
      this.#progress.set(job, red ? 'red' : 'done');
      this.#outputs.set(job, outputs);
    }
  }

  /** Until no job runs and none can start. */
  async all(): Promise<void> {
    const stopped = aborted(this.#stage.signal);
    for (;;) {
      if (this.#stage.signal.aborted) {
        await Promise.all(this.#running.values());
        return this.#cancelWaiting(() => true);
      }
      if (this.#failFast.signal.aborted) {
        await this.#skipAll(decide(this.#nodes, this.#progress, 0).skip);
        await this.#cancelWaiting((node) => !node.always);
      }
      const room = this.#stage.limits.jobs - this.#running.size;
      const { start, skip, over } = decide(this.#nodes, this.#progress, room);
      await this.#skipAll(skip);
      for (const id of start) this.#start(id);
      if (over && start.length === 0) return;
      if (skip.length > 0) continue;
      await Promise.race([...this.#running.values(), stopped]);
    }
  }

  outcome(): Outcome {
    const first = this.#firstError;
    if (first === null) return { outcome: 'succeeded', error: null, replacedBy: null };
    const because = first.error === null ? '' : `: ${first.error}`;
    return { outcome: 'failed-job', error: `job '${first.job}' failed${because}`, replacedBy: null };
  }

  #start(id: JobId): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    this.#progress.set(id, 'running');
    const signal = job.options.always
      ? this.#stage.signal
      : AbortSignal.any([this.#stage.signal, this.#failFast.signal]);
    const done = workJob(this.#stage, job, signal, (of) => this.#outputsOf(of)).then((result) => {
      this.#running.delete(id);
      this.#take(job, result);
    });
    this.#running.set(id, done);
  }

  #outputsOf(job: JobId): Plain {
    if (!this.#outputs.has(job)) this.#missed(job);
    return this.#outputs.get(job) ?? null;
  }

  #take(job: Job, result: JobResult): void {
    this.#outputs.set(job.id, result.outputs);
    const red = result.state === 'failed' && !job.options.allowFailure;
    this.#progress.set(job.id, red ? 'red' : 'done');
    if (!red) return;
    this.#firstError ??= { job: job.id, error: result.error };
    if (this.#stage.limits.failFast) this.#failFast.abort();
  }

  async #skipAll(skip: Decision['skip']): Promise<void> {
    for (const { job, because } of skip) await this.#leaveOut(job, 'skipped', `needs ${because}`);
  }

  async #cancelWaiting(which: (node: Node) => boolean): Promise<void> {
    const stopped = stopReason(this.#stage.signal);
    for (const node of this.#nodes) {
      if (this.#progress.get(node.id) !== 'waiting' || !which(node)) continue;
      await this.#leaveOut(node.id, 'canceled', stopped === null ? 'canceled' : jobReasonOf(stopped));
    }
  }

  async #leaveOut(job: JobId, state: 'skipped' | 'canceled', reason: string): Promise<void> {
    this.#progress.set(job, 'done');
    const at = timestamp(this.#stage.clock());
    await this.#stage.emit({
      event: 'job-finished',
      at,
      job,
      state,
      reason,
      error: null,
      exit: null,
      outputs: null,
    });
  }
}

function nodesOf(pipeline: Pipeline, jobs: readonly Job[]): Node[] {
  return jobs.map((job) => {
    const far = transitiveInputs(pipeline, job.id);
    return {
      id: job.id,
      inputs: job.inputs.filter((id): id is JobId => !isSource(id)),
      ancestors: pipeline.jobs.map(({ id }) => id).filter((id) => far.has(id)),
      always: job.options.always,
    };
  });
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((tell) => {
    if (signal.aborted) tell();
    else signal.addEventListener('abort', () => tell(), { once: true });
  });
