import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobId, RefName, Sha } from '../../lib/base/ids.ts';
import { ok } from '../../lib/base/result.ts';
import type { RunEvent } from '../../lib/runs/events.ts';
import { type Change, type Site, siteSink } from '../../lib/site/site.ts';
import { at, idOf } from './fixtures.ts';

const test = suite('site/sink');

/** A site that only notes what it is asked for, and takes as long as it is told. */
function noting(took = 0) {
  const updates: string[] = [];
  let working = 0;
  let most = 0;
  const site: Site = {
    update: async (changes: readonly Change[]) => {
      working += 1;
      most = Math.max(most, working);
      if (took > 0) await pause(took);
      working -= 1;
      updates.push(changes.map(({ jobs }) => [...(jobs ?? ['all'])].sort().join(' ')).join());
      return ok({ written: [], unreadable: [] });
    },
    mend: async () => ok({ written: [], unreadable: [] }),
    rebuild: async () => ok({ written: [], unreadable: [] }),
    forget: async () => ok({ written: [], unreadable: [] }),
  };
  const heard: number[] = [];
  const sink = (gather: number) =>
    siteSink(site, {
      run: idOf(1),
      locked: (work) => work(),
      heard: () => heard.push(1),
      gather,
      gatherOutput: gather * 4,
    });
  return { updates, sink, heard, most: () => most };
}

const until = async (met: () => boolean): Promise<void> => {
  const deadline = Date.now() + 5000;
  while (!met() && Date.now() < deadline) await pause(2);
  assert.ok(met());
};

const started = (...jobs: string[]): RunEvent => ({
  event: 'run-started',
  at: at(0),
  run: idOf(1),
  number: 1,
  ref: 'refs/heads/main' as RefName,
  sha: '0'.repeat(40) as Sha,
  jobs: jobs.map((id) => ({ id: id as JobId, inputs: [], file: '', line: 1 })),
});
const began = (job: string): RunEvent => ({ event: 'job-started', at: at(0), job: job as JobId, attempt: 1 });
const ended = (job: string): RunEvent => ({
  event: 'job-finished',
  at: at(1),
  job: job as JobId,
  state: 'complete',
  reason: null,
  error: null,
  exit: 0,
  outputs: null,
});
const said = (job: string): RunEvent => ({
  event: 'output',
  at: at(0),
  job: job as JobId,
  sh: 1,
  stream: 'out',
  bytes: Buffer.from('x'),
  t: 1,
});

test('many events within a moment make one update, with the jobs that changed', async () => {
  const { updates, sink } = noting();
  const one = sink(20);
  one.hear(started('a', 'b', 'c'));
  one.hear(began('a'));
  one.hear(ended('a'));
  await until(() => updates.length === 1);
  assert.equal(updates, ['a b c']);
  one.hear(began('b'));
  one.hear(began('b'));
  await until(() => updates.length === 2);
  assert.equal(updates[1], 'b');
  await one.settle();
});

test('output waits longer than a change of state, and never holds one up', async () => {
  const { updates, sink } = noting();
  const one = sink(25);
  one.hear(said('a'));
  one.hear(began('b'));
  await until(() => updates.length === 1);
  assert.equal(updates, ['a b']);
  await one.settle();
});

test('what happens during an update is in the next one, and two never run at once', async () => {
  const { updates, sink, most } = noting(60);
  const one = sink(5);
  one.hear(began('a'));
  await pause(30);
  one.hear(began('b'));
  await until(() => updates.length === 2);
  assert.equal(updates, ['a', 'b']);
  assert.is(most(), 1);
  await one.settle();
});

test('the last update comes at once, after the one on its way, with every job that never said it ended', async () => {
  const { updates, sink, most, heard } = noting(40);
  const one = sink(5);
  one.hear(started('a', 'b', 'c'));
  one.hear(ended('a'));
  await pause(20);
  one.hear(ended('b'));
  await one.settle();
  assert.equal(updates, ['a b c', 'b c']);
  assert.is(most(), 1);
  assert.is(heard.length, 2);
  one.hear(began('c'));
  await pause(30);
  assert.is(updates.length, 2, 'nothing is written after the end');
});

test('hearing an event takes no time of the run', () => {
  const { sink } = noting();
  const one = sink(1000);
  assert.is(one.hear(began('a')), undefined);
  return one.settle();
});

test.run();
