import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Timestamp, timestamp } from '../../lib/base/clock.ts';
import type { JobId, RefName, RunId, Sha } from '../../lib/base/ids.ts';
import { type RunEvent, tee } from '../../lib/runs/events.ts';
import { emptyView, fold } from '../../lib/runs/view.ts';

const test = suite('runs/view');

const at = (second: number): Timestamp => timestamp(Date.parse('2026-11-21T10:00:00Z') + 1000 * second);
const build = 'build' as JobId;
const line = { id: build, inputs: ['quire/push'], file: '.quire/ci.fnl', line: 1 };
const started: RunEvent = {
  event: 'run-started',
  at: at(0),
  run: 'id' as RunId,
  number: 1,
  ref: 'refs/heads/main' as RefName,
  sha: '0' as Sha,
  jobs: [line],
};
const over = { state: 'failed', reason: 'timeout', error: 'slow', exit: 1, outputs: null } as const;

const story: RunEvent[] = [
  started,
  { event: 'job-started', at: at(1), job: build, attempt: 1 },
  { event: 'job-started', at: at(2), job: build, attempt: 2 },
  { event: 'note', at: at(2), job: build, text: 'hello' },
  { event: 'job-finished', at: at(3), job: build, ...over },
  {
    event: 'run-finished',
    at: at(4),
    state: 'failed',
    outcome: { outcome: 'failed-job', error: null, replacedBy: null },
  },
];

test('the story of a run gives its view, and every view before stays as it was', () => {
  const views = story.map((_, count) => story.slice(0, count + 1).reduce(fold, emptyView));
  assert.equal(
    views.map((view) => view.jobs.get(build)?.state),
    ['pending', 'active', 'active', 'active', 'failed', 'failed'],
  );
  const job = views.at(-1)?.jobs.get(build);
  assert.is(job?.startedAt, at(1));
  assert.is(job?.finishedAt, at(3));
  assert.is(job?.attempt, 2);
  assert.is(job?.reason, 'timeout');
  assert.is(views.at(-1)?.state, 'failed');
  assert.is(emptyView.jobs.size, 0);
});

test('an event of a job nobody knows changes nothing', () => {
  const view = fold(fold(emptyView, started), {
    event: 'job-finished',
    at: at(1),
    job: 'other' as JobId,
    ...over,
  });
  assert.is(view.jobs.size, 1);
});

test('every sink hears every event in order, one after the other', async () => {
  const heard: string[] = [];
  const slow = {
    hear: async (event: RunEvent): Promise<void> => {
      await Promise.resolve();
      heard.push(`slow ${event.event}`);
    },
  };
  const quick = { hear: (event: RunEvent) => void heard.push(`quick ${event.event}`) };
  const both = tee(slow, quick);
  await both.hear(started);
  assert.equal(heard, ['slow run-started', 'quick run-started']);
});

test.run();
