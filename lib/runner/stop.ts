/**
 * Why a run is ended before its jobs are done, and what that makes of the run and its jobs.
 *
 * Pure. Must not know: who notices the reason, or how processes are ended.
 */
import type { RunId } from '../base/ids.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Outcome } from '../runs/records.ts';

export type StopReason =
  | { readonly kind: 'canceled' }
  | { readonly kind: 'replaced'; readonly by: RunId }
  /** The run's own `:timeout`. */
  | { readonly kind: 'timeout'; readonly limitMs: number }
  /** The runner that supervises the run is gone. */
  | { readonly kind: 'orphaned' }
  /** A fault that no command is to blame for: the engine's, the disk's, quire's. */
  | { readonly kind: 'internal'; readonly error: string };

export const internal = (error: string): StopReason => ({ kind: 'internal', error });

/** The outcome of a run that was stopped. */
export function outcomeOf(reason: StopReason): Outcome {
  switch (reason.kind) {
    case 'canceled':
      return { outcome: 'canceled', error: null, replacedBy: null };
    case 'replaced':
      return { outcome: 'replaced', error: null, replacedBy: reason.by };
    case 'orphaned':
      return {
        outcome: 'failed-orphaned',
        error: 'the runner died while the run was active',
        replacedBy: null,
      };
    case 'timeout':
      return {
        outcome: 'failed-timeout',
        error: `the run took longer than ${reason.limitMs / 1000} s (:timeout in config.fnl)`,
        replacedBy: null,
      };
    case 'internal':
      return { outcome: 'failed-internal', error: reason.error, replacedBy: null };
    default:
      return unreachable(reason);
  }
}

/** The `reason` of a job that the stop canceled. */
export function jobReasonOf(reason: StopReason): string {
  switch (reason.kind) {
    case 'canceled':
    case 'replaced':
    case 'timeout':
    case 'orphaned':
      return reason.kind;
    case 'internal':
      return 'canceled';
    default:
      return unreachable(reason);
  }
}
