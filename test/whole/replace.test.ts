/**
 * A newer push takes the place of the older runs of its ref, and of nothing else.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { forge, until } from '../rig/forge.ts';

const test = suite('whole/replace');

/** One job; `$QUIRE_RUN_NUMBER` and `$QUIRE_REF` tell its command which run it is in. */
const pipeline = (command: string): string => `
(local ci (require :quire.ci))
(ci.job :a [:quire/push] (fn [{: sh}] (sh "${command}")))
`;

test(
  'ten quick pushes to one ref: the last completes, each other one names the run that replaced it',
  forge(async (f) => {
    f.install();
    f.commit(pipeline('setsid sleep 1000 & echo started; [ $QUIRE_RUN_NUMBER = 10 ] || exec sleep 1000'));
    f.push();
    const first = await f.run(1);
    await until('the first command', () => f.processes().some(({ command }) => command === 'sleep 1000'));
    for (let n = 2; n <= 10; n += 1) {
      f.commit(null, `change ${n}`);
      f.push();
    }
    const last = await (await f.run(10)).settled();
    assert.is(last.state(), 'complete');
    const runs = f.runs();
    assert.is(runs.length, 10);
    for (const [at, run] of runs.slice(0, 9).entries()) {
      await run.settled();
      assert.is(run.state(), 'replaced', `run ${at + 1}`);
      assert.equal(run.outcome(), { outcome: 'replaced', error: null, replaced_by: runs[at + 1]?.id });
    }
    assert.is(first.job('a').state, 'canceled');
    assert.is(first.job('a').reason, 'replaced');
    await f.quiet();
  }),
);

test(
  'other refs are left alone, and a push that makes no run replaces nothing',
  forge(async (f) => {
    f.install('{:max-runs 3}');
    const [main, other] = [f.puppet('main'), f.puppet('other')];
    f.commit(pipeline(`if [ $QUIRE_BRANCH = main ]; then ${main.command}; else ${other.command}; fi`));
    f.push('main', 'main:other');
    const call = await main.called();
    await other.called();
    f.commit(null, 'nothing [skip ci]');
    f.push();
    f.commit(null, 'again');
    f.push('main:other');
    const [one, two] = f.runs();
    await two?.settled();
    assert.is(two?.state(), 'replaced');
    assert.is(one?.state(), 'active');
    const again = await other.called(2);
    f.push(':other');
    again.exit(0);
    call.exit(0);
    for (const run of f.runs()) await run.settled();
    assert.equal(
      f.runs().map((run) => run.state()),
      ['complete', 'replaced', 'complete'],
    );
  }),
);

test(
  ':replace false lets every run of a ref come to its own end',
  forge(async (f) => {
    f.install('{:replace false}');
    const wait = f.puppet('wait');
    f.commit(pipeline(wait.command));
    for (let n = 0; n < 3; n += 1) {
      f.commit(null, `change ${n}`);
      f.push();
    }
    for (let n = 1; n <= 3; n += 1) {
      const call = await wait.called(n);
      assert.equal(
        f.runs().map((run) => run.state()),
        [1, 2, 3].map((other) => (other < n ? 'complete' : other === n ? 'active' : 'pending')),
      );
      call.exit(0);
      await (await f.run(n)).settled();
    }
  }),
);

test.run();
