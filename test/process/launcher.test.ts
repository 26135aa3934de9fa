/** The process that starts commands for another: it ends with that one, and its own death is told. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { err, ok } from '../../lib/base/result.ts';
import { sayExecutorFailure } from '../../lib/executors/failure.ts';
import { endMarked, identify, isAlive, Launcher, runCommand } from '../../lib/process/process.ts';
import { until } from '../rig/forge.ts';
import { plainOptions } from './plain.ts';

const test = suite('process/launcher');

const file = resolve('bin/launcher.cjs');
const { mark } = plainOptions('test-launcher');

/** Runs a shell text there to its end; `heard` is told of what it prints. */
async function run(launcher: Launcher, shell: string, heard: (out: string) => void = () => {}) {
  const { end, release } = await runCommand(
    { shell },
    {
      ...plainOptions('test-launcher'),
      hear: (_, chunk) => heard(chunk.toString()),
      spawn: launcher.spawn,
    },
  );
  release?.();
  return end;
}

const said = (end: Awaited<ReturnType<typeof run>>): string =>
  end.ok ? 'it ended' : sayExecutorFailure(end.error);

const exited = (code: number) => ok({ kind: 'exited', code, endedBy: null });

const parentOf = (pid: number): number =>
  Number(/^PPid:\t(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

async function gone(pid: number): Promise<void> {
  const identity = identify(pid);
  for (let looks = 0; identity !== null && isAlive(identity); looks += 1) {
    assert.ok(looks < 200, `process ${pid} is still there`);
    await pause(25);
  }
}

test('a command is a child of the launcher, not of this process, and the launcher goes when it is closed', async () => {
  const launcher = new Launcher(file, {});
  let pid = 0;
  const end = await run(launcher, 'echo $PPID; exit 3', (out) => {
    pid = Number(out);
  });
  assert.equal(end, exited(3));
  assert.is.not(pid, process.pid);
  assert.is(parentOf(pid), process.pid);
  launcher.close();
  await gone(pid);
  assert.match(said(await run(launcher, 'true')), 'the process that starts commands died');
});

test('a launcher that is closed leaves its code cache, so that the next one starts faster', async () => {
  const began = Date.now() - 1000;
  const launcher = new Launcher(file, { QUIRE_CODE_CACHE: 'write' });
  assert.equal(await run(launcher, 'exit 0'), exited(0));
  launcher.close();
  await until('a cache as old as this test', () =>
    fs
      .readdirSync('dist')
      .filter((name) => /^launcher-.*\.cache$/.test(name))
      .some((name) => fs.statSync(join('dist', name)).mtimeMs > began),
  );
});

test('many commands at once each get their own end', async () => {
  const launcher = new Launcher(file, {});
  const ends = Array.from({ length: 20 }, (_, code) => run(launcher, `sleep 0.0${code % 5}; exit ${code}`));
  assert.equal(
    await Promise.all(ends),
    [...Array(20).keys()].map((code) => exited(code)),
  );
  launcher.close();
});

test('a launcher that is killed leaves nobody waiting', async () => {
  const launcher = new Launcher(file, {});
  const end = run(launcher, 'echo $PPID; sleep 1000', (pid) => {
    process.kill(Number(pid), 'SIGKILL');
  });
  assert.equal(await end, err({ reason: 'lost' }));
  assert.match(said(await run(launcher, 'true')), 'the process that starts commands died');
  assert.ok((await endMarked(mark)).ok);
});

test('a command that stops its launcher can be ended all the same, and so can the launcher', async () => {
  const launcher = new Launcher(file, {});
  const stop = new AbortController();
  let parent = 0;
  const { end } = await runCommand(
    { shell: 'echo $PPID; kill -STOP $PPID; sleep 1000' },
    {
      ...plainOptions('test-launcher'),
      signal: stop.signal,
      hear: (_, chunk) => {
        parent = Number(chunk);
        stop.abort();
      },
      spawn: launcher.spawn,
    },
  );
  assert.equal(end, err({ reason: 'lost' }));
  launcher.close();
  await gone(parent);
});

test('a launcher whose file is not there is told as one that died', async () => {
  const launcher = new Launcher('/nowhere/launcher.cjs', {});
  assert.match(said(await run(launcher, 'true')), 'the process that starts commands died');
});

const lost = 'QUIRE_PROCESS_MARK=test-death/';

/** Whose environment holds an entry that begins so. */
const marked = (mark: string): string[] =>
  fs.readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && fs.readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
    } catch {
      return false;
    }
  });

test('it ends with whoever started it, however that one ends, and so do its commands', async () => {
  const program = `
    const { Launcher } = await import(${JSON.stringify(resolve('lib/process/launcher.ts'))});
    const launcher = new Launcher(${JSON.stringify(file)}, {});
    const options = { cwd: '/', env: { PATH: process.env.PATH }, stdio: [null, null, null] };
    await new Promise((ended) => launcher.spawn({ shell: 'exit' }, { ...options, ended }));
    const stays = 'setsid sleep 1000 & trap "" HUP; sleep 1000';
    const stayed = launcher.spawn({ shell: stays }, { ...options, ended: () => {}, mark: ${JSON.stringify(`${lost}1/`)} });
    await stayed.identity();
    const { readFileSync } = await import('node:fs');
    console.log(readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8'));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string = await new Promise((tell) => child.stdout.once('data', (chunk) => tell(String(chunk))));
  const children = said.trim().split(/\s+/).map(Number);
  const command = (pid: number): string => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  const pid = children.find((one) => command(one).includes('launcher.cjs'));
  assert.ok(pid !== undefined, said);
  await until('both sleep', () => marked(lost).length >= 3);
  child.kill('SIGKILL');
  await gone(pid);
  assert.equal(marked(lost), []);
});

test.run();
