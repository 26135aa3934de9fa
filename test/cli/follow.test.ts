/** Watching runs from a push: `ci.follow`, and a pusher that is not there any more. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, root, until } from '../rig/forge.ts';
import { Talker } from './talker.ts';

const test = suite('cli/follow');

const pipeline = `(local ci (require :quire.ci))
(ci.job :build [:quire/push] (fn [{: sh!}] (sh! "printf 'one\\\\ntwo\\\\033[2J\\\\n'; printf end")))
(ci.job :test [:build] (fn [{: sh}] (sh "exit 3")))
`;

test(
  'the pusher sees what the jobs print, safe for a terminal, and how the run ended',
  forge(async (f) => {
    f.install();
    f.commit(pipeline);
    const said = f.push('-o', 'ci.follow', 'main');
    assert.match(said, /remote: build │ one/);
    assert.match(said, /remote: build │ two *\n/);
    assert.match(said, /remote: build │ end/);
    assert.match(said, /remote: test {2}│ exited 3/);
    assert.match(said, /remote: run 1 {2}main {2}✘ failed/);
    const run = await f.run(1);
    assert.is(run.state(), 'failed');
    const logs = f.quire('logs', '1', '-f');
    assert.match(logs.out, /^build │ one\nbuild │ two\nbuild │ end\n/m);
  }),
);

test(
  '^C ends the watching and not the run',
  forge(async (f) => {
    f.install();
    f.commit(`(local ci (require :quire.ci))
(ci.job :long [:quire/push] (fn [{: sh!}] (sh! "echo up; while ! test -e ${f.home}/go; do sleep 0.05; done; echo over")))`);
    f.push('main');
    const run = await f.run(1);
    const talker = new Talker(f, f.repo, 'hook', f.repo, f.data, '--follow', run.id);
    await talker.hears('long │ up');
    assert.is(await talker.stop(), 0);
    assert.is(run.state(), 'active');
    f.git(f.home, 'init', '-q', join(f.home, 'go'));
    await run.settled();
    assert.is(run.state(), 'complete');
    assert.is(run.stream('long'), 'up\nover\n');
  }),
);

/** Standard error as a hook has it: a pipe mostly, a socket under some servers. */
for (const kind of ['pipe', 'socket'] as const) {
  test(
    `a pusher that reads nothing is given up: ${kind}`,
    forge((f) => silentPusher(f, kind)),
  );
}

async function silentPusher(f: Forge, kind: 'pipe' | 'socket'): Promise<void> {
  f.install();
  f.commit(`(local ci (require :quire.ci))
(ci.job :much [:quire/push] (fn [{: sh!}] (sh! "yes | head -c 1000000; sleep 613")))`);
  f.push('main');
  const run = await f.run(1);
  await run.active();
  // The same as the hook's follower, but for a patience that a test can wait for.
  const script = `import { followRuns } from './lib/cli/follow.ts';
import { storeAt } from './lib/cli/serving.ts';
followRuns(storeAt('${f.data}'), ['${run.id}'], { patienceMs: 300 }).then(() => process.exit(7));`;
  const words = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  // Node's own pipes are sockets; a shell's are pipes, and this one's reader sleeps.
  const piped = ['sh', '-c', 'exec 3>&1; { "$@" 2>&1 >&3; echo $? >&3; } | sleep 616', 'sh', ...words];
  const [program = '', ...args] = kind === 'pipe' ? piped : words;
  const child = spawn(program, args, { cwd: root, env: f.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const code = await new Promise((tell) => {
    child.stdout.on('data', (bytes) => tell(Number(bytes)));
    if (kind === 'socket') child.on('exit', tell);
  });
  assert.is(code, 7);
  assert.is(run.state(), 'active');
  assert.is(f.quire('cancel', '1').code, 0);
  await until('the end of the run', () => run.state() === 'canceled');
}

test.run();
