/**
 * Ends processes and looks until they are gone: SIGTERM, a grace, SIGKILL.
 *
 * Must not know: what the processes did.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { monotonic } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Identity, identify } from './identity.ts';
import { type Found, findProcesses, stillRuns } from './proc.ts';

/** Between SIGTERM and SIGKILL. */
export const graceMs = 5000;

/** How long killed processes may take to vanish before they are reported as not endable. */
const patienceMs = 5000;

const [shortestWait, longestWait] = [2, 100];

export type EndOptions = {
  /** Default: 5 s. */
  readonly graceMs?: number | undefined;
  /** The leader of a session that ends as well, marked or not; default: none. */
  readonly leader?: Identity | null;
};

export type NotEnded = { readonly reason: 'still-running'; readonly pids: readonly number[] };

/**
 * Ends every process whose environment holds an entry that begins with `mark` (`NAME=value`), this one aside, until
 * two looks find none: a process may have forked between the first look and its end.
 */
export async function endMarked(mark: string, options: EndOptions = {}): Promise<Result<void, NotEnded>> {
  const grace = options.graceMs ?? graceMs;
  const began = monotonic();
  const asked = new Set<string>();
  let clean = 0;
  let wait = shortestWait;
  let killing = false;
  for (;;) {
    const found = findProcesses({ mark, session: sessionOf(options.leader) });
    clean = found.length === 0 ? clean + 1 : 0;
    if (clean === 2) return ok(undefined);
    const late = monotonic() - began - grace;
    if (late > patienceMs) return err({ reason: 'still-running', pids: found.map((each) => each.pid) });
    for (const each of found) {
      const name = `${each.pid}/${each.start}`;
      if (late >= 0) signalOne(each, 'SIGKILL');
      else if (!asked.has(name)) {
        asked.add(name);
        signalOne(each, 'SIGTERM');
        // A stopped process hears nothing until it goes on.
        signalOne(each, 'SIGCONT');
      }
    }
    // Looks are close together at first, and again once something has changed.
    wait = found.length === 0 || (late >= 0 && !killing) ? shortestWait : Math.min(wait * 2, longestWait);
    killing = late >= 0;
    await pause(killing ? wait : Math.min(wait, -late));
  }
}

/** Whoever has the leader's pid now and is not the leader has a session that is none of ours. */
function sessionOf(leader: Identity | null | undefined): number | null {
  if (!leader) return null;
  const now = identify(leader.pid);
  return now === null || now.start === leader.start ? leader.pid : null;
}

function signalOne(found: Found, signal: NodeJS.Signals): void {
  // Looked at again right before: the pid may have been given to another process since.
  if (!stillRuns(found)) return;
  try {
    process.kill(found.pid, signal);
  } catch {
    // Gone in this instant, or not ours to signal: the next look tells which.
  }
}
