/**
 * Pipelines that would run for ever or eat all memory: a diagnostic with its line, and nobody else waits for it.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, type Run } from '../rig/forge.ts';

const test = suite('whole/limits');

const head = '(local ci (require :quire.ci))\n';

/** The line of each program that is to blame is its last. */
const programs: [name: string, body: string, code: string][] = [
  ['a loop', '(while true)', 'evaluation-time'],
  ['a loop that catches everything', '(while true (pcall #(while true)))', 'evaluation-time'],
  ['a string of a gigabyte', '(string.rep "x" 1e9)', 'evaluation-memory'],
  ['a pattern that backtracks', '(string.find (string.rep "a" 100000) ".-.-.-.-b")', 'evaluation-time'],
  [
    'a table without end',
    '(let [t []] (while true (table.insert t (string.rep "x" 100000))))',
    'evaluation-memory',
  ],
];

const settings = '{:eval-timeout "0.5s" :eval-memory "48m" :max-runs 2}';

async function pushed(
  f: Forge,
  number: number,
  pipeline: string,
): Promise<{ run: Run; said: string; took: number }> {
  f.commit(pipeline);
  const began = Date.now();
  const said = f.push();
  const took = Date.now() - began;
  return { run: await (await f.run(number)).settled(), said, took };
}

test(
  'while the file is evaluated, at the top and in a macro: the pusher is told soon, with line and caret',
  forge(async (f) => {
    f.install(settings);
    const inMacro: typeof programs = [
      ['a macro', '(macro forever [] (while true))\n(forever)', 'macro-limit'],
    ];
    for (const [at, [name, body, code]] of [...programs, ...inMacro].entries()) {
      const pipeline = `${head}(ci.job :a [:quire/push] (fn [{: sh}] (sh "true")))\n${body}\n`;
      const line = pipeline.trimEnd().split('\n').length;
      const { run, said, took } = await pushed(f, at + 1, pipeline);
      assert.ok(took < 10_000, `${name}: the push took ${took} ms`);
      assert.is(run.outcome().outcome, 'failed-pipeline', name);
      const { diagnostics } = run.record('pipeline.yml') as { diagnostics: { code: string; line: number }[] };
      assert.equal([diagnostics[0]?.code, diagnostics[0]?.line], [code, line], name);
      assert.match(said, new RegExp(`\\.quire/ci\\.fnl:${line}:\\d+: error: `), name);
      assert.match(said, /\^/, name);
    }
    await f.quiet();
  }),
);

test(
  'in a run function: the job fails with the line, the others of the run go on',
  forge(async (f) => {
    f.install(settings);
    const jobs = programs.map(
      ([, body], at) =>
        `(ci.job :j${at} [:quire/push]\n  (fn [{: sh}]\n    (sh "echo before")\n    ${body}\n    nil))\n`,
    );
    const fine = '(ci.job :fine [:quire/push] (fn [{: sh}] (sh "echo fine")))\n';
    const { run } = await pushed(f, 1, `${head}${jobs.join('')}${fine}`);
    assert.is(run.outcome().outcome, 'failed-job');
    for (const [at, [name]] of programs.entries()) {
      const job = run.job(`j${at}`);
      assert.is(job.state, 'failed', name);
      const line = 1 + at * 5 + 4;
      // What shares the VM with a job that passes a limit ends with it, and says with whom.
      assert.match(
        String(job.error),
        new RegExp(`ci\\.fnl:${line}:\\d+: evaluation |ended together with job 'j\\d'`),
        name,
      );
    }
    assert.match(
      String(run.outcome().error),
      /ci\.fnl:\d+:\d+: evaluation (took longer than|used more memory)/,
    );
    const { run: alone } = await pushed(f, 2, `${head}${fine}`);
    assert.is(alone.state(), 'complete');
  }),
);

test(
  'other runs are not delayed, neither by an evaluation nor by a run function that does not end',
  forge(async (f) => {
    f.install('{:eval-timeout "5m" :max-runs 2}');
    f.commit(`${head}(ci.job :a [:quire/push] (fn [{: log}] (log "hello")))`);
    f.git(f.work, 'branch', 'quick');
    f.commit(`${head}(while true)`);
    f.git(f.work, 'branch', 'endless');
    f.commit(`${head}(ci.job :a [:quire/push] (fn [{: log}] (log "round and round") (while true)))`);
    const pushing = f.pushing('endless');
    const endless = await f.run(1);
    f.push('main');
    const looping = await (await f.run(2)).active();
    f.push('quick');
    const quick = await (await f.run(3)).settled();
    assert.is(quick.state(), 'complete');
    assert.is(endless.state(), 'pending', 'still being evaluated');
    assert.is(looping.state(), 'active', 'still at it');
    assert.is(f.quire('cancel', '2').code, 0);
    assert.is(
      (await looping.settled()).state(),
      'canceled',
      'a loop does not keep a run from being canceled',
    );
    assert.is(f.quire('cancel', '1').code, 0);
    assert.is((await endless.settled()).state(), 'canceled');
    process.kill(-pushing.pid, 'SIGKILL');
  }),
);

test.run();
