/**
 * One commit, worked three ways: by a push, by `quire ci run`, and job by job by `quire ci eval`. All come to the same.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { accountOf } from '../rig/account.ts';
import { type Forge, forge, type Said } from '../rig/forge.ts';

const test = suite('whole/same');

/** Nothing in it depends on the run's number or the hour: what it does is all in the commit. */
const pipeline = `
(local ci (require :quire.ci))
(import-macros {: defrun} :quire.ci)
(local {: greeting} (require :words))
(print "evaluated once")

(ci.job :build [:quire/push]
  (fn [{: sh : log : write-file}]
    (log (greeting "build"))
    (sh "printf 'one\\\\ntwo'; printf 'three\\\\n' >&2; printf '\\\\377\\\\000\\\\n'")
    (sh ["printf" "%s|" "a b" "$HOME" "é" "x'y"])
    (write-file "out/made.txt" "made by build\\n")
    {:list [1 2.0 "three"] :nested {:yes true} :words (. (sh "cat out/made.txt") :stdout)}))

(ci.job :test {:inputs [:build] :env {:LEVEL 3} :run
  (fn [{: sh : jobs : env : read-file}]
    (let [{: nested : words} (jobs :build)]
      (sh "printf '%s %s %s' \\"$LEVEL\\" \\"$QUIRE_JOB\\" \\"$ONE\\"" {:env {:ONE "1"} :cwd "out"})
      (sh "cat" {:stdin "from the pipeline"})
      {:again (= words (read-file "out/made.txt")) :level (env :LEVEL) :yes nested.yes}))})

(ci.job :push [:quire/push]
  (fn [{: jobs}]
    (let [push (jobs :quire/push)]
      {:sha push.sha :files push.files-changed :says push.commit-message :dirty push.dirty :by push.author
       :branch push.branch})))

(ci.job :quiet [:quire/push] (fn []))
(ci.job :after-quiet [:quiet] (defrun [log jobs] (log (tostring (jobs :quiet)))))
(ci.job :looked [:quire/push] (fn [{: sh}] (let [{: exit} (sh "echo looked at; exit 3")] {:was exit})))
(ci.job :unlooked [:quire/push] (fn [{: sh}] (sh "echo first") (sh "echo second >&2; exit 4") (sh "echo third")))
(ci.job :raised {:inputs [:quire/push] :retry 1 :run (fn [{: sh! : sh}] (sh "echo try >> tries; wc -l < tries | tr -d ' '") (sh! "exit 5"))})
(ci.job :allowed {:inputs [:quire/push] :allow-failure true :run (fn [] (error {:no :words}))})
(ci.job :after-allowed [:allowed] (fn [{: log}] (log "went on")))
(ci.job :late {:inputs [:quire/push] :timeout 0.4 :run (fn [{: sh}] (sh "echo waiting; sleep 1000"))})
(ci.job :skipped [:unlooked :build] (fn [{: sh}] (sh "echo never")))
(ci.job :report {:inputs [:skipped] :always true :run (fn [{: sh : jobs}] (sh "echo reported") {:of (type (jobs :skipped))})})
(ci.job :killed [:quire/push] (fn [{: sh}] (sh "kill -9 $$")))
(ci.job :returned [:quire/push] (fn [{: sh}] (sh "exit 6")))
`;

function prepared(f: Forge): string {
  f.install('{:max-jobs 0 :env {:SHARED "by all"}}');
  fs.mkdirSync(join(f.home, '.config', 'quire'), { recursive: true });
  fs.writeFileSync(join(f.home, '.config', 'quire', 'config.fnl'), '{:max-jobs 0 :env {:SHARED "by all"}}');
  f.write('.quire/words.fnl', '{:greeting (fn [who] (.. "hello, " who))}');
  f.write('README', 'a file\n');
  return f.commit(pipeline, 'Everything a pipeline can do');
}

test(
  'a push and quire ci run --sha --out-dir: the same jobs, states, reasons, outputs, commands and streams',
  forge(async (f) => {
    const sha = prepared(f);
    f.push();
    const run = await (await f.run(1)).settled();
    const pushed = accountOf(run.path());
    assert.is(pushed.outcome, 'failed-job');
    assert.equal(run.jobStates(), {
      build: 'complete',
      test: 'complete',
      push: 'complete',
      quiet: 'skipped',
      'after-quiet': 'complete',
      looked: 'complete',
      unlooked: 'failed',
      raised: 'failed',
      allowed: 'failed',
      'after-allowed': 'complete',
      late: 'failed',
      skipped: 'skipped',
      report: 'complete',
      killed: 'failed',
      returned: 'failed',
    });
    for (const [place, name, revision] of [
      [f.work, 'sha', sha],
      [f.work, 'branch', 'main'],
      [f.repo, 'bare', sha.slice(0, 12)],
    ] as const) {
      const out = join(f.home, `out-${name}`);
      const said = f.quireIn(place, {}, 'ci', 'run', '--sha', revision, '--out-dir', out);
      assert.is(said.code, 1, said.err);
      const local = accountOf(out);
      // Which of several red jobs was red first is not in the commit.
      assert.equal({ ...local, error: null }, { ...pushed, error: null }, name);
    }
  }),
);

test(
  'quire ci eval of each job: the same streams, and its result as the exit code',
  forge(async (f) => {
    prepared(f);
    f.push();
    const run = await (await f.run(1)).settled();
    const account = accountOf(run.path());
    const inputs = join(f.home, 'inputs.json');
    const outputs = account.jobs.map((job) => [
      job.id,
      typeof job.outputs === 'string' ? parse(job.outputs) : null,
    ]);
    fs.writeFileSync(inputs, JSON.stringify(Object.fromEntries(outputs)));
    const workspace = join(f.home, 'workspace');
    f.git(f.home, 'clone', '-q', f.repo, workspace);
    const evaluated = (job: string): Said =>
      f.quireIn(workspace, {}, 'ci', 'eval', '--job', job, '--workspace', workspace, '--inputs', inputs);
    for (const job of account.jobs.filter(({ id }) => id !== 'skipped')) {
      const said = evaluated(job.id);
      const whole = (stream: string): string =>
        job.log.map((entry) => (typeof entry[stream] === 'string' ? entry[stream] : '')).join('');
      assert.is(said.code, job.state === 'failed' ? 1 : 0, `${job.id}: ${said.err}`);
      assert.is(said.out, Buffer.from(whole('out'), 'latin1').toString(), job.id);
      // What quire itself says there is marked as its own.
      const own = said.err.replace(/^quire: [^\n]*\n/gm, '');
      assert.is(own, Buffer.from(whole('err'), 'latin1').toString(), job.id);
    }
    const dry = evaluated('nothing');
    assert.is(dry.code, 2);
    assert.match(dry.err, /there is no job 'nothing'/);
  }),
);

test.run();
