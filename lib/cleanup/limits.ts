/**
 * Which finished runs are past the limits.
 *
 * Pure. Must not know: the disk, how anything is removed.
 */
import { parseTimestamp, type Timestamp } from '../base/clock.ts';
import type { RefName, RunId } from '../base/ids.ts';
import type { FinalState } from '../runs/states.ts';

export type FinishedRun = {
  readonly id: RunId;
  readonly number: number;
  readonly ref: RefName;
  readonly state: FinalState;
  readonly finishedAt: Timestamp;
};

export type Limits = {
  /** How many finished runs stay; null: all. */
  readonly keep: number | null;
  /** Those that ended longer ago go; null: none. */
  readonly olderThanMs: number | null;
  /** How many failed runs stay whatever the other limits say; null: none are special. */
  readonly keepFailed: number | null;
};

export type PastLimit = { readonly run: FinishedRun; readonly why: 'beyond-keep' | 'too-old' };

/** The oldest first. The newest finished run of a ref always stays: it is how the ref stands. */
export function pastLimits(runs: readonly FinishedRun[], limits: Limits, now: number): PastLimit[] {
  const newestFirst = [...runs].sort((a, b) => b.number - a.number);
  const failed = newestFirst.filter((run) => run.state === 'failed').slice(0, limits.keepFailed ?? 0);
  const safe = new Set([...newestOfRefs(newestFirst), ...failed]);
  const past: PastLimit[] = [];
  for (const [place, run] of newestFirst.entries()) {
    if (safe.has(run)) continue;
    if (limits.keep !== null && place >= limits.keep) past.push({ run, why: 'beyond-keep' });
    else if (isOlder(run, limits.olderThanMs, now)) past.push({ run, why: 'too-old' });
  }
  return past.reverse();
}

function newestOfRefs(newestFirst: readonly FinishedRun[]): FinishedRun[] {
  const newest = new Map<RefName, FinishedRun>();
  for (const run of newestFirst) if (!newest.has(run.ref)) newest.set(run.ref, run);
  return [...newest.values()];
}

function isOlder(run: FinishedRun, olderThanMs: number | null, now: number): boolean {
  const ended = parseTimestamp(run.finishedAt);
  return olderThanMs !== null && ended !== null && now - ended > olderThanMs;
}
