/**
 * A run's events as updates of its pages: many events within a short time make one update.
 *
 * It never holds a run back: events are only noted, and while one update is on its way the next is gathered.
 * Must not know: what an update writes.
 */
import { monotonic } from '../base/clock.ts';
import type { JobId, RunId } from '../base/ids.ts';
import { unreachable } from '../base/unreachable.ts';
import type { RunEvent, Sink } from '../runs/events.ts';
import type { Site, SiteResult } from './updates.ts';

export type SiteSinkOptions = {
  readonly run: RunId;
  /** Runs work while holding the site's lock. */
  readonly locked: (work: () => Promise<void>) => Promise<void>;
  /** Hears how each update went. */
  readonly heard?: (result: SiteResult) => void;
  /** Milliseconds within which the changes of states are gathered; default 200. */
  readonly gather?: number;
  /** Milliseconds between looks at a log that grows, or twenty times what a look takes if that is more; default 1000. */
  readonly gatherOutput?: number;
};

export type SiteSink = Sink & {
  /** The last update, of everything that may have changed. Call it when the records are final. */
  settle(): Promise<void>;
};

/** Keeps the pages of one run up to date while it goes on. */
export function siteSink(site: Site, options: SiteSinkOptions): SiteSink {
  const gather = options.gather ?? 200;
  const gatherOutput = options.gatherOutput ?? 1000;
  const changed = new Set<JobId>();
  const open = new Set<JobId>();
  let due: { readonly at: number; readonly timer: NodeJS.Timeout } | null = null;
  let working: Promise<void> = Promise.resolve();
  let busy = false;
  let lastTook = 0;
  let over = false;

  const update = async (jobs: ReadonlySet<JobId>): Promise<void> => {
    await options.locked(async () => {
      const began = monotonic();
      const result = await site.update([{ run: options.run, jobs }]);
      lastTook = monotonic() - began;
      options.heard?.(result);
    });
  };
  const start = (): void => {
    if (busy) {
      wake(gather);
      return;
    }
    const jobs = new Set(changed);
    changed.clear();
    busy = true;
    working = update(jobs).finally(() => {
      busy = false;
    });
  };
  const wake = (within: number): void => {
    if (over) return;
    const at = monotonic() + within;
    if (due !== null && due.at <= at) return;
    if (due !== null) clearTimeout(due.timer);
    const timer = setTimeout(() => {
      due = null;
      start();
    }, within);
    // A process that is done need not wait for pages: `settle` is what brings them to their end.
    timer.unref();
    due = { at, timer };
  };
  const change = (job: JobId | null, within: number): void => {
    if (job !== null) changed.add(job);
    wake(within);
  };

  return {
    hear: (event: RunEvent) => {
      switch (event.event) {
        case 'run-started':
          for (const line of event.jobs) {
            changed.add(line.id);
            open.add(line.id);
          }
          return wake(gather);
        case 'job-started':
          return change(event.job, gather);
        case 'job-finished':
          open.delete(event.job);
          return change(event.job, gather);
        case 'command-started':
        case 'command-finished':
        case 'output':
        case 'note':
          return change(event.job, Math.max(gatherOutput, 20 * lastTook));
        case 'run-output':
        case 'container':
          return wake(Math.max(gatherOutput, 20 * lastTook));
        case 'run-finished':
          return;
        default:
          return unreachable(event);
      }
    },
    settle: async () => {
      over = true;
      if (due !== null) clearTimeout(due.timer);
      due = null;
      await working;
      // A job that never said it finished may still have been ended by the run's last step.
      await update(new Set([...changed, ...open]));
    },
  };
}
