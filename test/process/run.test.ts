/** Commands as a user of the room sees them; what every executor promises is in `contract/executor.ts`. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Command,
  identify,
  isAlive,
  Launcher,
  type RunOptions,
  runCommand,
  type StartFailure,
  sayStartFailure,
} from '../../lib/process/process.ts';
import { until } from '../rig/forge.ts';
import { plainOptions } from './plain.ts';

const test = suite('process/run');

async function run(command: Command, rest: Partial<RunOptions> = {}) {
  let out = '';
  const { end, release } = await runCommand(command, {
    ...plainOptions('test-run'),
    graceMs: 300,
    hear: (stream, chunk) => {
      if (stream === 'out') out += chunk.toString();
    },
    ...rest,
  });
  release?.();
  if (end.ok) return { failure: null, end: end.value, out };
  return { failure: end.error.reason === 'lost' ? null : end.error.failure, end: null, out };
}

const failures: [title: string, command: Command, rest: Partial<RunOptions>, failure: StartFailure][] = [
  [
    'a name that is nowhere on the path',
    { argv: ['no-such-program'] },
    { cwd: '/' },
    { reason: 'missing-program', program: 'no-such-program', cwd: '/' },
  ],
  [
    'a path that is not there',
    { argv: ['./no-such-program'] },
    { cwd: '/' },
    { reason: 'missing-program', program: './no-such-program', cwd: '/' },
  ],
  [
    'a file without the right to execute it',
    { argv: ['/etc/passwd'] },
    { cwd: '/' },
    { reason: 'not-executable', program: '/etc/passwd', cwd: '/' },
  ],
  [
    'a directory that is not there',
    { shell: 'true' },
    { cwd: '/nowhere' },
    { reason: 'bad-cwd', cwd: '/nowhere' },
  ],
  [
    'a file as the directory',
    { shell: 'true' },
    { cwd: '/etc/passwd' },
    { reason: 'bad-cwd', cwd: '/etc/passwd' },
  ],
  ['NUL in an argument', { argv: ['echo', 'a\0b'] }, {}, { reason: 'nul-byte', where: 'command' }],
  ['NUL in a shell text', { shell: 'echo a\0b' }, {}, { reason: 'nul-byte', where: 'command' }],
  [
    'NUL in a variable',
    { shell: 'true' },
    { env: { A: 'a\0b' } },
    { reason: 'nul-byte', where: 'environment' },
  ],
  ['NUL in the directory', { shell: 'true' }, { cwd: '/tmp\0' }, { reason: 'nul-byte', where: 'cwd' }],
];
const launcher = new Launcher(resolve('bin/launcher.cjs'), {});
test.after(() => launcher.close());

for (const [title, command, rest, failure] of failures) {
  test(`${title} is a failure that names it, whoever starts it`, async () => {
    assert.equal((await run(command, rest)).failure, failure);
    assert.equal((await run(command, { ...rest, spawn: launcher.spawn })).failure, failure);
    const said = sayStartFailure(failure);
    for (const value of Object.values(failure).slice(1)) assert.ok(said.includes(String(value)), said);
  });
}

test('a script whose interpreter is missing is not called missing itself', async () => {
  const home = fs.mkdtempSync(join(tmpdir(), 'quire-run-'));
  const script = join(home, 'script');
  fs.writeFileSync(script, '#!/no/such/interpreter\n', { mode: 0o755 });
  assert.is((await run({ argv: [script] })).failure?.reason, 'not-executable');
  fs.rmSync(home, { recursive: true });
});

test('an environment that is too big is told with its size', async () => {
  const { failure } = await run({ shell: 'true' }, { env: { BIG: 'x'.repeat(3_000_000) } });
  assert.is(failure?.reason, 'too-big');
  assert.ok(failure?.reason === 'too-big' && failure.bytes > 3_000_000);
});

test("zx's own settings in our environment change nothing", async () => {
  const before = { ...process.env };
  Object.assign(process.env, { ZX_PREFIX: 'echo prefixed;', ZX_VERBOSE: 'true', ZX_SHELL: '/bin/false' });
  try {
    assert.is((await run({ shell: 'echo $((1+1)) $0' })).out, '2 /bin/sh\n');
  } finally {
    for (const name of ['ZX_PREFIX', 'ZX_VERBOSE', 'ZX_SHELL']) {
      if (before[name] === undefined) delete process.env[name];
    }
  }
});

test('a command leads its own group and session', async () => {
  const { out } = await run({ shell: 'echo $$; cut -d" " -f5,6 /proc/$$/stat' });
  const [pid, ids] = out.trim().split('\n');
  assert.is(ids, `${pid} ${pid}`);
});

test('a timeout also finds who lost the mark but not the session', async () => {
  const { out, end } = await run({ shell: 'set -m; env -i sleep 60 & echo $!; wait' }, { timeoutMs: 300 });
  assert.is(end?.endedBy, 'timeout');
  assert.is(identify(Number(out.trim())), null);
});

test('a stopped process is ended as well', async () => {
  const { end } = await run({ shell: 'kill -STOP $$; sleep 60' }, { timeoutMs: 200 });
  assert.equal(end, { kind: 'signaled', signal: 'SIGTERM', endedBy: 'timeout' });
});

test('a timeout that fires after the end ends nobody', async () => {
  const { end } = await run({ shell: 'exit 2' }, { timeoutMs: 60_000 });
  assert.equal(end, { kind: 'exited', code: 2, endedBy: null });
});

test('what a command leaves behind stays until somebody ends it', async () => {
  const { out } = await run({ shell: 'sleep 60 > /dev/null 2>&1 & echo $!' });
  const left = identify(Number(out.trim()));
  assert.ok(left !== null && isAlive(left));
  process.kill(Number(out.trim()), 'SIGKILL');
});

test('a listener that throws is not lost', async () => {
  const broken = run({ shell: 'echo x' }, { hear: async () => Promise.reject(new Error('disk full')) });
  assert.is(
    await broken.then(
      () => 'fine',
      (error: Error) => error.message,
    ),
    'disk full',
  );
});

test('hundreds of commands at once, and no descriptor is left', async () => {
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const many = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => run({ shell: `echo ${index}` }, { stdin: 'x' })));
  const ran = await many(100);
  assert.equal(
    ran.map(({ out }) => out.trim()),
    ran.map((_, index) => String(index)),
  );
  // A stream that was read to its end is closed a moment later.
  await pause(500);
  const before = open();
  await many(100);
  await many(100);
  await until(`${before} descriptors are open`, () => open() <= before + 4);
});

test('pipes that serve one command after the other bring each what it wrote, and nothing of another', async () => {
  const heard: { out: string; err: string }[] = [];
  const releases: (() => void)[] = [];
  async function one(id: number): Promise<void> {
    const mine = { out: '', err: '' };
    heard[id] = mine;
    // Much and little, on both streams, with and without somebody who writes on when the command is over.
    const lines = [0, 1, 50, 3000][id % 4];
    const late = id % 5 === 0 ? `(sleep 0.2; echo late ${id}; echo late ${id} >&2) &` : '';
    const shell = `${late} i=0; while [ $i -lt ${lines} ]; do echo out ${id}; echo err ${id} >&2; i=$((i+1)); done`;
    const { end, release } = await runCommand(
      { shell },
      {
        ...plainOptions('test-run'),
        spawn: launcher.spawn,
        // Slow at times, so that a stream has to wait.
        hear: async (stream, chunk) => {
          mine[stream] += chunk.toString();
          if (id % 3 === 0) await pause(1);
        },
      },
    );
    assert.equal(end, { ok: true, value: { kind: 'exited', code: 0, endedBy: null } });
    for (const stream of ['out', 'err'] as const)
      assert.is(
        mine[stream].replace(/late .*\n/, ''),
        `${stream} ${id}\n`.repeat(lines ?? 0),
        `command ${id}`,
      );
    if (release !== null) releases.push(release);
    if (late === '') assert.is(release, null, `command ${id}`);
  }
  let next = 0;
  const worker = async () => {
    while (next < 120) await one(next++);
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  await until('what came late', () =>
    heard.every(({ out, err }, id) => id % 5 !== 0 || /late/.test(out + err)),
  );
  await pause(100);
  for (const [id, mine] of heard.entries()) {
    for (const stream of ['out', 'err'] as const) {
      const others = mine[stream].split('\n').filter((line) => line !== '' && !line.endsWith(` ${id}`));
      assert.equal(others, [], `command ${id}`);
      assert.is(mine[stream].includes('late'), id % 5 === 0, `command ${id}`);
    }
  }
  for (const release of releases) release();
});

test('nothing is left in the temp directories', async () => {
  await run({ shell: 'true' }, { stdin: 'x' });
  for (const directory of [tmpdir(), '/dev/shm']) {
    const names = fs.existsSync(directory) ? fs.readdirSync(directory) : [];
    assert.equal(
      // Of this process: those beside it may be using theirs, or have been killed.
      names.filter((name) => new RegExp(`^quire-(pipe|input)-${process.pid}-`).test(name)),
      [],
    );
  }
});

test.run();
