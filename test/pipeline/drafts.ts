/**
 * Drafts as short lines, so that a test reads like the pipeline it is about.
 */
import { pointSpan } from '../../lib/base/diagnostic.ts';
import {
  type Draft,
  type DraftJob,
  defaultJobOptions,
  type JobOptions,
  type RunHandle,
} from '../../lib/pipeline/draft.ts';
import { checkDraft, type Pipeline } from '../../lib/pipeline/pipeline.ts';

/** One line a job: `test <- build lint`; `name <-` has no inputs. Job n is registered on line n. */
export function draft(lines: readonly string[], options: Partial<JobOptions> = {}): Draft {
  const jobs = lines.map((line, index): DraftJob => {
    const [id = '', inputs = ''] = line.split(/\s*<-\s*/);
    return {
      id,
      builtIn: false,
      inputs: inputs.split(' ').filter((input) => input !== ''),
      options: { ...defaultJobOptions, ...options },
      span: pointSpan('ci.fnl', index + 1, 1),
      run: index as RunHandle,
    };
  });
  return { jobs, images: [], faults: [] };
}

export function pipeline(...lines: readonly string[]): Pipeline {
  const checked = checkDraft(draft(lines));
  if (!checked.ok) throw new Error(checked.error.map(({ message }) => message).join('\n'));
  return checked.value;
}
