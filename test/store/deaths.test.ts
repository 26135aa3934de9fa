import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planFaults } from '../../lib/base/files.ts';
import type { RunId } from '../../lib/base/ids.ts';
import { self } from '../../lib/process/identity.ts';
import { finalStates, type RunState, runStates } from '../../lib/runs/states.ts';
import {
  claim,
  claimPipeline,
  compactHistory,
  dropEvents,
  failOrphan,
  finish,
  inQueue,
  listActive,
  listRuns,
  listUnsettled,
  openStore,
  publish,
  readHistory,
  readRun,
  recordPipelines,
  recoverPending,
  removeRun,
  runIdOf,
  type Store,
  settle,
  stateOfRun,
  stopRun,
  takeEvents,
} from '../../lib/store/store.ts';
import { draft, ended, good, jobs, nothingToShow, type Place, putOne, take, withStore } from './place.ts';

const test = suite('store/deaths');

type Order<T> = {
  /** What was there before; whole. */
  readonly before: (place: Place) => Promise<T>;
  /** The order of writes that somebody dies in. */
  readonly order: (store: Store, given: T) => Promise<unknown>;
  /** What somebody else finds and does. */
  readonly after: (store: Store, given: T) => Promise<void>;
};

/**
 * Does an order of writes, each time in a new store, dying at its first file operation, at its second, and so on,
 * until it comes through. Dead means that no operation has an effect any more, but that what was open is closed.
 */
const dieEverywhere =
  <T>({ before, order, after }: Order<T>) =>
  async (): Promise<number> => {
    for (let death = 0, through = false; ; death += 1) {
      await withStore(async (place) => {
        const another = () => openStore(place.root, { clock: place.store.clock });
        const given = await before(place);
        let operations = 0;
        planFaults((operation) => (operation !== 'close' && operations++ >= death ? 'EIO' : null));
        try {
          await order(another(), given);
        } finally {
          planFaults(null);
        }
        await after(another(), given);
        through = operations <= death;
      })();
      if (through) return death;
    }
  };

/** What every recovery does, with every owner dead. */
async function recover(store: Store): Promise<void> {
  good(await inQueue(store, (queue) => recoverPending(queue)));
  for (const { id } of good(await listActive(store)).runs) good(await failOrphan(store, id));
  for (const id of good(listUnsettled(store))) good(await settle(store, id, nothingToShow));
}

/** What must be true whenever nobody is in the middle of anything. */
async function invariants(store: Store): Promise<Map<RunId, RunState>> {
  const places = new Map<RunId, RunState>();
  const numbers = new Set<number>();
  for (const state of runStates) {
    for (const id of good(listRuns(store, state))) {
      assert.not(places.has(id), `${id} is in two states`);
      places.set(id, state);
      const run = good(await readRun(store, id));
      assert.not(numbers.has(run.meta.number), `number ${run.meta.number} was given twice`);
      numbers.add(run.meta.number);
      const final = finalStates.some((name) => name === state);
      assert.is(run.outcome !== null, final);
      assert.is(run.times.finishedAt !== null, final);
      for (const job of run.jobs) assert.ok(!final || !['pending', 'active'].includes(job.state));
    }
  }
  assert.equal(good(listUnsettled(store)), []);
  const history = good(await readHistory(store, { newest: 1e9 })).lines.map(({ id }) => id);
  const over = [...places].filter(([, state]) => state !== 'pending' && state !== 'active').map(([id]) => id);
  assert.equal([...history].sort(), over.sort());
  const highest = Math.max(0, ...numbers);
  if (highest > 0) {
    const latest = fs.readlinkSync(join(store.root, 'runs/latest'));
    const id = latest.split('/')[1] as RunId;
    assert.is(good(await readRun(store, id)).meta.number, highest);
    assert.is(latest.split('/')[0], places.get(id));
  }
  return places;
}

const spool = (place: Place, name: string): void =>
  fs.writeFileSync(
    join(place.root, 'inbox', name),
    'at: "2026-11-21T09:00:00.000Z"\npusher: "ada"\nstdin64: "eA=="\noptions64: ""\n',
  );

const intake = (store: Store) =>
  inQueue(store, async (queue) => {
    const taken = await takeEvents(queue);
    if (!taken.ok) return taken;
    const drafts = taken.value.events.flatMap((one) =>
      [0, 1].map((at) => draft(1, `refs/heads/b${at}`, { id: runIdOf(one, at) })),
    );
    const published = await publish(queue, drafts, { replace: true });
    return published.ok ? dropEvents(queue, taken.value.events) : published;
  });

test('intake: no push is lost, none makes two runs, no number is given twice', async () => {
  const deaths = await dieEverywhere({
    before: async (place) => {
      spool(place, '1763715600000000001-a.yml');
      good(await intake(place.store));
      spool(place, '1763715600000000002-b.yml');
    },
    order: intake,
    after: async (store) => {
      good(await intake(store));
      await recover(store);
      const places = await invariants(store);
      const states = [...places.values()].sort();
      assert.equal(states, ['pending', 'pending', 'replaced', 'replaced']);
      for (const [id, state] of places) {
        const run = good(await readRun(store, id));
        assert.is(run.meta.number > 2, state === 'pending');
        assert.is(places.get(run.outcome?.replacedBy ?? id), 'pending');
      }
      const events = fs.readdirSync(join(store.root, 'inbox')).filter((name) => name.endsWith('.yml'));
      assert.equal(events, []);
      const strays = fs.readdirSync(join(store.root, 'runs/pending')).filter((name) => name.startsWith('.'));
      assert.equal(strays, []);
    },
  })();
  assert.ok(deaths > 40, `${deaths} deaths`);
});

test('evaluation: it is recorded whole or done again', async () => {
  const record = (store: Store, id: RunId) => recordPipelines(store, [{ id, pipeline: jobs('a', 'b') }]);
  const found = new Set<boolean>();
  await dieEverywhere({
    before: ({ store }) => putOne(store, 1),
    order: record,
    after: async (store, id) => {
      const run = good(await readRun(store, id));
      const isWhole = run.pipeline !== null;
      found.add(isWhole);
      assert.is(run.jobs.length, isWhole ? 2 : 0);
      assert.equal(good(await record(store, id)), [isWhole ? 'same' : 'written']);
      assert.is(good(await readRun(store, id)).jobs.length, 2);
    },
  })();
  assert.is(found.size, 2);
});

test('claim: the run is still pending, or an orphan; never both, never neither', async () => {
  const me = self();
  const found = new Set<string | null>();
  await dieEverywhere({
    before: ({ store }) => putOne(store, 1),
    order: (store, id) => inQueue(store, (queue) => claim(queue, id, me)),
    after: async (store, id) => {
      const state = stateOfRun(store, id);
      found.add(state);
      await recover(store);
      assert.is((await invariants(store)).get(id), state === 'pending' ? 'pending' : 'failed');
      if (state === 'pending') await take(store, id);
    },
  })();
  assert.equal([...found].sort(), ['active', 'pending']);
});

test('the end: it stands from the commit record on, and is shown from every death', async () => {
  const ends = new Set<string>();
  await dieEverywhere({
    before: async ({ store }) => {
      const claimed = await take(store, await putOne(store, 1));
      good(await claimPipeline(claimed, jobs('build')));
      return claimed;
    },
    order: (store, claimed) => finish({ ...claimed, store }, ended('failed-job', 'build'), nothingToShow),
    after: async (store, { id }) => {
      const decided = fs.existsSync(join(store.root, 'runs/active', id, 'outcome.yml'));
      const moved = stateOfRun(store, id) === 'failed';
      await recover(store);
      await invariants(store);
      const { outcome } = good(await readRun(store, id));
      assert.is(outcome?.outcome, decided || moved ? 'failed-job' : 'failed-orphaned');
      ends.add(outcome?.outcome ?? '');
    },
  })();
  assert.is(ends.size, 2);
});

test('a cancel in the queue: what was decided stands, whoever comes after', async () => {
  const states = new Set<string | undefined>();
  await dieEverywhere({
    before: ({ store }) => putOne(store, 1),
    order: (store, id) => inQueue(store, (queue) => stopRun(queue, id, { kind: 'cancel' })),
    after: async (store, id) => {
      const record = join(store.root, 'runs/pending', id, 'outcome.yml');
      const decided = stateOfRun(store, id) === 'canceled' || fs.existsSync(record);
      await inQueue(store, (queue) => stopRun(queue, id, { kind: 'replace', by: draft(9).id }));
      await recover(store);
      const state = (await invariants(store)).get(id);
      assert.is(state, decided ? 'canceled' : 'replaced');
      states.add(state);
    },
  })();
  assert.is(states.size, 2);
});

test('removal: a run is listed whole or not at all', async () => {
  await dieEverywhere({
    before: async ({ store }) => {
      for (const n of [1, 2]) {
        good(await finish(await take(store, await putOne(store, n)), ended('succeeded'), nothingToShow));
      }
    },
    order: async (store) => {
      removeRun(store, draft(1).id);
      return compactHistory(store);
    },
    after: async (store) => {
      await invariants(store);
    },
  })();
});

test.run();
