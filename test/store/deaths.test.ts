import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planFaults } from '../../lib/base/files.ts';
import type { RunId } from '../../lib/base/ids.ts';
import { self } from '../../lib/process/identity.ts';
import { finalStates, type RunState, runStates } from '../../lib/runs/states.ts';
import {
  type Claim,
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
import {
  bad,
  draft,
  ended,
  good,
  jobs,
  nothingToShow,
  type Place,
  putOne,
  take,
  withStore,
} from './place.ts';

const test = suite('store/deaths');

type Order = {
  /** What was there before; whole. */
  readonly before?: (store: Store, round: number) => Promise<unknown> | unknown;
  /** The order of writes that somebody dies in. */
  readonly order: (store: Store, round: number) => Promise<unknown>;
  /** What somebody else finds and does. */
  readonly after: (store: Store, round: number) => Promise<void>;
};

/**
 * Does an order of writes, dying at its first file operation, at its second, and so on, until it comes through.
 * Dead means that no operation has an effect any more, but that what was open is closed. Answers the deaths.
 */
async function dieEverywhere(place: Place, { before, order, after }: Order): Promise<number> {
  const another = () => openStore(place.root, { clock: place.store.clock });
  for (let death = 0; death < 1000; death += 1) {
    await before?.(another(), death);
    let operations = 0;
    planFaults((operation) => (operation !== 'close' && operations++ >= death ? 'EIO' : null));
    try {
      await order(another(), death);
    } finally {
      planFaults(null);
    }
    await after(another(), death);
    if (operations <= death) return death;
  }
  throw new Error('the order never came through');
}

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

const event = (name: string): string =>
  `at: "2026-11-21T09:00:00.000Z"\npusher: "ada"\nstdin64: "${Buffer.from(name).toString('base64')}"\noptions64: ""\n`;

test(
  'intake: no push is lost, none makes two runs, no number is given twice',
  withStore(async (place) => {
    const { store, root } = place;
    const name = (round: number) => `17637156000000${String(round).padStart(5, '0')}-abc.yml`;
    const intake = (own: Store) =>
      inQueue(own, async (queue) => {
        const taken = await takeEvents(queue);
        if (!taken.ok) return taken;
        const drafts = taken.value.events.flatMap((one) =>
          [0, 1].map((at) => draft(1, `refs/heads/b${at}`, { id: runIdOf(one, at) })),
        );
        const published = await publish(queue, drafts, { replace: true });
        return published.ok ? dropEvents(queue, taken.value.events) : published;
      });
    const deaths = await dieEverywhere(place, {
      before: (_own, round) => fs.writeFileSync(join(root, 'inbox', name(round)), event('x')),
      order: intake,
      after: async (own, round) => {
        good(await intake(own));
        await recover(own);
        const places = await invariants(own);
        assert.is(places.size, 2 * (round + 1));
        const waiting = [...places.values()].filter((state) => state === 'pending');
        assert.is(waiting.length, 2, 'older runs of the ref were replaced');
        assert.equal(
          fs.readdirSync(join(root, 'inbox')).filter((file) => file.endsWith('.yml')),
          [],
        );
        assert.equal(
          fs.readdirSync(join(root, 'runs/pending')).filter((file) => file.startsWith('.')),
          [],
        );
      },
    });
    assert.ok(deaths > 40, `${deaths} deaths`);
    const last = good(await readHistory(store, { newest: 3 })).lines;
    assert.ok(last.every(({ outcome }) => outcome === 'replaced'));
  }),
);

test(
  'evaluation: it is recorded whole or done again',
  withStore(async (place) => {
    const id = await putOne(place.store, 1);
    const record = (own: Store) =>
      inQueue(own, (queue) => recordPipelines(queue, [{ id, pipeline: jobs('a', 'b') }]));
    let whole = 0;
    await dieEverywhere(place, {
      order: record,
      after: async (own) => {
        const run = good(await readRun(own, id));
        if (run.pipeline !== null) whole += 1;
        else assert.equal(run.jobs, []);
        assert.equal(good(await record(own)), [run.pipeline === null ? 'written' : 'same']);
        assert.is(good(await readRun(own, id)).jobs.length, 2);
        fs.rmSync(join(own.root, 'runs/pending', id, 'pipeline.yml'));
        fs.rmSync(join(own.root, 'runs/pending', id, 'jobs'), { recursive: true });
      },
    });
    assert.ok(whole > 0);
  }),
);

test(
  'claim: the run is still pending, or an orphan; never both, never neither',
  withStore(async (place) => {
    const seen = new Set<string>();
    await dieEverywhere(place, {
      before: (own, round) => putOne(own, round + 1),
      order: (own, round) => inQueue(own, (queue) => claim(queue, draft(round + 1).id, self())),
      after: async (own, round) => {
        const { id } = draft(round + 1);
        const state = stateOfRun(own, id);
        seen.add(state ?? 'nowhere');
        await recover(own);
        assert.is((await invariants(own)).get(id), state === 'pending' ? 'pending' : 'failed');
        if (state === 'pending') await take(own, id);
        await recover(own);
      },
    });
    assert.equal([...seen].sort(), ['active', 'pending']);
  }),
);

test(
  'the end: it stands from the commit record on, and is shown from every death',
  withStore(async (place) => {
    const ends = new Set<string>();
    const claims: Claim[] = [];
    await dieEverywhere(place, {
      before: async (own, round) => {
        const claimed = await take(own, await putOne(own, round + 1));
        good(await claimPipeline(claimed, jobs('build')));
        claims.push(claimed);
      },
      order: async (own) => {
        const claimed = claims.at(-1);
        if (claimed !== undefined) {
          await finish({ ...claimed, store: own }, ended('failed-job', 'build'), nothingToShow);
        }
      },
      after: async (own, round) => {
        const { id } = draft(round + 1);
        const decided = fs.existsSync(join(own.root, 'runs/active', id, 'outcome.yml'));
        const moved = stateOfRun(own, id) === 'failed';
        await recover(own);
        await invariants(own);
        const { outcome } = good(await readRun(own, id));
        assert.is(outcome?.outcome, decided || moved ? 'failed-job' : 'failed-orphaned');
        ends.add(outcome?.outcome ?? '');
      },
    });
    assert.is(ends.size, 2);
  }),
);

test(
  'a cancel in the queue: what was decided stands, whoever comes after',
  withStore(async (place) => {
    await dieEverywhere(place, {
      before: (own, round) => putOne(own, round + 1),
      order: (own, round) => inQueue(own, (queue) => stopRun(queue, draft(round + 1).id, { kind: 'cancel' })),
      after: async (own, round) => {
        const { id } = draft(round + 1);
        const decided =
          stateOfRun(own, id) === 'canceled' ||
          fs.existsSync(join(own.root, 'runs/pending', id, 'outcome.yml'));
        const by = draft(9999).id;
        await inQueue(own, (queue) => stopRun(queue, id, { kind: 'replace', by }));
        await recover(own);
        assert.is((await invariants(own)).get(id), decided ? 'canceled' : 'replaced');
      },
    });
  }),
);

test(
  'removal: a run is listed whole or not at all',
  withStore(async (place) => {
    await dieEverywhere(place, {
      before: async (own, round) => {
        for (const n of [2 * round + 1, 2 * round + 2]) {
          good(await finish(await take(own, await putOne(own, n)), ended('succeeded'), nothingToShow));
        }
      },
      order: async (own, round) => {
        removeRun(own, draft(2 * round + 1).id);
        return compactHistory(own);
      },
      after: async (own) => {
        await invariants(own);
      },
    });
    bad(await readRun(place.store, draft(1).id));
  }),
);

test.run();
