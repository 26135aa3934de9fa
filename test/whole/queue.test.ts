/**
 * One runner, runs in the order of their numbers, however many ask at the same time.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, type Run, until } from '../rig/forge.ts';

const test = suite('whole/queue');

const one = (command: string): string =>
  `(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: sh}] (sh "${command}")))`;
const nothing = '(local ci (require :quire.ci))';

const times = (run: Run) => run.record('times.yml') as { started_at: string; finished_at: string };

/** How many runs were active at the same time, at most. */
function mostAtOnce(runs: readonly Run[]): number {
  const spans = runs.map(times);
  const activeAt = (at: string): number =>
    spans.filter((span) => span.started_at <= at && span.finished_at > at).length;
  return Math.max(...spans.map((span) => activeAt(span.started_at)));
}

/** Every ref has one run, numbers are 1 … n, runs started by number. */
function inOrder(f: Forge, count: number): Run[] {
  const runs = f.runs();
  assert.is(runs.length, count);
  assert.equal(
    runs.map((run) => run.meta().number),
    runs.map((_, at) => at + 1),
  );
  assert.is(new Set(runs.map((run) => run.meta().ref)).size, count);
  return runs;
}

test(
  '50 pushes at the same moment to 50 refs: one run each, by number, never two active; every pusher is told',
  forge(async (f) => {
    f.install();
    f.commit(nothing);
    const said = await Promise.all(
      Array.from({ length: 50 }, (_, n) => f.pushing(`main:refs/heads/b${n}`).ended),
    );
    assert.is(f.quire('drain').code, 0);
    const runs = inOrder(f, 50);
    for (const run of runs) assert.is(run.state(), 'complete');
    for (const [n, { code, err }] of said.entries()) {
      assert.is(code, 0, err);
      assert.match(err, new RegExp(`run \\d+ {2}b${n} `), `the pusher of b${n}`);
    }
    assert.is(mostAtOnce(runs), 1);
    const starts = runs.map((run) => times(run).started_at);
    assert.equal(starts, [...starts].sort());
  }),
);

test(
  'one push of 500 refs while paused: 500 pending runs, 20 told and the rest counted',
  forge(async (f) => {
    f.install();
    f.commit(nothing);
    assert.is(f.quire('pause').code, 0);
    const refs = Array.from({ length: 500 }, (_, n) => `main:refs/heads/b${String(n).padStart(3, '0')}`);
    const said = f.push(...refs);
    assert.is(said.match(/run \d+ {2}/g)?.length, 20);
    assert.match(said, /480 more runs/);
    const runs = inOrder(f, 500);
    assert.ok(runs.every((run) => run.state() === 'pending'));
    assert.equal(
      runs.map((run) => run.meta().ref),
      refs.map((ref) => ref.slice('main:'.length)),
    );
  }),
);

test(
  'many drains at once: one runner, each returns when all is done',
  forge(async (f) => {
    f.install('{:max-runs 2}');
    f.commit(one('sleep 0.05'));
    assert.is(f.quire('pause').code, 0);
    f.push(...Array.from({ length: 8 }, (_, n) => `main:b${n}`));
    fs.rmSync(join(f.data, 'paused'));
    const drains = Array.from({ length: 4 }, () =>
      f.quireGoing('drain').ended.then(({ code }) => ({
        code,
        left: f.runs().filter((run) => run.state() !== 'complete').length,
      })),
    );
    for (const { code, left } of await Promise.all(drains))
      assert.equal({ code, left }, { code: 0, left: 0 });
    assert.is(mostAtOnce(inOrder(f, 8)), 2);
  }),
);

test(
  'a drain beside a paused queue returns at once; one that waits for a run ends with it',
  forge(async (f) => {
    f.install();
    const wait = f.puppet('wait');
    f.commit(one(wait.command));
    f.push();
    const call = await wait.called();
    const drain = f.quireGoing('drain');
    assert.is(f.quire('drain', '--no-wait').code, 0);
    call.exit(0);
    assert.is((await drain.ended).code, 0);
    assert.is((await f.run(1)).state(), 'complete');
  }),
);

test(
  'the runner holds nothing of the hook, and a push returns while its job runs',
  forge(async (f) => {
    f.install();
    const wait = f.puppet('wait');
    f.commit(one(wait.command));
    f.push();
    const call = await wait.called();
    for (const what of ['runner', 'run-process']) {
      const pid = await f.doing(what);
      for (const fd of [0, 1, 2]) {
        const at = fs.readlinkSync(`/proc/${pid}/fd/${fd}`);
        assert.ok(at === '/dev/null' || at.startsWith(f.data), `${what} ${fd}: ${at}`);
      }
      const session = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
      assert.is(session, String(pid), `${what} leads its own session`);
    }
    call.exit(0);
    await (await f.run(1)).settled();
  }),
);

test(
  'ci.follow shows the log until the run ends',
  forge(async (f) => {
    f.install();
    const wait = f.puppet('wait');
    f.commit(one(`echo before; (${wait.command}); echo after`));
    const push = f.pushing('-o', 'ci.follow', 'main');
    const call = await wait.called();
    const run = await f.run(1);
    assert.is(run.state(), 'active');
    call.exit(0);
    const { code, err } = await push.ended;
    assert.is(code, 0);
    assert.match(err, /before/);
    assert.match(err, /after/);
    await run.settled();
    await until('the end', () => run.state() === 'complete');
  }),
);

test.run();
