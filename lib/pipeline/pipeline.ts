/**
 * The door of the room: a draft that kept every rule is a `Pipeline`, and holding one is the proof.
 *
 * Must not know: Lua, the disk, runs.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import type { JobId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Draft } from './draft.ts';
import { describe } from './problems.ts';
import { findProblems } from './rules.ts';
import type { InputId, Pipeline } from './sound.ts';

export { difference, type InputId, type Job, type Pipeline, type Registered, registered } from './sound.ts';

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
