/**
 * Processes of quire that die, each in the middle of its work: what is left is settled, with the reason.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, until } from '../rig/forge.ts';

const test = suite('whole/death');

const head = '(local ci (require :quire.ci))\n';
const one = (command: string): string => `${head}(ci.job :a [:quire/push] (fn [{: sh}] (sh "${command}")))`;
/** The first run stays until it is ended, and leaves its group; the others end at once. */
const stubborn = one('setsid sleep 1000 & [ $QUIRE_RUN_NUMBER != 1 ] || exec sleep 1000');

const sleeps = (f: Forge): number => f.processes().filter(({ command }) => command === 'sleep 1000').length;

async function startFirst(f: Forge) {
  f.install();
  f.commit(stubborn);
  f.push();
  const run = await f.run(1);
  await until('the command', () => sleeps(f) === 2);
  return run;
}

for (const next of ['a push', 'quire drain'] as const) {
  test(
    `kill -9 of the runner while a job runs: ${next} settles it as orphaned, and the new run runs`,
    forge(async (f) => {
      const first = await startFirst(f);
      process.kill(await f.doing('runner'), 'SIGKILL');
      if (next === 'a push') f.push('main:other');
      else {
        assert.is(f.quire('drain').code, 0);
        assert.is.not(first.state(), 'active');
        f.push('main:other');
      }
      await first.settled();
      assert.is(first.outcome().outcome, 'failed-orphaned');
      assert.is(first.job('a').state, 'canceled');
      assert.is(first.job('a').reason, 'orphaned');
      const second = await (await f.run(2)).settled();
      assert.is(second.state(), 'complete');
      await f.quiet();
      assert.equal(fs.readdirSync(join(f.data, 'work')), []);
    }),
  );
}

test(
  "kill -9 of runner and run's process at once: the next command ends what they left",
  forge(async (f) => {
    const first = await startFirst(f);
    const pids = [await f.doing('runner'), await f.doing('run-process')];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    assert.is(sleeps(f), 2);
    // As a runner leaves it that dies before it has taken the name away.
    fs.writeFileSync(join(f.data, 'work', `.said-${first.id}`), '');
    assert.is(f.quire('drain').code, 0);
    assert.is(first.outcome().outcome, 'failed-orphaned');
    await f.quiet();
    assert.equal(fs.readdirSync(join(f.data, 'work')), []);
    assert.equal(fs.readdirSync(join(f.data, 'runs', '.unsettled')), []);
  }),
);

// What the kernel does, and what V8 does to itself, when memory runs out.
for (const signal of ['SIGKILL', 'SIGABRT'] as const) {
  test(
    `the process of a run is ended by ${signal}: failed-internal at once, with the reason, and the queue goes on`,
    forge(async (f) => {
      const first = await startFirst(f);
      f.push('main:other');
      process.kill(await f.doing('run-process'), signal);
      await first.settled();
      assert.is(first.outcome().outcome, 'failed-internal');
      assert.match(String(first.outcome().error), new RegExp(`process ended.*${signal}`));
      assert.is(first.job('a').state, 'canceled');
      assert.is((await (await f.run(2)).settled()).state(), 'complete');
      await f.quiet();
    }),
  );
}

test(
  'a hook killed at any moment after its event: every push has its run, once',
  forge(async (f) => {
    f.install('{:replace false :max-runs 4}');
    const pushes = 12;
    const isEvent = (name: string): boolean => /^[^.].*\.yml$/.test(name);
    const events = (): string[] => fs.readdirSync(join(f.data, 'inbox')).filter(isEvent);
    f.commit(one('true'));
    for (let n = 0; n < pushes; n += 1) {
      f.commit(null, `change ${n}`);
      // The events of hooks that were killed before may still be there, or be taken in meanwhile.
      const earlier = new Set(events());
      let kept = false;
      const watcher = fs.watch(join(f.data, 'inbox'), (_, name) => {
        if (name !== null && isEvent(name) && !earlier.has(name)) kept = true;
      });
      const push = f.pushing(`main:b${n}`);
      await until('its event', () => kept);
      watcher.close();
      await new Promise((tell) => setTimeout(tell, n * 15));
      for (const { pid, command } of f.processes()) {
        if (!command.includes('quire hook ') && !command.includes('post-receive')) continue;
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It was faster.
        }
      }
      await push.ended;
    }
    assert.is(f.quire('drain').code, 0);
    const runs = f.runs();
    assert.is(runs.length, pushes);
    assert.equal(
      runs.map((run) => run.meta().number),
      runs.map((_, at) => at + 1),
    );
    for (const run of runs) {
      await run.settled();
      assert.is(run.state(), 'complete');
    }
    assert.equal(events(), []);
  }),
);

test(
  'an evaluation that hangs ends at its limit: the push is answered, the run says why, the next one runs',
  forge(async (f) => {
    f.install('{:eval-timeout "1s"}');
    const hangs = [
      '(while true nil)',
      '(while true (pcall (fn [] (error 1))))',
      '(string.find (string.rep "a" 30000) ".-.-.-.-b")',
    ];
    for (const [at, hang] of hangs.entries()) {
      f.commit(`${head}${hang}\n(ci.job :a [:quire/push] (fn []))`);
      const began = Date.now();
      const said = f.push(`+main:b${at}`);
      assert.ok(Date.now() - began < 8000, `${hang}: ${Date.now() - began} ms`);
      const run = await (await f.run(at + 1)).settled();
      assert.is(run.outcome().outcome, 'failed-pipeline', hang);
      assert.match(said, /ci\.fnl:2/);
    }
    f.commit(one('true'));
    f.push('main:next');
    assert.is((await (await f.run(hangs.length + 1)).settled()).state(), 'complete');
  }),
);

test(
  'a hook that hangs is ended at its limit: the push is answered, and the run runs',
  forge(async (f) => {
    f.install();
    const hook = join(f.repo, 'hooks', 'post-receive');
    fs.writeFileSync(hook, fs.readFileSync(hook, 'utf8').replace(/^limit=60$/m, 'limit=0.5'));
    f.commit(one('true'));
    const push = f.pushing('main');
    process.kill(await f.doing('hook'), 'SIGSTOP');
    const { code, err } = await push.ended;
    assert.is(code, 0);
    assert.match(err, /not evaluated within 0\.5 s/);
    assert.is(f.quire('drain').code, 0);
    assert.is((await f.run(1)).state(), 'complete');
  }),
);

test.run();
