/** The process that starts commands for another: it ends with that one, and its own death is told. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { endMarked, identify, isAlive, Launcher, startCommand } from '../../lib/process/process.ts';
import { until } from '../rig/forge.ts';
import { plainOptions } from './plain.ts';

const test = suite('process/launcher');

const file = resolve('bin/launcher.cjs');
const { mark } = plainOptions('test-launcher');

async function start(launcher: Launcher, shell: string) {
  let out = '';
  const started = await startCommand(
    { shell },
    {
      ...plainOptions('test-launcher'),
      hear: (_, chunk) => {
        out += chunk.toString();
      },
      spawn: launcher.spawn,
    },
  );
  if (!started.ok) return { failure: started.error, running: null, out: () => out };
  return { failure: null, running: started.value, out: () => out };
}

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
  const { running, out } = await start(launcher, 'echo $PPID; exit 3');
  assert.equal(await running?.ended, { kind: 'exited', code: 3, endedBy: null });
  running?.release();
  const pid = Number(out());
  assert.is.not(pid, process.pid);
  assert.is(parentOf(pid), process.pid);
  launcher.close();
  await gone(pid);
  const late = await start(launcher, 'true');
  assert.is(late.failure?.reason, 'io');
});

test('many commands at once each get their own end', async () => {
  const launcher = new Launcher(file, {});
  const ends = Array.from({ length: 20 }, async (_, code) => {
    const { running } = await start(launcher, `sleep 0.0${code % 5}; exit ${code}`);
    const end = await running?.ended;
    running?.release();
    return end?.kind === 'exited' ? end.code : null;
  });
  assert.equal(await Promise.all(ends), [...Array(20).keys()]);
  launcher.close();
});

test('a launcher that is killed leaves nobody waiting', async () => {
  const launcher = new Launcher(file, {});
  const { running } = await start(launcher, 'sleep 1000');
  const pid = parentOf(running?.pid ?? 0);
  process.kill(pid, 'SIGKILL');
  assert.is(await running?.ended, null);
  running?.release();
  assert.is((await start(launcher, 'true')).failure?.reason, 'io');
  assert.ok((await endMarked(mark)).ok);
});

test('a launcher whose file is not there is a failure of the first command', async () => {
  const launcher = new Launcher('/nowhere/launcher.cjs', {});
  assert.is((await start(launcher, 'true')).failure?.reason, 'io');
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
    const over = await launcher.spawn({ shell: 'exit' }, options);
    await over.value.exit;
    const stays = 'setsid sleep 1000 & trap "" HUP; sleep 1000';
    await launcher.spawn({ shell: stays }, { ...options, mark: ${JSON.stringify(`${lost}1/`)} });
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
