/**
 * What happens in a run, told once: records, site, terminal and `--events` all listen to this one union.
 *
 * Everything in an event is masked already. Must not know: who listens.
 */
import type { Timestamp } from '../base/clock.ts';
import type { JobId, RefName, RunId, Sha } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import type { ContainerRecord, JobLine, Outcome } from './records.ts';
import type { FinalJobState, FinalState } from './states.ts';

/** Bytes of a command's output, masked. `t` is milliseconds since the command began. */
export type OutputEvent = {
  readonly event: 'output';
  readonly at: Timestamp;
  readonly job: JobId;
  readonly sh: number;
  readonly stream: 'out' | 'err';
  readonly bytes: Uint8Array;
  readonly t: number;
};

export type RunEvent =
  | {
      readonly event: 'run-started';
      readonly at: Timestamp;
      readonly run: RunId;
      readonly number: number;
      readonly ref: RefName;
      readonly sha: Sha;
      readonly jobs: readonly JobLine[];
    }
  | { readonly event: 'job-started'; readonly at: Timestamp; readonly job: JobId; readonly attempt: number }
  | {
      readonly event: 'command-started';
      readonly at: Timestamp;
      readonly job: JobId;
      readonly sh: number;
      readonly cmd: string;
    }
  | OutputEvent
  | {
      readonly event: 'command-finished';
      readonly at: Timestamp;
      readonly job: JobId;
      readonly sh: number;
      readonly exit: number;
      readonly signal: string | null;
      readonly t: number;
    }
  /** A line of a job's log, or, with a null job, of the run's own. */
  | { readonly event: 'note'; readonly at: Timestamp; readonly job: JobId | null; readonly text: string }
  /** Output that belongs to no job: an image build, a pull. */
  | {
      readonly event: 'run-output';
      readonly at: Timestamp;
      readonly stream: 'out' | 'err';
      readonly bytes: Uint8Array;
    }
  | { readonly event: 'container'; readonly at: Timestamp; readonly container: ContainerRecord }
  | {
      readonly event: 'job-finished';
      readonly at: Timestamp;
      readonly job: JobId;
      readonly state: FinalJobState;
      readonly reason: string | null;
      readonly error: string | null;
      /** Of the last command; null without one. */
      readonly exit: number | null;
      readonly outputs: Plain | null;
    }
  | {
      readonly event: 'run-finished';
      readonly at: Timestamp;
      readonly state: FinalState;
      readonly outcome: Outcome;
    };

/** Hears every event, in order. A promise that is pending holds the run's output back: memory stays bounded. */
export interface Sink {
  hear(event: RunEvent): void | Promise<void>;
}

/** A sink that passes each event on, one listener after the other. */
export const tee = (...sinks: readonly Sink[]): Sink => ({
  async hear(event) {
    for (const sink of sinks) await sink.hear(event);
  },
});
