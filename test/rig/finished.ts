/**
 * Runs that were worked to their end, put into a store without working any.
 *
 * Must not know: what a test is about.
 */
import { timestamp } from '../../lib/base/clock.ts';
import type { JobId, RunId } from '../../lib/base/ids.ts';
import type { RunEvent } from '../../lib/runs/events.ts';
import type { OutcomeName } from '../../lib/runs/states.ts';
import { claimPipeline, finish, journal, type Store } from '../../lib/store/store.ts';
import { draft, ended, good, jobs, nothingToShow, put, take } from '../store/place.ts';

export type Sketch = {
  readonly ref?: string;
  readonly outcome?: OutcomeName;
  /** The tag of the image its container ran. */
  readonly image?: string;
  /** What each job printed. */
  readonly logs?: Readonly<Record<string, string | Uint8Array>>;
};

/** The `n`th run, finished; its time and id follow from `n`. */
export async function finished(store: Store, n: number, sketch: Sketch = {}): Promise<RunId> {
  const [id] = await put(store, draft(n, sketch.ref));
  if (id === undefined) throw new Error('nothing was published');
  const claim = await take(store, id);
  const outcome = sketch.outcome ?? 'succeeded';
  const logs = Object.entries(sketch.logs ?? { build: 'hello\n' });
  good(await claimPipeline(claim, jobs(...logs.map(([job]) => job))));
  const records = journal(claim, {
    trouble: (failure) => {
      throw new Error(JSON.stringify(failure));
    },
  });
  for (const [name, bytes] of logs)
    for (const event of eventsOf(store, name as JobId, bytes)) records.hear(event);
  if (sketch.image !== undefined) records.hear(containerEvent(store, sketch.image));
  records.close();
  good(await finish(claim, ended(outcome), nothingToShow));
  return id;
}

const containerEvent = (store: Store, imageTag: string): RunEvent => ({
  event: 'container',
  at: timestamp(store.clock()),
  container: {
    engine: 'docker',
    imageTag,
    buildStartedAt: null,
    buildFinishedAt: null,
    containerId: null,
    containerStartedAt: null,
    containerStoppedAt: null,
  },
});

function eventsOf(store: Store, job: JobId, printed: string | Uint8Array): RunEvent[] {
  const at = timestamp(store.clock());
  const bytes = Buffer.from(printed);
  return [
    { event: 'job-started', at, job, attempt: 1 },
    { event: 'command-started', at, job, sh: 1, cmd: `make ${job}` },
    { event: 'output', at, job, sh: 1, stream: 'out', bytes, t: 1 },
    { event: 'command-finished', at, job, sh: 1, exit: 0, signal: null, t: 2 },
    { event: 'job-finished', at, job, state: 'complete', reason: null, error: null, exit: 0, outputs: null },
  ];
}
