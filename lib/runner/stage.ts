/**
 * What one run's jobs are worked with: everything a job may need, brought together once.
 *
 * Words only. Must not know: whether the run is a server's or a laptop's.
 */
import type { Clock } from '../base/clock.ts';
import type { JobId } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import type { Result } from '../base/result.ts';
import type { Session } from '../executors/executor.ts';
import type { RunEvent } from '../runs/events.ts';
import type { Meta } from '../runs/records.ts';
import type { MirrorAsk } from '../script/ask.ts';
import type { Script } from '../script/script.ts';
import type { Redactor, SecretEntry } from '../secrets/secrets.ts';
import type { RunEnvironment } from './environment.ts';
import type { StopReason } from './stop.ts';

export type Limits = {
  /** Jobs at a time; Infinity for no limit. */
  readonly jobs: number;
  /** Whether the first failed job ends the others. */
  readonly failFast: boolean;
  readonly timeoutMs: number;
};

export type Stage = {
  readonly meta: Meta;
  readonly script: Script;
  readonly session: Session;
  /** Absolute. */
  readonly workspace: string;
  readonly environment: RunEnvironment;
  readonly secrets: readonly SecretEntry[];
  /** Masks everything that leaves; knows each secret that was revealed. */
  readonly redactor: Redactor;
  /** Tells everybody who listens; what is in the event is masked by whoever emits it. */
  readonly emit: (event: RunEvent) => Promise<void>;
  /** All keys of `:quire/push`, computed when first asked for. */
  readonly push: () => Promise<Result<Plain, string>>;
  /** The git work of a mirror. Lines of git's output go to the job's log. */
  readonly mirror: (ask: MirrorAsk, work: MirrorWork) => Promise<Result<Plain, string>>;
  /** Told of every file that a run function writes, with its whole path. */
  readonly wrote: (path: string) => void;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Ends the run; the first reason counts. */
  readonly stop: (reason: StopReason) => void;
  /** Aborted by `stop`; its reason is the `StopReason`. */
  readonly signal: AbortSignal;
};

export type MirrorWork = {
  readonly job: JobId;
  readonly signal: AbortSignal;
  readonly credential: () => Promise<Result<string | null, string>>;
  readonly say: (line: string) => Promise<void>;
};

/** The reason in a signal that only `stop` aborts. */
export const stopReason = (signal: AbortSignal): StopReason | null =>
  signal.aborted ? (signal.reason as StopReason) : null;
