/**
 * How states, outcomes and times are said on a page: one vocabulary for every template.
 *
 * Must not know: markup, or which page says it.
 */
import { parseTimestamp } from '../base/clock.ts';
import { showDuration } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Reason } from '../runs/records.ts';
import type { JobState, OutcomeName, RunState } from '../runs/states.ts';

export type AnyState = RunState | JobState;

/** A sentence on why a run ended as it did; null where the state says it all. `failedJobs` may be the first of `failures`. */
export function sayOutcome(
  outcome: OutcomeName,
  failedJobs: readonly string[],
  failures = failedJobs.length,
): string | null {
  switch (outcome) {
    case 'succeeded':
      return null;
    case 'failed-job':
      return failedJobs.length === 0 ? 'A job failed.' : `${sayList(failedJobs, failures)} failed.`;
    case 'failed-pipeline':
      return 'The pipeline does not evaluate.';
    case 'failed-internal':
      return 'Not the pipeline’s fault: quire or its engine failed.';
    case 'failed-orphaned':
      return 'The process that worked on it died.';
    case 'failed-timeout':
      return 'It took longer than the time limit.';
    case 'replaced':
      return 'A newer run of the same ref took its place.';
    case 'canceled':
      return 'Someone stopped it.';
    default:
      return unreachable(outcome);
  }
}

export function sayReason(reason: Reason): string {
  switch (reason) {
    case 'push':
      return 'pushed';
    case 'rerun':
      return 'run again';
    case 'manual':
      return 'run by hand';
    default:
      return unreachable(reason);
  }
}

/** `a`, `a and b`, `a, b and 3 more`; of `count` names these are the first. */
export function sayList(names: readonly string[], count = names.length): string {
  if (count <= 1) return names.join('');
  const shown = names.slice(0, count > 3 ? 2 : count - 1);
  const rest = count - shown.length;
  return `${shown.join(', ')} and ${rest === 1 ? names[count - 1] : `${rest} more`}`;
}

/** The name in `Name <mail>`; the whole text when there is no name. */
export function nameOf(author: string): string {
  const name = /^\s*([^<]*?)\s*<[^>]*>\s*$/.exec(author)?.[1];
  return name === undefined || name === '' ? author : name;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export type Moment = {
  /** For `datetime=`. */
  readonly iso: string;
  /** `21 Nov 2026, 10:00` in UTC; what is read without the script. */
  readonly text: string;
  /** The same with seconds. */
  readonly precise: string;
};

export function momentOf(stamp: string): Moment {
  const milliseconds = parseTimestamp(stamp);
  if (milliseconds === null) return { iso: '1970-01-01T00:00:00.000Z', text: stamp, precise: stamp };
  const date = new Date(milliseconds);
  const iso = date.toISOString();
  const day = `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return { iso, text: `${day}, ${iso.slice(11, 16)}`, precise: `${day}, ${iso.slice(11, 19)}` };
}

/** Milliseconds from one stamp to another; null when either is missing. */
export function between(from: string | null, to: string | null): number | null {
  const start = from === null ? null : parseTimestamp(from);
  const end = to === null ? null : parseTimestamp(to);
  return start === null || end === null ? null : Math.max(0, end - start);
}

export type Span = {
  /** `1.2 s`; empty when it has not begun. */
  readonly text: string;
  /** Set while it goes on: the moment it began, for the script to count from. */
  readonly since: string | null;
};

export function spanOf(startedAt: string | null, finishedAt: string | null): Span {
  const took = between(startedAt, finishedAt);
  if (took !== null) return { text: showDuration(took), since: null };
  return startedAt === null || finishedAt !== null
    ? { text: '', since: null }
    : { text: 'running', since: momentOf(startedAt).iso };
}
