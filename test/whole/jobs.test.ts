/**
 * How jobs end and which of them run, from a real push.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { forge } from '../rig/forge.ts';

const test = suite('whole/jobs');

const head = '(local ci (require :quire.ci))\n';

test(
  'retry, timeout, allow-failure and always',
  forge(async (f) => {
    f.install();
    f.commit(
      `${head}
(ci.job :flaky {:inputs [:quire/push] :retry 2 :run (fn [{: sh}] (sh "echo try >> tries; [ $(wc -l < tries) = 3 ]"))})
(ci.job :slow {:inputs [:quire/push] :timeout 0.3 :allow-failure true :run (fn [{: sh}] (sh "setsid sleep 1000 & sleep 1000"))})
(ci.job :after-slow [:slow] (fn [{: log}] (log "ran all the same")))
(ci.job :red {:inputs [:quire/push] :retry 1 :run (fn [{: sh}] (sh "exit 4"))})
(ci.job :needs [:red] (fn [{: sh}] (sh "true")))
(ci.job :report {:inputs [:needs] :always true :run (fn [{: sh}] (sh "echo reported"))})
`,
    );
    f.push();
    const run = await (await f.run(1)).settled();
    assert.equal(run.jobStates(), {
      flaky: 'complete',
      slow: 'failed',
      'after-slow': 'complete',
      red: 'failed',
      needs: 'skipped',
      report: 'complete',
    });
    assert.is(run.job('flaky').attempt, 3);
    assert.is(run.job('slow').reason, 'timeout');
    assert.is(run.job('needs').reason, 'needs red');
    assert.is(run.job('red').attempt, 2);
    assert.is(run.job('red').exit, 4);
    assert.is(run.log('red').filter((entry) => entry.attempt === 2).length, 1);
    assert.is(run.outcome().outcome, 'failed-job');
    assert.match(String(run.outcome().error), /'red'/);
    await f.quiet();
  }),
);

test(
  ':fail-fast ends what runs and what waits, but for what always runs',
  forge(async (f) => {
    f.install('{:fail-fast true :max-jobs 0}');
    const [red, long] = [f.puppet('red'), f.puppet('long')];
    f.commit(`${head}
(ci.job :red [:quire/push] (fn [{: sh}] (sh "${red.command}")))
(ci.job :long [:quire/push] (fn [{: sh}] (sh "${long.command}")))
(ci.job :later [:long] (fn [{: sh}] (sh "true")))
(ci.job :needing [:red] (fn [{: sh}] (sh "true")))
(ci.job :report {:inputs [:long] :always true :run (fn [{: sh}] (sh "true"))})
`);
    f.push();
    await long.called();
    (await red.called()).exit(1);
    const run = await (await f.run(1)).settled();
    assert.equal(run.jobStates(), {
      red: 'failed',
      long: 'canceled',
      later: 'canceled',
      needing: 'skipped',
      report: 'complete',
    });
    assert.is(run.job('needing').reason, 'needs red');
    assert.is(run.outcome().outcome, 'failed-job');
  }),
);

test(
  "the run's own :timeout ends it",
  forge(async (f) => {
    f.install('{:timeout "0.5s"}');
    f.commit(
      `${head}(ci.job :a [:quire/push] (fn [{: sh}] (sh "sleep 1000")))\n(ci.job :b [:a] (fn [{: sh}] (sh "true")))`,
    );
    f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.outcome().outcome, 'failed-timeout');
    assert.equal(run.jobStates(), { a: 'canceled', b: 'canceled' });
    assert.is(run.job('a').reason, 'timeout');
    await f.quiet();
  }),
);

test(
  ':max-jobs at a time, in registration order',
  forge(async (f) => {
    f.install('{:max-jobs 2}');
    const puppets = ['a', 'b', 'c'].map((name) => f.puppet(name));
    const [a, b, c] = puppets;
    f.commit(
      head +
        puppets
          .map(
            (puppet, at) => `(ci.job :${'abc'[at]} [:quire/push] (fn [{: sh}] (sh "${puppet.command}")))\n`,
          )
          .join(''),
    );
    f.push();
    const first = await a?.called();
    const second = await b?.called();
    assert.is(c?.calls().length, 0);
    second?.exit(0);
    (await c?.called())?.exit(0);
    first?.exit(0);
    assert.is((await (await f.run(1)).settled()).state(), 'complete');
  }),
);

test(
  'rerun does all again; --failed takes over what no failure concerned',
  forge(async (f) => {
    f.install();
    f.commit(`${head}
(ci.job :base [:quire/push] (fn [{: sh}] (sh "echo base $QUIRE_RUN_NUMBER") {:from 1}))
(ci.job :other [:quire/push] (fn [{: sh}] (sh "echo other $QUIRE_RUN_NUMBER") {:from 2}))
(ci.job :red [:base] (fn [{: sh}] (sh "[ $QUIRE_RUN_NUMBER -ge 3 ]")))
(ci.job :end [:red :other] (fn [{: sh : jobs}] (sh "true") {:got (. (jobs :other) :from)}))
`);
    f.push();
    await (await f.run(1)).settled();
    const all = f.quire('rerun', '1');
    assert.is(all.code, 0, all.err);
    const second = await (await f.run(2)).settled();
    assert.is(second.meta().reason, 'rerun');
    const [first] = f.runs();
    assert.is(second.meta().rerun_of, first?.id);
    assert.is(second.stream('other'), 'other 2\n');
    assert.equal(second.jobStates(), { base: 'complete', other: 'complete', red: 'failed', end: 'skipped' });
    const failed = f.quire('rerun', '2', '--failed', '--json');
    assert.is(failed.code, 0, failed.err);
    const third = await (await f.run(3)).settled();
    const { ref, sha } = third.meta();
    assert.equal(JSON.parse(failed.out), { number: 3, id: third.id, ref, sha });
    assert.is(third.state(), 'complete');
    assert.is(third.stream('base'), 'base 3\n');
    assert.is(third.stream('other'), 'other 2\n');
    assert.equal(third.record('jobs/end/outputs.yml'), { got: 2 });
    assert.equal(third.job('other'), second.job('other'));
    const green = f.quire('rerun', 'latest', '--failed');
    assert.is.not(green.code, 0);
    assert.match(green.err, /no job of run 3 failed/);
  }),
);

test(
  'rerun --failed works again what is recorded of only in part, when its outputs are needed',
  forge(async (f) => {
    f.install('{:secrets {:token "s3cr3t-t0k3n"}}');
    f.commit(`${head}
(ci.job :far [:quire/push] (fn [{: sh}] (sh "true") {:from 1}))
(ci.job :masked [:far] (fn [{: secret : sh}] (sh "echo $QUIRE_RUN_NUMBER") {:token (secret :token)}))
(ci.job :long [:quire/push] (fn [{: sh}] (sh "echo $QUIRE_RUN_NUMBER") {:text (string.rep :x 70000)}))
(ci.job :whole [:quire/push] (fn [{: sh}] (sh "echo $QUIRE_RUN_NUMBER") {:n 5}))
(ci.job :unneeded [:quire/push] (fn [{: secret : sh}] (sh "echo $QUIRE_RUN_NUMBER") {:token (secret :token)}))
(ci.job :red [:quire/push] (fn [{: sh}] (sh "[ $QUIRE_RUN_NUMBER -ge 2 ]")))
(ci.job :end [:red :masked :long :whole]
  (fn [{: sh : jobs}]
    (sh "true")
    {:token (length (. (jobs :masked) :token)) :text (length (. (jobs :long) :text)) :n (. (jobs :whole) :n)}))
`);
    f.push();
    await (await f.run(1)).settled();
    assert.is(f.quire('rerun', '1', '--failed').code, 0);
    const second = await (await f.run(2)).settled();
    assert.is(second.state(), 'complete');
    assert.equal(second.record('jobs/end/outputs.yml'), { token: 12, text: 70000, n: 5 });
    const ranIn = ['masked', 'long', 'whole', 'unneeded'].map((job) => second.stream(job).trim());
    assert.equal(ranIn, ['2', '2', '1', '1']);
  }),
);

test(
  'quire run: a branch, a tag or a commit, with variables',
  forge(async (f) => {
    f.install();
    const sha = f.commit(
      `${head}(ci.job :a [:quire/push] (fn [{: sh}] (sh "echo $QUIRE_BRANCH:$QUIRE_TAG:$V")))`,
    );
    f.git(f.work, 'tag', 'v1');
    f.push('-o', 'ci.skip', 'main', 'v1').toString();
    assert.equal(f.runs(), []);
    assert.is(f.quire('run', 'main', '--variable', 'V=x y').code, 0);
    assert.is((await (await f.run(1)).settled()).stream('a'), 'main::x y\n');
    assert.is(f.quire('run', 'v1').code, 0);
    assert.is((await (await f.run(2)).settled()).stream('a'), ':v1:\n');
    assert.is(f.quire('run', sha.slice(0, 10)).code, 0);
    const third = await (await f.run(3)).settled();
    assert.is(third.stream('a'), '::\n');
    assert.is(third.meta().sha, sha);
    assert.is(third.meta().reason, 'manual');
    const bad = f.quire('run', 'main', '--variable', 'QUIRE_X=1');
    assert.is(bad.code, 2);
    assert.is(f.quire('run', 'nowhere').code, 2);
    assert.is(f.runs().length, 3);
  }),
);

test.run();
