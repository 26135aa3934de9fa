/**
 * What a run function's primitives really do: a command's environment and result, files, the push, the workspace.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { forge, until } from '../rig/forge.ts';

const test = suite('whole/runtime');

const head = '(local ci (require :quire.ci))\n';

const variablesOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );

test(
  'what the environment does not say of the owner, the account does',
  forge(async (f) => {
    f.install();
    for (const name of ['USER', 'SHELL']) delete f.env[name];
    f.commit(`${head}(ci.job :a [:quire/push] (fn [{: sh}] (sh ["env" "-0"]) nil))`);
    f.push('main');
    const run = await (await f.run(1)).settled();
    const { HOME, USER, SHELL } = variablesOf(run.stream('a'));
    const { username, shell } = os.userInfo();
    assert.equal({ HOME, USER, SHELL }, { HOME: f.home, USER: username, SHELL: shell });
  }),
);

test(
  'the environment of a command is from an allow-list, and the nearer one wins',
  forge(async (f) => {
    f.install(
      '{:path "/opt/x:/usr/bin:/bin" :env {:FROM_CONFIG "c" :ONE "config" :TWO "config" :THREE "config" :FOUR "config"} :pass-env ["PASSED" "ABSENT"]}',
    );
    Object.assign(f.env, {
      PASSED: 'on purpose',
      LEAK: 'no',
      SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22',
      GIT_TRACE2_PARENT_SID: 'x',
      LANG: 'C.UTF-8',
      USER: 'ada',
    });
    const sha = f.commit(`${head}
(ci.job :a {:inputs [:quire/push] :env {:ONE "job" :TWO "job" :NUMBER 7} :run
  (fn [{: sh : env}]
    (sh ["env" "-0"] {:env {:ONE "call"}})
    {:one (env :ONE) :path (env :PATH) :leak (env :LEAK) :job (env :QUIRE_JOB)})})
`);
    f.push(
      '-o',
      'ci.variable=ONE=variable',
      '-o',
      'ci.variable=TWO=variable',
      '-o',
      'ci.variable=THREE=variable',
      'main',
    );
    const run = await (await f.run(1)).settled();
    assert.is(run.state(), 'complete', String(run.outcome().error));
    const {
      QUIRE_PROCESS_MARK: mark,
      QUIRE_CACHE: cache,
      TZ: _,
      SHELL: __,
      TMPDIR: ___,
      ...seen
    } = variablesOf(run.stream('a'));
    assert.equal(seen, {
      HOME: f.home,
      LANG: 'C.UTF-8',
      USER: 'ada',
      PATH: '/opt/x:/usr/bin:/bin',
      FROM_CONFIG: 'c',
      PASSED: 'on purpose',
      CI: 'true',
      QUIRE: 'true',
      QUIRE_REPO: 'r',
      QUIRE_RUN_ID: run.id,
      QUIRE_RUN_NUMBER: '1',
      QUIRE_JOB: 'a',
      QUIRE_SHA: sha,
      QUIRE_REF: 'refs/heads/main',
      QUIRE_BRANCH: 'main',
      QUIRE_TAG: '',
      NUMBER: '7',
      ONE: 'call',
      TWO: 'job',
      THREE: 'variable',
      FOUR: 'config',
    });
    assert.match(mark ?? '', new RegExp(`^${run.id}/a/`));
    assert.is(cache, join(f.data, 'cache'));
    const outputs = run.record('jobs/a/outputs.yml');
    assert.equal(outputs, { one: 'job', path: '/opt/x:/usr/bin:/bin', job: 'a' });
  }),
);

test(
  'what can not be a command raises, naming the program or the directory',
  forge(async (f) => {
    f.install();
    const calls: [call: string, error: RegExp][] = [
      ['(sh ["no-such-program" "x"])', /no-such-program/],
      ['(sh "true" {:cwd "not/there"})', /not\/there/],
      ['(sh "true" {:cwd "../.."})', /\.\.\/\.\. is not inside the workspace/],
      ['(sh "true" {:cwd "root"})', /root is not inside the workspace/],
      ['(sh "true" {:env {:QUIRE_RUN_ID "1"}})', /QUIRE_ is kept/],
      ['(sh "true" {:env {"a b" "1"}})', /"a b", which is no identifier/],
      ['(sh ["echo" (string.rep "x" 140000)])', /arguments of echo .* too big .*started in .*work/],
      ['(read-file "../../etc/passwd")', /\.\.\/\.\.\/etc\/passwd is not inside the workspace/],
      ['(read-file "root/etc/passwd")', /root\/etc\/passwd is not inside the workspace/],
      ['(read-file "a\\0b")', /NUL/],
      ['(read-file "none")', /none: there is no such file/],
      ['(read-file ".quire")', /no regular file/],
      ['(write-file "root/tmp/quire-was-here" "x")', /not inside the workspace/],
      ['(write-file "../up" "x")', /not inside the workspace/],
      ['(write-file ".quire" "x")', /it is a directory/],
      ['(read-json ".quire/ci.fnl")', /is not JSON/],
    ];
    fs.symlinkSync('/', join(f.work, 'root'));
    const tries = calls.map(
      ([call]) => `(let [(ok why) (pcall #${call})] (assert (not ok)) (log (tostring why)))`,
    );
    f.commit(
      `${head}(ci.job :a [:quire/push] (fn [{: sh : read-file : read-json : write-file : log}]\n${tries.join('\n')}))\n(ci.job :b [:quire/push] (fn [{: sh}] (sh ["no-such-program"])))`,
    );
    f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.job('a').state, 'complete', String(run.job('a').error));
    const said = run.log('a').map(({ note }) => String(note ?? ''));
    for (const [call, error] of calls)
      assert.ok(
        said.some((line) => error.test(line)),
        `${call}: ${error} in\n${said.map((line) => line.slice(0, 200)).join('\n')}`,
      );
    assert.match(String(run.job('b').error), /\.quire\/ci\.fnl:\d+:\d+: sh: .*no-such-program/);
    assert.not(fs.existsSync('/tmp/quire-was-here'));
  }),
);

test(
  'results: both streams, signals, timeouts; the first 4 MiB for the pipeline, all of it in the log',
  forge(async (f) => {
    f.install('{:log-limit "6m"}');
    f.commit(`${head}
(ci.job :big [:quire/push] (fn [{: sh}]
  (let [r (sh "head -c 5000000 /dev/zero | tr '\\\\0' 'x'; echo done >&2")]
    {:kept (length r.stdout) :truncated r.truncated :err r.stderr :cmd r.cmd :exit r.exit})))
(ci.job :endless [:quire/push] (fn [{: sh}] (let [r (sh "yes | head -c 30000000")] {:kept (length r.stdout)})))
(ci.job :killed [:quire/push] (fn [{: sh}] (let [r (sh "kill -SEGV $$")] {:code r.exit :signal r.signal})))
(ci.job :slow [:quire/push] (fn [{: sh}] (let [r (sh "echo begun; sleep 1000" {:timeout 0.3})] {:code r.exit :signal r.signal :out r.stdout})))
(ci.job :cache [:quire/push] (fn [{: sh : env}] {:same (= (env "QUIRE_CACHE") (. (sh "printf %s $QUIRE_CACHE") :stdout))}))
(ci.job :patient {:inputs [:quire/push] :timeout "30d" :run (fn [{: sh}] (sh "sleep 0.2; echo in time" {:timeout "600h"}) nil)})
(ci.job :input [:quire/push] (fn [{: sh}] {:given (. (sh "cat" {:stdin "\\255\\0x"}) :stdout) :none (. (sh "cat") :stdout)}))
(ci.job :held [:quire/push] (fn [{: sh}] (sh "(sleep 1000; echo late) & echo now") nil))
(ci.job :daemon [:quire/push] (fn [{: sh}] (sh "setsid sh -c 'sleep 1000 & exec sleep 1000' >/dev/null 2>&1 </dev/null &") nil))
`);
    f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.state(), 'complete', String(run.outcome().error));
    const outputs = (job: string): Record<string, unknown> => run.record(`jobs/${job}/outputs.yml`);
    const { cmd: _, ...big } = outputs('big');
    assert.equal(big, { kept: 4 * 1024 * 1024, truncated: true, err: 'done\n', exit: 0 });
    assert.is(run.stream('big').length, 5_000_000);
    assert.equal(outputs('endless'), { kept: 4 * 1024 * 1024 });
    const log = run.log('endless');
    assert.is(log.filter((entry) => entry.truncated === true).length, 1);
    assert.ok(run.stream('endless').length <= 6 * 1024 * 1024);
    assert.is(log.at(-1)?.exit, 0, 'the job goes on past the limit');
    assert.equal(outputs('killed'), { code: -1, signal: 'SIGSEGV' });
    assert.equal(outputs('slow'), { code: -1, signal: 'SIGTERM', out: 'begun\n' });
    assert.is(run.log('slow').at(-1)?.signal, 'SIGTERM');
    assert.is(run.log('slow').at(-2)?.note, 'the command timed out after 300 ms');
    assert.equal(outputs('cache'), { same: true });
    assert.is(run.stream('patient'), 'in time\n');
    assert.is(run.stream('held'), 'now\n');
    assert.is(run.job('daemon').state, 'complete');
    await f.quiet();
  }),
);

test(
  ':quire/push: every key, for a new branch, an update and a tag; in a work tree HEAD and what is dirty',
  forge(async (f) => {
    f.install();
    f.write('kept', '1');
    const first = f.commit(
      `${head}(ci.job :a [:quire/push] (fn [{: jobs}] (jobs :quire/push)))`,
      'first\n\nwith a body',
    );
    f.push('-o', 'ci.variable=V=1', 'main');
    const fresh = (await (await f.run(1)).settled()).record('jobs/a/outputs.yml');
    const { 'pushed-at': at, ...rest } = fresh;
    assert.equal(rest, {
      sha: first,
      ref: 'refs/heads/main',
      branch: 'main',
      'files-changed': ['.quire/ci.fnl', 'kept'],
      pusher: 'ada',
      author: 'Ada <ada@example.org>',
      'commit-message': 'first\n\nwith a body\n',
      'git-dir': f.repo,
      variables: { V: '1' },
      dirty: false,
    });
    assert.match(String(at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    f.git(f.work, 'mv', 'kept', 'moved');
    f.commit(null, 'second');
    f.git(f.work, 'tag', 'v1');
    f.push('main', 'v1');
    const update = (await (await f.run(2)).settled()).record('jobs/a/outputs.yml');
    const tagged = (await (await f.run(3)).settled()).record('jobs/a/outputs.yml');
    const [branch, tag] = update.tag === undefined ? [update, tagged] : [tagged, update];
    assert.equal([branch['previous-sha'], branch['files-changed']], [first, ['kept', 'moved']]);
    assert.equal([tag.tag, tag.branch, tag['previous-sha']], ['v1', undefined, undefined]);
    f.write('moved', 'edited');
    f.write('new', 'x');
    const out = join(f.home, 'out');
    assert.is(f.quireIn(f.work, {}, 'ci', 'run', '--out-dir', out).code, 0);
    const local = fs.readFileSync(join(out, 'jobs/a/outputs.yml'), 'utf8');
    assert.match(local, /dirty: true/);
    assert.match(local, /branch: "main"/);
    assert.match(local, /"new"/);
  }),
);

test(
  'the workspace: submodules are empty directories, no .git; jobs share it, and it is gone with the run',
  forge(async (f) => {
    f.install();
    const sha = f.commit(`${head}
(ci.job :a [:quire/push] (fn [{: sh}] (sh "pwd; ls -A; ls -A sub; echo shared > by-a")))
(ci.job :b [:a] (fn [{: read-file}] {:text (read-file "by-a")}))
`);
    f.git(f.work, 'update-index', '--add', '--cacheinfo', `160000,${sha},sub`);
    f.git(f.work, 'commit', '-q', '-m', 'a submodule');
    f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.state(), 'complete', String(run.outcome().error));
    const [place, ...names] = run.stream('a').trimEnd().split('\n');
    assert.is(place, join(f.data, 'work', run.id));
    assert.equal(names, ['.quire', 'sub']);
    assert.equal(run.record('jobs/b/outputs.yml'), { text: 'shared\n' });
    await until('the workspace to be gone', () => !fs.existsSync(place ?? ''));
  }),
);

test.run();
