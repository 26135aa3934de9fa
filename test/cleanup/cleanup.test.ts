/** What a cleanup lists is what it removes, and what it must not touch it does not. */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planFaults } from '../../lib/base/files.ts';
import { type RunId, runId } from '../../lib/base/ids.ts';
import { carryOut, type Limits, type Plan, planCleanup, type World } from '../../lib/cleanup/cleanup.ts';
import { listRuns, readHistory, rebuildHistory, type Store, stateOfRun } from '../../lib/store/store.ts';
import { finished } from '../rig/finished.ts';
import { draft, good, put, take, withStore } from '../store/place.ts';

const test = suite('cleanup');

const hour = 3_600_000;

const worldOf = (store: Store, limits: Partial<Limits>, pages: string | null = null): World => ({
  store,
  limits: { keep: null, olderThanMs: null, keepFailed: null, ...limits },
  now: store.clock(),
  pages,
  engine: { dataDirectory: store.root, docker: { bin: '/nonexistent' }, toolEnv: {} },
  usesEngine: false,
});

const runsIn = (plan: Plan): RunId[] =>
  plan.items.flatMap((item) => (item.kind === 'run' ? [item.past.run.id] : []));

const forgotten: RunId[] = [];
const options = {
  forgetPages: async (ids: readonly RunId[]) => {
    forgotten.push(...ids);
    return null;
  },
  signal: new AbortController().signal,
};

test.before.each(() => {
  forgotten.length = 0;
});

test(
  'removes exactly what the plan lists, by id: records, history and pages',
  withStore(async ({ store }) => {
    const ids: RunId[] = [];
    for (let n = 1; n <= 5; n += 1)
      ids.push(await finished(store, n, { outcome: n % 2 ? 'succeeded' : 'failed-job' }));
    const world = worldOf(store, { keep: 2 });
    const plan = good(await planCleanup(world));
    assert.equal(runsIn(plan), ids.slice(0, 3));
    const done = await carryOut(world, plan, options);
    assert.equal(done.troubles, []);
    assert.equal(done.removed, plan.items);
    assert.equal(forgotten, ids.slice(0, 3));
    const left = [...good(listRuns(store, 'complete')), ...good(listRuns(store, 'failed'))].sort();
    assert.equal(left, ids.slice(3));
    assert.is(fs.readFileSync(join(store.root, 'runs/history.yml'), 'utf8').trim().split('\n').length, 2);
    assert.equal(good(await planCleanup(world)).items, []);
  }),
);

test(
  'what waits or runs is never taken, nor the newest run of a ref',
  withStore(async ({ store }) => {
    const old = await finished(store, 1, { ref: 'refs/heads/old' });
    const first = await finished(store, 2);
    const second = await finished(store, 3);
    const [active, pending] = await put(store, draft(4), draft(5));
    if (active === undefined || pending === undefined) throw new Error('not published');
    await take(store, active);
    const world = worldOf(store, { keep: 0 });
    const plan = good(await planCleanup(world));
    assert.equal(runsIn(plan), [first]);
    await carryOut(world, plan, options);
    assert.equal(
      [old, first, second, active, pending].map((id) => stateOfRun(store, id)),
      ['complete', null, 'complete', 'active', 'pending'],
    );
  }),
);

test(
  'runs are found without the history too',
  withStore(async ({ store }) => {
    const ids = [await finished(store, 1), await finished(store, 2), await finished(store, 3)];
    fs.rmSync(join(store.root, 'runs/history.yml'));
    assert.equal(runsIn(good(await planCleanup(worldOf(store, { keep: 1 })))), ids.slice(0, 2));
  }),
);

test(
  'a symlink in place of a run is not followed, and is spoken of',
  withStore(async ({ store }) => {
    const [id] = [await finished(store, 1), await finished(store, 2)];
    const directory = join(store.root, 'runs/complete', id);
    const elsewhere = join(dirname(store.root), 'home');
    fs.renameSync(directory, elsewhere);
    fs.symlinkSync(elsewhere, directory);
    const world = worldOf(store, { keep: 0 });
    const plan = good(await planCleanup(world));
    assert.equal(plan.items, []);
    assert.match(plan.notes.join('\n'), /run 1 stays.*not followed/);
    assert.equal((await carryOut(world, plan, options)).troubles, []);
    assert.ok(fs.existsSync(join(elsewhere, 'meta.yml')));
  }),
);

test(
  'a symlink inside a run goes, what it points to stays',
  withStore(async ({ store }) => {
    const [id] = [await finished(store, 1), await finished(store, 2)];
    const precious = join(dirname(store.root), 'precious');
    fs.mkdirSync(precious);
    fs.writeFileSync(join(precious, 'file'), 'stays');
    fs.symlinkSync(precious, join(store.root, 'runs/complete', id, 'jobs', 'link'));
    const world = worldOf(store, { keep: 1 });
    await carryOut(world, good(await planCleanup(world)), options);
    assert.is(stateOfRun(store, id), null);
    assert.ok(fs.existsSync(join(precious, 'file')));
  }),
);

test(
  'half-removed runs, stale workspaces and old temporary files are leftovers; fresh ones are not',
  withStore(async ({ store, clock }) => {
    const id = await finished(store, 1);
    const [running] = await put(store, draft(2));
    const stale = ['runs/complete/.gone-x', 'runs/pending/.tmp-old', `work/${id}`, 'inbox/.tmp-old'];
    const kept = [`work/${running}`, 'runs/pending/.tmp-new'];
    for (const path of [...stale, ...kept]) fs.mkdirSync(join(store.root, path), { recursive: true });
    const then = new Date(clock.now - 2 * hour);
    for (const path of [...stale, `work/${running}`]) fs.utimesSync(join(store.root, path), then, then);
    fs.utimesSync(join(store.root, 'runs/pending/.tmp-new'), new Date(clock.now), new Date(clock.now));
    const world = worldOf(store, {});
    const plan = good(await planCleanup(world));
    const listed = plan.items.map((item) => (item.kind === 'stray' ? item.path : item.kind));
    assert.equal(listed, stale.map((path) => join(store.root, path)).sort());
    await carryOut(world, plan, options);
    assert.equal(
      stale.filter((path) => fs.existsSync(join(store.root, path))),
      [],
    );
    assert.equal(
      kept.filter((path) => fs.existsSync(join(store.root, path))),
      kept,
    );
  }),
);

test(
  'pages whose run is gone go too',
  withStore(async ({ root, store }) => {
    const id = await finished(store, 1);
    const gone = runId(1000, 'gone');
    const pages = join(root, '../pages');
    for (const name of [id, gone, 'assets']) fs.mkdirSync(join(pages, name), { recursive: true });
    const world = worldOf(store, {}, pages);
    const plan = good(await planCleanup(world));
    assert.equal(plan.items, [{ kind: 'pages', id: gone }]);
    await carryOut(world, plan, options);
    assert.equal(forgotten, [gone]);
  }),
);

test(
  'a death at any moment leaves no half-removed run in any list, and the next cleanup takes the rest',
  withStore(async ({ store }) => {
    const ids: RunId[] = [];
    for (let n = 1; n <= 2; n += 1) ids.push(await finished(store, n));
    const world = worldOf(store, { keep: 1 });
    for (let last = 0; ; last += 1) {
      let calls = 0;
      const plan = good(await planCleanup(world));
      // Every operation from the `last`th on fails, as after a death.
      planFaults(() => (calls++ < last ? null : 'EIO'));
      try {
        await carryOut(world, plan, options);
      } finally {
        planFaults(null);
      }
      for (const id of good(listRuns(store, 'complete'))) {
        const names = fs.readdirSync(join(store.root, 'runs/complete', id));
        assert.ok(
          ['meta.yml', 'times.yml', 'outcome.yml', 'jobs'].every((name) => names.includes(name)),
          `${id}: ${names}`,
        );
      }
      if (calls <= last) break;
      assert.ok(last < 500, 'never finishes');
    }
    assert.equal(good(listRuns(store, 'complete')), ids.slice(1));
    const lines = good(await readHistory(store, { newest: 9 })).lines.map(({ id }) => id);
    assert.equal(lines, ids.slice(1));
    const before = fs.readFileSync(join(store.root, 'runs/history.yml'));
    good(await rebuildHistory(store));
    assert.equal(fs.readFileSync(join(store.root, 'runs/history.yml')), before);
  }),
);

test(
  'interrupted, it stops between two runs',
  withStore(async ({ store }) => {
    for (let n = 1; n <= 4; n += 1) await finished(store, n);
    const world = worldOf(store, { keep: 1 });
    const plan = good(await planCleanup(world));
    const done = await carryOut(world, plan, { ...options, signal: AbortSignal.abort() });
    assert.equal(done.removed, []);
    assert.is(good(listRuns(store, 'complete')).length, 4);
  }),
);

test.run();
