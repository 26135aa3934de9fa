import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunId } from '../../lib/base/ids.ts';
import { self } from '../../lib/process/identity.ts';
import type { OutcomeName, RunState } from '../../lib/runs/states.ts';
import { isFinal, moves, runStates } from '../../lib/runs/states.ts';
import { endRuns } from '../../lib/store/finish.ts';
import {
  claim,
  claimPipeline,
  endPending,
  finish,
  inQueue,
  publish,
  readRun,
  type Store,
  stateOfRun,
  stopRun,
} from '../../lib/store/store.ts';
import { bad, draft, ended, good, jobs, nothingToShow, putOne, take, withStore } from './place.ts';

const test = suite('store/moves');

const outcomeFor = {
  complete: 'succeeded',
  failed: 'failed-internal',
  replaced: 'replaced',
  canceled: 'canceled',
} as const satisfies Record<string, OutcomeName>;

/** Brings a new run into a state by the ways there are. */
async function runIn(store: Store, state: RunState): Promise<RunId> {
  const id = await putOne(store, 1);
  if (state === 'pending') return id;
  const claimed = await take(store, id);
  if (state === 'active') return id;
  good(await finish(claimed, ended(outcomeFor[state]), nothingToShow));
  return id;
}

/** Tries to bring a run into a state; whether the store let it happen. */
async function tryMove(store: Store, id: RunId, from: RunState, to: RunState): Promise<boolean> {
  if (to === 'pending') {
    const again = good(await inQueue(store, (queue) => publish(queue, [draft(1)], { replace: false })));
    return again.runs[0]?.isNew ?? false;
  }
  if (to === 'active') return (await inQueue(store, (queue) => claim(queue, id, self()))).ok;
  const place = from === 'active' ? 'active' : 'pending';
  return (await endRuns(store, place, [{ id, outcome: ended(outcomeFor[to]) }])).ok;
}

for (const from of runStates) {
  for (const to of runStates) {
    const allowed = (moves[from] as readonly RunState[]).includes(to);
    test(
      `${from} -> ${to} ${allowed ? 'happens' : 'is refused'}`,
      withStore(async ({ store }) => {
        const id = await runIn(store, from);
        assert.is(await tryMove(store, id, from, to), allowed);
        assert.is(stateOfRun(store, id), allowed ? to : from);
      }),
    );
  }
}

test(
  'an arrow that does not exist is a typed answer',
  withStore(async ({ store }) => {
    const id = await putOne(store, 1);
    const refused = bad(await inQueue(store, (queue) => endPending(queue, id, ended('succeeded'))));
    assert.equal(refused, { reason: 'not-allowed', id, from: 'pending', to: 'complete' });
  }),
);

test(
  'losing to a cancel is a typed answer',
  withStore(async ({ store }) => {
    const id = await putOne(store, 1);
    assert.is(good(await inQueue(store, (queue) => stopRun(queue, id, { kind: 'cancel' }))), 'ended');
    const lost = bad(await inQueue(store, (queue) => claim(queue, id, self())));
    assert.equal(lost, { reason: 'not-here', id, state: 'canceled' });
  }),
);

test(
  'stamps are set once and never run backwards, whatever the clock does',
  withStore(async ({ store, clock }) => {
    const id = await putOne(store, 1);
    clock.now -= 3_600_000;
    const claimed = await take(store, id);
    clock.now += 60_000;
    good(await finish(claimed, ended('succeeded'), nothingToShow));
    const { times } = good(await readRun(store, id));
    assert.is(times.startedAt, times.createdAt);
    assert.is(times.finishedAt, times.createdAt);
  }),
);

test(
  'no finished run holds a job that is not over',
  withStore(async ({ store }) => {
    const reasons = { canceled: 'canceled', replaced: 'replaced', 'failed-timeout': 'timeout' } as const;
    let n = 0;
    for (const [outcome, reason] of Object.entries(reasons)) {
      n += 1;
      const claimed = await take(store, await putOne(store, n));
      good(await claimPipeline(claimed, jobs('build', 'quire/mirror')));
      good(await finish(claimed, ended(outcome as OutcomeName), nothingToShow));
      const run = good(await readRun(store, claimed.id));
      assert.ok(isFinal(run.state));
      assert.equal(
        run.jobs.map((job) => [job.id, job.state, job.reason]),
        [
          ['build', 'canceled', reason],
          ['quire/mirror', 'canceled', reason],
        ],
      );
    }
  }),
);

test(
  'a second evaluation compares',
  withStore(async ({ store }) => {
    const claimed = await take(store, await putOne(store, 1));
    assert.is(good(await claimPipeline(claimed, jobs('a', 'b'))), 'written');
    assert.is(good(await claimPipeline(claimed, jobs('a', 'b'))), 'same');
    assert.is(good(await claimPipeline(claimed, jobs('a', 'c'))), 'differs');
    const { jobs: recorded } = good(await readRun(store, claimed.id));
    assert.equal(
      recorded.map((job) => [job.id, job.state]),
      [
        ['a', 'pending'],
        ['b', 'pending'],
      ],
    );
  }),
);

test.run();
