/**
 * Cancel and pause, and what a stopped run leaves: nothing.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, type Run, until } from '../rig/forge.ts';

const test = suite('whole/stop');

const one = (command: string): string =>
  `(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: sh}] (sh "${command}")))\n(ci.job :b [:a] (fn [{: sh}] (sh "true")))`;

async function canceledSoon(f: Forge, run: Run): Promise<void> {
  const began = Date.now();
  const said = f.quire('cancel', String(run.meta().number));
  assert.is(said.code, 0, said.err);
  await until('the cancel', () => run.state() === 'canceled', 7000);
  assert.ok(Date.now() - began < 7000);
  await run.settled();
  assert.equal(run.outcome(), { outcome: 'canceled', error: null, replaced_by: null });
}

test(
  'a job that ignores SIGTERM is canceled within 7 s, with everything that left its group',
  forge(async (f) => {
    f.install();
    f.commit(
      one(
        "trap '' TERM; setsid sh -c 'trap \\\"\\\" TERM; sleep 1000; sleep 1000' & while :; do sleep 1000; done",
      ),
    );
    f.push();
    const run = await f.run(1);
    await until(
      'both sleeps',
      () => f.processes().filter(({ command }) => command === 'sleep 1000').length === 2,
    );
    await canceledSoon(f, run);
    assert.equal(run.jobStates(), { a: 'canceled', b: 'canceled' });
    assert.is(run.job('a').reason, 'canceled');
    await f.quiet();
    assert.equal(fs.readdirSync(join(f.data, 'work')), []);
    const again = f.quire('cancel', '1');
    assert.is.not(again.code, 0);
    assert.match(again.err, /canceled already/);
  }),
);

test(
  'a run in the queue is canceled at once and never starts',
  forge(async (f) => {
    f.install();
    const wait = f.puppet('wait');
    f.commit(one(wait.command));
    f.push('main', 'main:other');
    const call = await wait.called();
    const second = await f.run(2);
    await canceledSoon(f, second);
    assert.is(second.record('times.yml').started_at ?? null, null);
    call.exit(0);
    await (await f.run(1)).settled();
    await f.quiet();
    assert.is(second.state(), 'canceled');
    assert.is(wait.calls().length, 1);
  }),
);

test(
  'pause: what runs goes on, nothing starts; resume starts what waits',
  forge(async (f) => {
    f.install();
    const wait = f.puppet('wait');
    f.commit(one(wait.command));
    f.push();
    const call = await wait.called();
    assert.is(f.quire('pause').code, 0);
    assert.match(f.push('main:other'), /paused/);
    call.exit(0);
    const first = await (await f.run(1)).settled();
    assert.is(first.state(), 'complete');
    await f.quiet();
    const second = await f.run(2);
    assert.is(second.state(), 'pending');
    const drained = f.quire('drain');
    assert.is(drained.code, 0);
    assert.is(second.state(), 'pending');
    assert.is(f.quire('resume').code, 0);
    (await wait.called(2)).exit(0);
    await second.settled();
    assert.is(second.state(), 'complete');
  }),
);

test(
  'a run whose commands lose the process that starts them fails, and leaves nothing',
  forge(async (f) => {
    f.install();
    f.commit(one('sleep 1000'));
    f.push();
    const run = await f.run(1);
    const sleeping = (): boolean => f.processes().some(({ command }) => command === 'sleep 1000');
    await until('the command', sleeping);
    const launcher = f.processes().find(({ command }) => command.includes('launcher.cjs'));
    assert.ok(launcher);
    process.kill(launcher.pid, 'SIGKILL');
    await run.settled();
    assert.is(run.state(), 'failed');
    assert.is(run.outcome().outcome, 'failed-internal');
    assert.match(String(run.outcome().error), /process that starts commands died/);
    assert.not.ok(sleeping());
    await f.quiet();
  }),
);

test.run();
