/**
 * What outlives a VM that a limit ended: how many commands each job ran, and what a new evaluation must be like.
 *
 * Must not know: where a VM lives.
 */
import type { JobId } from '../base/ids.ts';
import type { Result } from '../base/result.ts';
import { difference, type Pipeline, registered } from '../pipeline/pipeline.ts';
import type { EvaluationFailure, Step } from './script.ts';
import { failedBy } from './session.ts';

/** A job's commands are counted over all its attempts, whichever VM they ran in. */
export class CommandCounts {
  readonly #last = new Map<JobId, number>();

  of(job: JobId): number {
    return this.#last.get(job) ?? 0;
  }

  /** Passes a step on. */
  heard(job: JobId, step: Step): Step {
    if (step.kind === 'asks' && step.ask.want === 'sh') this.#last.set(job, step.ask.sh);
    return step;
  }
}

/** How a job ends that can't begin because its file, evaluated again, is no longer the same pipeline; else null. */
export function changedPipeline(first: Pipeline, again: Result<Pipeline, EvaluationFailure>): Step | null {
  if (again.ok) {
    const change = difference(registered(first), registered(again.value));
    return change === null ? null : failed(`the pipeline is not deterministic: ${change}`);
  }
  const { error } = again;
  const [fault] = error.reason === 'diagnostics' ? error.diagnostics : [];
  if (fault !== undefined) return { kind: 'ended', end: failedBy(fault) };
  return failed('the pipeline could not be evaluated a second time');
}

const failed = (error: string): Step => ({
  kind: 'ended',
  end: { state: 'failed', error, diagnostic: null },
});
