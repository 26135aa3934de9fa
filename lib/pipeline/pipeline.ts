/**
 * The door of the room: a draft that kept every rule is a `Pipeline`, and holding one is the proof.
 *
 * Must not know: Lua, the disk, runs.
 */
import type { Diagnostic, Span } from '../base/diagnostic.ts';
import type { JobId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Draft, JobOptions, RunHandle, SourceId } from './draft.ts';
import { describe } from './problems.ts';
import { findProblems } from './rules.ts';

/** What a job waits for: another job, or what starts a run. */
export type InputId = JobId | SourceId;

export type Job = {
  readonly id: JobId;
  readonly builtIn: boolean;
  /** Each once, in the order they were listed. */
  readonly inputs: readonly InputId[];
  readonly options: JobOptions;
  readonly span: Span;
  readonly run: RunHandle;
};

declare const checked: unique symbol;

/** Plain data: it can be posted to another thread. */
export type Pipeline = {
  readonly image: string | null;
  /** In the order of registration. */
  readonly jobs: readonly Job[];
  readonly [checked]: true;
};

/** All problems of a draft together, each once, in the order of the file; or the pipeline it is. */
export function checkDraft(draft: Draft): Result<Pipeline, Diagnostic[]> {
  const found = findProblems(draft);
  if (found.length > 0) return err(found.map(describe));
  const jobs = draft.jobs.map((job) => ({
    id: job.id as JobId,
    builtIn: job.builtIn,
    inputs: [...new Set(job.inputs ?? [])] as InputId[],
    options: job.options,
    span: job.span,
    run: job.run,
  }));
  return ok({ image: draft.images[0]?.name ?? null, jobs } as unknown as Pipeline);
}

/** What of a pipeline is recorded, and must be the same whenever the same commit is evaluated. */
export type Registered = {
  readonly image: string | null;
  readonly jobs: readonly {
    readonly id: JobId;
    readonly inputs: readonly string[];
    readonly file: string;
    readonly line: number;
  }[];
};

export const registered = (pipeline: Pipeline): Registered => ({
  image: pipeline.image,
  jobs: pipeline.jobs.map(({ id, inputs, span }) => ({ id, inputs, file: span.file, line: span.start.line })),
});

/**
 * The first difference between two evaluations of one commit, in words, or null: a pipeline that registers
 * other jobs the second time is not deterministic.
 */
export function difference(first: Registered, second: Registered): string | null {
  if (first.image !== second.image)
    return `the image was ${first.image ?? 'none'}, then ${second.image ?? 'none'}`;
  for (const [index, job] of first.jobs.entries()) {
    const other = second.jobs[index];
    if (other === undefined) return `job '${job.id}' was registered the first time only`;
    if (job.id !== other.id) return `the job at place ${index + 1} was '${job.id}', then '${other.id}'`;
    if (job.inputs.join('\0') !== other.inputs.join('\0'))
      return `the inputs of job '${job.id}' were [${job.inputs.join(' ')}], then [${other.inputs.join(' ')}]`;
  }
  const extra = second.jobs[first.jobs.length];
  return extra === undefined ? null : `job '${extra.id}' was registered the second time only`;
}
