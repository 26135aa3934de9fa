/** Processes of our own: one that outlives us, one that must not; and helper programs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { capture, identify, spawnChild, spawnDetached } from '../../lib/process/process.ts';

const test = suite('process/supervise');

const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
const door = new URL('../../lib/process/process.ts', import.meta.url).href;
let home = '';
test.before.each(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'quire-supervise-'));
});
test.after.each(() => fs.rmSync(home, { recursive: true }));

const node = (script: string, ...args: string[]) =>
  spawn(process.execPath, ['--import', 'tsx', '-e', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

async function gone(pid: number): Promise<boolean> {
  for (let looks = 0; looks < 1000; looks += 1) {
    if (identify(pid) === null) return true;
    await new Promise((later) => setTimeout(later, 10));
  }
  return false;
}

test('a detached process outlives us and holds none of our descriptors', async () => {
  const parent = node(`
    import('${door}').then(async ({ spawnDetached }) => {
      const pid = await spawnDetached(['sleep', '60'], { env: process.env, cwd: '/', output: null });
      process.stdout.write(String(pid.value));
    });`);
  // Its standard output would stay open, and this would wait, if the sleeper held it.
  const said: Buffer[] = [];
  parent.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  await once(parent, 'close');
  const pid = Number(Buffer.concat(said).toString());
  assert.ok(identify(pid) !== null);
  assert.equal(
    [0, 1, 2].map((descriptor) => fs.readlinkSync(`/proc/${pid}/fd/${descriptor}`)),
    ['/dev/null', '/dev/null', '/dev/null'],
  );
  process.kill(pid, 'SIGKILL');
});

test('a detached process writes where it is told', async () => {
  const log = join(home, 'log');
  const output = fs.openSync(log, 'a');
  const pid = await spawnDetached(['sh', '-c', 'echo out; echo err >&2'], { env, cwd: home, output });
  fs.closeSync(output);
  assert.ok(pid.ok && (await gone(pid.value)));
  assert.is(fs.readFileSync(log, 'utf8'), 'out\nerr\n');
});

test('a program that is missing is a failure', async () => {
  const options = { env, cwd: home, output: null };
  for (const started of [
    await spawnDetached(['no-such-program'], options),
    await spawnChild(['no-such-program'], options),
    await capture(['no-such-program'], { env, cwd: home }),
  ]) {
    assert.not(started.ok);
    assert.equal(!started.ok && started.error, {
      reason: 'missing-program',
      program: 'no-such-program',
      cwd: home,
    });
  }
});

test('a supervised child tells how it ended', async () => {
  const child = await spawnChild(['sh', '-c', 'exit 5'], { env, cwd: home, output: null });
  if (!child.ok) throw new Error(child.error.reason);
  assert.equal(await child.value.ended, { code: 5, signal: null });
});

const obedient = `
  import('${door}').then(({ whenSupervisorGone }) => {
    whenSupervisorGone(() => process.exit(9));
    require('node:fs').writeFileSync(process.argv[1], '');
    setInterval(() => {}, 1000);
  });`;

test('a supervised child can be let go', async () => {
  const ready = join(home, 'ready');
  const argv = [process.execPath, '--import', 'tsx', '-e', obedient, ready] as const;
  const child = await spawnChild(argv, { env, cwd: process.cwd(), output: null });
  if (!child.ok) throw new Error(child.error.reason);
  for (let looks = 0; !fs.existsSync(ready) && looks < 1000; looks += 1) {
    await new Promise((later) => setTimeout(later, 10));
  }
  child.value.letGo();
  assert.equal(await child.value.ended, { code: 9, signal: null });
});

test('a supervised child ends when its supervisor is killed', async () => {
  const ready = join(home, 'ready');
  const supervisor = node(
    `import('${door}').then(async ({ spawnChild }) => {
      const argv = [process.execPath, '--import', 'tsx', '-e', process.argv[2], process.argv[1]];
      const child = await spawnChild(argv, { env: process.env, cwd: process.cwd(), output: null });
      process.stdout.write(String(child.value.pid));
    });`,
    ready,
    obedient,
  );
  const [said] = (await once(supervisor.stdout, 'data')) as [Buffer];
  for (let looks = 0; !fs.existsSync(ready) && looks < 1000; looks += 1) {
    await new Promise((later) => setTimeout(later, 10));
  }
  supervisor.kill('SIGKILL');
  assert.ok(await gone(Number(said.toString())));
});

test('a helper program: code, streams, input', async () => {
  const script = 'cat; echo problem >&2; exit 3';
  const ran = await capture(['sh', '-c', script], { env, cwd: home, stdin: 'given' });
  if (!ran.ok) throw new Error(ran.error.reason);
  const { code, out, err, endedBy } = ran.value;
  assert.equal([code, out.toString(), err.toString(), endedBy], [3, 'given', 'problem\n', null]);
});

test('a helper program: bounded in size and time', async () => {
  const big = await capture(['head', '-c', '5000000', '/dev/zero'], { env, cwd: home, maxBytes: 1000 });
  assert.ok(big.ok && big.value.code === 0 && big.value.out.length === 1000);
  const slow = await capture(['sleep', '60'], { env, cwd: home, timeoutMs: 50 });
  assert.ok(slow.ok && slow.value.endedBy === 'timeout');
  const held = await capture(['sh', '-c', 'sleep 60 & echo $!'], { env, cwd: home });
  assert.ok(held.ok && held.value.code === 0);
  if (held.ok) process.kill(Number(held.value.out.toString()), 'SIGKILL');
});

test.run();
