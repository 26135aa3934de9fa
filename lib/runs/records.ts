/**
 * What is recorded of a run: the shapes of the contract's §1, in the field names of this code.
 *
 * Must not know: YAML, paths (the store's business), or how a run comes to be.
 */
import type { Timestamp } from '../base/clock.ts';
import type { JobId, RefName, RunId, Sha } from '../base/ids.ts';
import type { JobState, OutcomeName, RunState } from './states.ts';

/**
 * Text from outside that may not be UTF-8: `text` has U+FFFD where it is not, and then `bytes` has what it was.
 */
export type OutsideText = { readonly text: string; readonly bytes: Uint8Array | null };

export type Reason = 'push' | 'rerun' | 'manual';

/** `meta.yml`: what the run is of. Written once. */
export type Meta = {
  readonly id: RunId;
  /** Per repository 1, 2, 3 … in order of arrival. */
  readonly number: number;
  /** The directory's name without `.git`. */
  readonly repo: string;
  readonly ref: RefName;
  /** The bytes of a ref that is not UTF-8. */
  readonly refBytes: Uint8Array | null;
  readonly sha: Sha;
  /** Null for a new ref. */
  readonly oldSha: Sha | null;
  readonly pushedAt: Timestamp;
  readonly pusher: OutsideText;
  /** `Name <mail>`. */
  readonly author: OutsideText;
  readonly subject: OutsideText;
  readonly reason: Reason;
  readonly rerunOf: RunId | null;
  readonly variables: Readonly<Record<string, string>>;
};

/** `times.yml`: each stamp at most once, each at least as late as the one before it. */
export type Times = {
  readonly createdAt: Timestamp;
  readonly startedAt: Timestamp | null;
  readonly finishedAt: Timestamp | null;
};

/** `owner.yml`: a process, told apart from a later one with the same pid. */
export type Owner = { readonly pid: number; readonly start: number; readonly boot: string };

export type JobLine = {
  readonly id: JobId;
  readonly inputs: readonly string[];
  readonly file: string;
  readonly line: number;
};

export type DiagnosticLine = {
  readonly code: string;
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly hint: string | null;
  readonly job: string | null;
};

/** `pipeline.yml`: what evaluation found. Jobs in registration order. */
export type PipelineRecord =
  | { readonly kind: 'jobs'; readonly image: string | null; readonly jobs: readonly JobLine[] }
  | { readonly kind: 'diagnostics'; readonly diagnostics: readonly DiagnosticLine[] };

/** `outcome.yml`: the commit record, just before the last transition. */
export type Outcome = {
  readonly outcome: OutcomeName;
  readonly error: string | null;
  readonly replacedBy: RunId | null;
};

/** `container.yml`: grows step by step; what has not happened yet is null. */
export type ContainerRecord = {
  readonly engine: string | null;
  readonly buildStartedAt: Timestamp | null;
  readonly imageTag: string | null;
  readonly buildFinishedAt: Timestamp | null;
  readonly containerId: string | null;
  readonly containerStartedAt: Timestamp | null;
  readonly containerStoppedAt: Timestamp | null;
};

/** `jobs/<job>/job.yml`. */
export type JobRecord = {
  readonly id: JobId;
  readonly state: JobState;
  /** Why, where the state alone does not say: `needs <job>`, `did nothing`, `timeout`, `replaced` … */
  readonly reason: string | null;
  readonly startedAt: Timestamp | null;
  readonly finishedAt: Timestamp | null;
  /** Of the last command; null without one, -1 when a signal ended it. */
  readonly exit: number | null;
  /** From 1. */
  readonly attempt: number;
  readonly error: string | null;
};

/** One line of a `log.yml`. `t` is milliseconds since the command's `at`. */
export type LogEntry =
  | { readonly kind: 'command'; readonly sh: number; readonly cmd: string; readonly at: Timestamp }
  | {
      readonly kind: 'output';
      readonly stream: 'out' | 'err';
      readonly bytes: Uint8Array;
      readonly t: number;
    }
  | { readonly kind: 'exit'; readonly exit: number; readonly signal: string | null; readonly t: number }
  | { readonly kind: 'note'; readonly text: string; readonly at: Timestamp }
  | { readonly kind: 'attempt'; readonly attempt: number; readonly at: Timestamp }
  | { readonly kind: 'truncated' };

/** One line of `history.yml`. What can't be read of a run is null; its times are then those of its id. */
export type HistoryLine = {
  readonly number: number | null;
  readonly id: RunId;
  readonly state: RunState;
  readonly outcome: OutcomeName;
  readonly ref: RefName | null;
  readonly sha: Sha | null;
  readonly createdAt: Timestamp;
  readonly finishedAt: Timestamp;
};

/** Everything small about a run, as one look at its directory gives it. Logs are read apart. */
export type RunRecord = {
  readonly state: RunState;
  readonly meta: Meta;
  readonly times: Times;
  readonly owner: Owner | null;
  readonly pipeline: PipelineRecord | null;
  readonly outcome: Outcome | null;
  readonly container: ContainerRecord | null;
  /** In registration order, built-in jobs included. */
  readonly jobs: readonly JobRecord[];
};
