import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planFaults } from '../../lib/base/files.ts';
import { identify, self } from '../../lib/process/identity.ts';
import {
  claim,
  claimPipeline,
  failOrphan,
  finish,
  inQueue,
  listActive,
  listPending,
  listRuns,
  listStrays,
  listUnsettled,
  openStore,
  prepareStore,
  readHistory,
  readRun,
  recoverPending,
  removeRun,
  removeStrays,
  settle,
  stateOfRun,
} from '../../lib/store/store.ts';
import { bad, draft, ended, good, jobs, nothingToShow, putOne, take, withStore } from './place.ts';

const test = suite('store/recover');

test(
  'a run that can not be read fails with the reason, and nothing blocks the queue',
  withStore(async ({ store }) => {
    const id = await putOne(store, 1);
    await putOne(store, 2);
    fs.writeFileSync(join(store.root, 'runs/pending', id, 'meta.yml'), 'number: *x\n');
    const fresh = openStore(store.root, { clock: store.clock });
    assert.equal(good(await listPending(fresh)).bad, [id]);
    const [done] = good(await inQueue(fresh, recoverPending));
    assert.is(done?.what, 'failed');
    assert.is(stateOfRun(fresh, id), 'failed');
    good(await settle(fresh, id, nothingToShow));
    const outcome = fs.readFileSync(join(store.root, 'runs/failed', id, 'outcome.yml'), 'utf8');
    assert.match(outcome, /failed-internal.*\nerror: ".*an alias/);
    assert.is(bad(await readRun(fresh, id)).reason, 'unreadable');
    assert.is(good(await listPending(fresh)).runs.length, 1);
  }),
);

test(
  'a broken file other than meta.yml is kept beside, and the run can be read again',
  withStore(async ({ store }) => {
    const claimed = await take(store, await putOne(store, 1));
    good(await claimPipeline(claimed, jobs('build')));
    for (const file of ['times.yml', 'owner.yml', 'jobs/build/job.yml']) {
      fs.writeFileSync(join(claimed.directory, file), '{{{');
    }
    assert.is(good(await failOrphan(store, claimed.id)), 'failed');
    const run = good(await readRun(store, claimed.id));
    assert.is(run.outcome?.outcome, 'failed-internal');
    assert.is(run.jobs[0]?.state, 'canceled');
    assert.ok(fs.existsSync(join(store.root, 'runs/failed', claimed.id, '.bad-times.yml')));
  }),
);

test(
  'trouble of the machine is no bad content: nothing moves, it is said, the next look may be better',
  withStore(async ({ store }) => {
    const id = await putOne(store, 1);
    const fresh = openStore(store.root, { clock: store.clock });
    planFaults((operation, path) => (operation === 'read' && path.endsWith('meta.yml') ? 'EIO' : null));
    try {
      assert.is(bad(await readRun(fresh, id)).reason, 'io');
      assert.equal(
        good(await inQueue(fresh, recoverPending)).map(({ what }) => what),
        ['retry'],
      );
    } finally {
      planFaults(null);
    }
    assert.equal(good(await inQueue(fresh, recoverPending)), []);
    assert.is(stateOfRun(fresh, id), 'pending');
  }),
);

test(
  'what is no run is set aside, never followed',
  withStore(async ({ store, root }) => {
    const outside = join(root, '../outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(join(outside, 'meta.yml'), 'mine');
    fs.symlinkSync(outside, join(root, 'runs/pending', draft(1).id));
    fs.symlinkSync(outside, join(root, 'runs/active', draft(2).id));
    fs.writeFileSync(join(root, 'runs/pending/notes'), 'x');
    assert.is(bad(await readRun(store, draft(1).id)).reason, 'unreadable');
    const done = good(await inQueue(store, recoverPending));
    assert.equal(
      done.map(({ what }) => what),
      ['set-aside', 'set-aside', 'set-aside'],
    );
    const aside = fs.readdirSync(join(root, 'runs/failed')).sort();
    assert.equal(aside, [`.bad-${draft(1).id}`, `.bad-${draft(2).id}`, '.bad-notes'].sort());
    assert.equal(fs.readdirSync(outside), ['meta.yml']);
    assert.equal(good(listRuns(store, 'failed')), []);
  }),
);

test(
  'a finished run that became a symlink is not removed through it',
  withStore(async ({ store, root }) => {
    const { id } = draft(1);
    const outside = join(root, '../outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(join(outside, 'precious'), 'x');
    fs.symlinkSync(outside, join(root, 'runs/complete', id));
    assert.is(bad(removeRun(store, id)).reason, 'in-the-way');
    fs.rmSync(join(root, 'runs/complete'), { recursive: true });
    fs.mkdirSync(join(outside, id));
    fs.symlinkSync(outside, join(root, 'runs/complete'));
    assert.is(bad(removeRun(store, id)).reason, 'in-the-way');
    assert.ok(fs.existsSync(join(outside, 'precious')));
  }),
);

test(
  'an owner is believed to live only as the same process of the same boot',
  withStore(async ({ store }) => {
    const sleeper = spawn('sleep', ['60']);
    try {
      const living = identify(sleeper.pid ?? 0) ?? self();
      for (const [n, owner] of [
        living,
        { ...living, start: living.start + 1 },
        { ...living, boot: 'another' },
      ].entries()) {
        const id = await putOne(store, n + 1);
        good(await inQueue(store, (queue) => claim(queue, id, owner)));
      }
      const alive = good(await listActive(store)).runs.map((run) => run.alive);
      assert.equal(alive, [true, false, false]);
      const died = new Promise((gone) => sleeper.on('exit', gone));
      sleeper.kill('SIGKILL');
      await died;
      assert.equal(
        good(await listActive(store)).runs.map((run) => run.alive),
        [false, false, false],
      );
    } finally {
      sleeper.kill('SIGKILL');
    }
  }),
);

test(
  'a copy of a run in an earlier state is not run again',
  withStore(async ({ store, root }) => {
    const claimed = await take(store, await putOne(store, 1));
    good(await finish(claimed, ended('succeeded'), nothingToShow));
    for (const state of ['pending', 'active']) {
      fs.cpSync(join(root, 'runs/complete', claimed.id), join(root, 'runs', state, claimed.id), {
        recursive: true,
      });
    }
    assert.is(stateOfRun(store, claimed.id), 'complete');
    good(await inQueue(store, recoverPending));
    for (const { id } of good(await listActive(store)).runs) good(await failOrphan(store, id));
    assert.equal(good(listRuns(store, 'pending')), []);
    assert.equal(good(listRuns(store, 'active')), []);
    assert.is(good(await readRun(store, claimed.id)).outcome?.outcome, 'succeeded');
  }),
);

test(
  'a mark of a run that is gone, goes',
  withStore(async ({ store, root }) => {
    fs.writeFileSync(join(root, 'runs/.unsettled', draft(1).id), '');
    for (const id of good(listUnsettled(store))) good(await settle(store, id, nothingToShow));
    assert.equal(good(listUnsettled(store)), []);
    assert.equal(good(await readHistory(store, { newest: 9 })).lines, []);
  }),
);

test(
  'strays are found when they are old enough, and what is in use is not one',
  withStore(async ({ store, root, clock }) => {
    const over = await take(store, await putOne(store, 1));
    const works = await take(store, await putOne(store, 2));
    const unknown = draft(8).id;
    good(await finish(over, ended('succeeded'), nothingToShow));
    for (const name of [over.id, works.id, unknown]) fs.mkdirSync(join(root, 'work', name));
    fs.mkdirSync(join(root, 'runs/complete', `.gone-${draft(7).id}`));
    fs.writeFileSync(join(root, 'inbox/.tmp-dead'), '');
    clock.now = Date.now();
    assert.equal(good(listStrays(store)), [
      join(root, 'runs/complete', `.gone-${draft(7).id}`),
      join(root, 'work', over.id),
    ]);
    clock.now = Date.now() + 2 * 3_600_000;
    const removed = good(removeStrays(store));
    assert.equal(
      removed.map((path) => path.slice(root.length + 1)).sort(),
      ['inbox/.tmp-dead', `runs/complete/.gone-${draft(7).id}`, `work/${over.id}`, `work/${unknown}`].sort(),
    );
    assert.equal(fs.readdirSync(join(root, 'work')), [works.id]);
  }),
);

for (const [mask, mode, directory] of [
  [0o000, 0o600, 0o700],
  [0o077, 0o640, 0o750],
  [0o022, 0o664, 0o2775],
] as const) {
  test(`modes are set on purpose: umask ${mask.toString(8)}, records ${mode.toString(8)}`, async () => {
    const before = process.umask(mask);
    try {
      await withStore(
        async ({ store, root }) => {
          good(prepareStore(store));
          const claimed = await take(store, await putOne(store, 1));
          good(await claimPipeline(claimed, jobs('build')));
          good(await finish(claimed, ended('failed-job'), nothingToShow));
          for (const entry of fs.readdirSync(join(root, 'runs'), { recursive: true, withFileTypes: true })) {
            const path = join(entry.parentPath, entry.name);
            if (entry.isSymbolicLink()) continue;
            const wanted = entry.isDirectory() ? directory : mode;
            assert.is((fs.statSync(path).mode & 0o7777).toString(8), wanted.toString(8), path);
          }
        },
        { mode },
      )();
    } finally {
      process.umask(before);
    }
  });
}

test.run();
