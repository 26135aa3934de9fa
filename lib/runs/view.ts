/**
 * A run as its events tell it: the state of every job, kept by a pure fold.
 *
 * Must not know: records on disk, who shows the view.
 */
import type { Timestamp } from '../base/clock.ts';
import type { JobId } from '../base/ids.ts';
import { unreachable } from '../base/unreachable.ts';
import type { RunEvent } from './events.ts';
import type { JobLine } from './records.ts';
import type { FinalState, JobState } from './states.ts';

export type JobView = {
  readonly line: JobLine;
  readonly state: JobState;
  readonly reason: string | null;
  readonly error: string | null;
  readonly attempt: number;
  readonly startedAt: Timestamp | null;
  readonly finishedAt: Timestamp | null;
};

export type RunView = {
  readonly jobs: ReadonlyMap<JobId, JobView>;
  readonly state: 'active' | FinalState;
};

export const emptyView: RunView = { jobs: new Map(), state: 'active' };

/** The view after one more event. */
export function fold(view: RunView, event: RunEvent): RunView {
  switch (event.event) {
    case 'run-started': {
      const jobs = event.jobs.map((line): [JobId, JobView] => [line.id, waiting(line)]);
      return { state: 'active', jobs: new Map(jobs) };
    }
    case 'job-started':
      return change(view, event.job, (job) => ({
        ...job,
        state: 'active',
        attempt: event.attempt,
        startedAt: job.startedAt ?? event.at,
      }));
    case 'job-finished': {
      const { state, reason, error, at } = event;
      return change(view, event.job, (job) => ({ ...job, state, reason, error, finishedAt: at }));
    }
    case 'run-finished':
      return { ...view, state: event.state };
    case 'command-started':
    case 'output':
    case 'command-finished':
    case 'note':
    case 'run-output':
    case 'container':
      return view;
    default:
      return unreachable(event);
  }
}

const waiting = (line: JobLine): JobView => ({
  line,
  state: 'pending',
  reason: null,
  error: null,
  attempt: 1,
  startedAt: null,
  finishedAt: null,
});

function change(view: RunView, id: JobId, to: (job: JobView) => JobView): RunView {
  const job = view.jobs.get(id);
  if (job === undefined) return view;
  return { ...view, jobs: new Map(view.jobs).set(id, to(job)) };
}
