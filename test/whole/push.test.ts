/**
 * From `git push` to records, as a user sees it.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { forge, until } from '../rig/forge.ts';

const test = suite('whole/push');

const two = (first: string, second: string): string => `
(local ci (require :quire.ci))
(ci.job :build [:quire/push] (fn [{: sh}] (sh "${first}") {:answer 42}))
(ci.job :test [:build] (fn [{: sh : jobs}] (sh "${second}") {:got (. (jobs :build) :answer)}))
`;

test(
  'a push answers while its jobs run, and leaves the records of the contract',
  forge(async (f) => {
    f.install();
    const build = f.puppet('build');
    f.commit(two(build.command, 'echo tested'), 'Say <hello> & bye');
    const said = f.push();
    assert.match(said, /run 1 {2}main/);
    assert.match(said, /build → test/);
    const run = await f.run(1);
    const call = await build.called();
    assert.is(run.state(), 'active');
    call.exit(0);
    await run.settled();
    assert.is(run.state(), 'complete');
    assert.equal(run.outcome(), { outcome: 'succeeded', error: null, replaced_by: null });
    assert.equal(run.jobStates(), { build: 'complete', test: 'complete' });
    assert.equal(run.record('jobs/test/outputs.yml'), { got: 42 });
    assert.is(run.stream('test'), 'tested\n');
    assert.is(run.meta().subject, 'Say <hello> & bye');
    assert.is(run.meta().pusher, 'ada');
    const { created_at, started_at, finished_at } = run.record('times.yml');
    assert.ok(String(created_at) <= String(started_at) && String(started_at) <= String(finished_at));
    assert.is(fs.readlinkSync(join(f.data, 'runs', 'latest')), `complete/${run.id}`);
    assert.match(fs.readFileSync(join(f.data, 'runs', 'history.yml'), 'utf8'), new RegExp(run.id));
    assert.equal(fs.readdirSync(join(f.data, 'work')), []);
    const page = fs.readFileSync(join(f.data, 'site', 'runs', run.id, 'index.html'), 'utf8');
    assert.match(page, /Say &lt;hello&gt; &amp; bye/);
    const [entry, ...rest] = run.log('test');
    assert.is(entry?.sh, 1);
    assert.is(entry?.cmd, 'echo tested');
    assert.is(rest.at(-1)?.exit, 0);
  }),
);

test(
  'killing the pusher does not stop the run',
  forge(async (f) => {
    f.install();
    const build = f.puppet('build');
    f.commit(two(build.command, 'true'));
    const push = spawn('git', ['push', '-q', f.repo, 'main'], {
      cwd: f.work,
      env: f.env,
      stdio: 'ignore',
      detached: true,
    });
    const call = await build.called();
    if (push.pid !== undefined && push.exitCode === null) process.kill(-push.pid, 'SIGKILL');
    call.exit(0);
    const run = await (await f.run(1)).settled();
    assert.is(run.state(), 'complete');
  }),
);

test(
  'who waits for a descriptor that the push was given does not wait for the run',
  forge(async (f) => {
    f.install();
    const build = f.puppet('build');
    f.commit(two(build.command, 'true'));
    // Beyond the sixteenth, and behind a gap, nobody closes it by himself.
    const bash = `exec 200>&1; git push -q '${f.repo}' main 2>/dev/null; exec 1>&- 200>&-`;
    const pushing = spawn('bash', ['-c', bash], {
      cwd: f.work,
      env: f.env,
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    const ends = [pushing.stdout, pushing.stdio[3]].map(
      (pipe) => new Promise((tell) => pipe?.on('close', tell).on('data', () => {})),
    );
    const call = await build.called();
    await Promise.all(ends);
    assert.is((await f.run(1)).state(), 'active');
    call.exit(0);
    await (await f.run(1)).settled();
  }),
);

test(
  'a pipeline that does not evaluate: all problems at once for the pusher, and the push succeeds',
  forge(async (f) => {
    f.install();
    f.commit(`
(local ci (require :quire.ci))
(ci.job :a [:b] (fn []))
(ci.job :b [:a] (fn []))
(ci.job :c [:c] (fn []))
(ci.job :quire [:quire/push] (fn []))
(ci.job :lonely [] (fn []))
(ci.job :late [:buidl] (fn []))
(ci.job :build [:quire/push] (fn []))
`);
    const said = f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.state(), 'failed');
    assert.is(run.outcome().outcome, 'failed-pipeline');
    const { diagnostics } = run.record('pipeline.yml') as { diagnostics: { code: string; line: number }[] };
    assert.is(diagnostics.length, 5);
    for (const line of [3, 5, 6, 7, 8]) assert.match(said, new RegExp(`ci\\.fnl:${line}:`));
    assert.match(said, /\^/);
    assert.match(said, /build/);
    assert.is(f.git(f.repo, 'rev-parse', 'main'), f.git(f.work, 'rev-parse', 'main'));
  }),
);

test(
  'a failing command whose result nobody looked at fails its job, and what needs it is skipped',
  forge(async (f) => {
    f.install();
    f.commit(`
(local ci (require :quire.ci))
(ci.job :a [:quire/push] (fn [{: sh}] (sh "true") (sh "exit 3") (sh "true")))
(ci.job :b [:a] (fn [{: sh}] (sh "true")))
(ci.job :c [:quire/push] (fn [{: sh}] (let [{: exit} (sh "exit 3")] {:was exit})))
(ci.job :d [:quire/push] (fn []))
(ci.job :e [:d] (fn [{: log}] (log "ran")))
`);
    f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.outcome().outcome, 'failed-job');
    assert.equal(run.jobStates(), { a: 'failed', b: 'skipped', c: 'complete', d: 'skipped', e: 'complete' });
    assert.match(String(run.job('a').error), /command 2 exited 3 and its result was never checked/);
    assert.is(run.job('b').reason, 'needs a');
    assert.is(run.job('d').reason, 'did nothing');
    assert.is(run.job('c').exit, 3);
  }),
);

test(
  'what makes no run says so, and replaces nothing',
  forge(async (f) => {
    f.install();
    f.git(f.repo, 'config', 'receive.advertisePushOptions', 'true');
    f.commit(null, 'nothing to run');
    assert.match(f.push(), /no \.quire\/ci\.fnl/);
    f.commit(two('true', 'true'), 'quiet [skip ci]');
    assert.match(f.push(), /no run, as asked/);
    f.commit(null, 'with an option');
    assert.match(f.push('-o', 'ci.skip', 'main'), /no run, as asked \(ci\.skip\)/);
    assert.equal(f.runs(), []);
    const options = ['-o', 'ci.variable=A=1=2', '-o', 'ci.variable=QUIRE_X=1', '-o', 'ci.variable=a b=c'];
    f.commit('(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: sh}] (sh "echo $A")))');
    const said = f.push(...options, 'main', 'main:refs/notes/x');
    assert.match(said, /QUIRE_X.*refused/);
    assert.match(said, /a b=c.*refused/);
    const run = await (await f.run(1)).settled();
    assert.is(run.stream('a'), '1=2\n');
    assert.equal(run.meta().variables, { A: '1=2' });
    f.push(':refs/notes/x');
    assert.is(f.runs().length, 1);
  }),
);

test(
  'hostile ref names are names, and each makes its run',
  forge(async (f) => {
    f.install('{:max-jobs 1}');
    f.commit(
      '(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: sh}] (sh "printf %s \\"$QUIRE_BRANCH\\"")))',
    );
    const names = [
      '$(id)',
      '`id`',
      'a;b',
      "x'y",
      'a"b',
      'a/b',
      'a-b',
      '\u202ebidi',
      '<script>',
      'n'.repeat(200),
      'ü',
    ];
    f.push(...names.map((name) => `main:refs/heads/${name}`));
    await until('all runs', () => f.runs().length === names.length);
    const seen = new Set<string>();
    for (const run of f.runs()) seen.add((await run.settled()).stream('a'));
    assert.equal(seen, new Set(names));
    assert.not(fs.existsSync(join(f.home, 'id')));
  }),
);

test(
  'a tag runs its commit, a deleted ref nothing, a force push its new commit',
  forge(async (f) => {
    f.install();
    const pipeline =
      '(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: jobs}] (let [p (jobs :quire/push)] {:tag p.tag :branch p.branch :files p.files-changed})))';
    const first = f.commit(pipeline);
    f.git(f.work, 'tag', '-a', '-m', 'one', 'v1');
    f.push('main', 'v1');
    await until('two runs', () => f.runs().length === 2);
    for (const run of f.runs()) await run.settled();
    const tag = f.runs().find((run) => run.meta().ref === 'refs/tags/v1');
    assert.is(tag?.meta().sha, first);
    assert.is(tag?.record('jobs/a/outputs.yml').tag, 'v1');
    f.push(':v1');
    f.write('x', '1');
    f.git(f.work, 'add', '-A');
    f.git(f.work, 'commit', '-q', '--amend', '-m', 'other');
    f.push('-f', 'main');
    const forced = await (await f.run(3)).settled();
    assert.is(forced.meta().old_sha, first);
    assert.equal(forced.record('jobs/a/outputs.yml').files, ['x']);
    assert.is(f.runs().length, 3);
  }),
);

test.run();
