/**
 * What a sound pipeline is, and what of it is recorded.
 *
 * Must not know: how a draft becomes one (`pipeline.ts`), Lua, the disk.
 */
import type { Span } from '../base/diagnostic.ts';
import type { JobId } from '../base/ids.ts';
import type { JobOptions, RunHandle, SourceId } from './draft.ts';

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
