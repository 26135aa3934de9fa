/** Ending processes by their mark. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { endMarked, identify } from '../../lib/process/process.ts';

const test = suite('process/end');

const started: ChildProcess[] = [];
test.after.each(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** A marked shell, once it has said that it is ready. */
async function shell(mark: string, script: string): Promise<ChildProcess> {
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', FIRST: '1', QUIRE_PROCESS_MARK: mark, LAST: '1' };
  const child = spawn('sh', ['-c', `${script}`], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  started.push(child);
  await once(child.stdout, 'data');
  return child;
}

const ended = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;
const end = (mark: string, graceMs = 300) => endMarked(`QUIRE_PROCESS_MARK=${mark}`, { graceMs });

test('ends what carries the mark and nothing else', async () => {
  const mine = await shell('run-1/a/', 'echo; exec sleep 60');
  const other = await shell('run-10/a/', 'echo; exec sleep 60');
  assert.ok((await end('run-1/')).ok);
  assert.is(mine.signalCode, 'SIGTERM');
  assert.not(ended(other));
});

test('nobody there is soon said', async () => {
  const began = performance.now();
  assert.ok((await end('nobody/')).ok);
  assert.ok(performance.now() - began < 2000);
});

test('who ignores SIGTERM gets the grace and no more', async () => {
  const stubborn = await shell('run-2/', `trap '' TERM; echo; while :; do sleep 0.05; done`);
  const began = performance.now();
  assert.ok((await end('run-2/')).ok);
  assert.is(stubborn.signalCode, 'SIGKILL');
  const took = performance.now() - began;
  assert.ok(took >= 290 && took < 3000, `${took}`);
});

test('who uses the grace to clean up is let', async () => {
  const tidy = await shell('run-3/', `trap 'sleep 0.1; exit 7' TERM; echo; while :; do sleep 0.01; done`);
  assert.ok((await end('run-3/', 4000)).ok);
  assert.is(tidy.exitCode, 7);
});

test('who forks faster than one look is found by the next', async () => {
  const script = 'hop() { sleep 0.01; setsid sh -c "$0" "$0" & }; ';
  await shell(
    'run-4/',
    `${script} echo; i=0; while [ $i -lt 40 ]; do setsid sleep 60 & i=$((i+1)); done; wait`,
  );
  assert.ok((await end('run-4/')).ok);
  const left = spawn('sh', ['-c', 'grep -l run-4/ /proc/[0-9]*/environ 2> /dev/null | wc -l']);
  const [count] = (await once(left.stdout, 'data')) as [Buffer];
  assert.is(Number(count.toString()), 0);
});

test('a zombie is dead already', async () => {
  // The shell becomes a program that never asks for its child.
  const keeper = await shell('run-5/', 'sleep 0 & echo $!; exec sleep 60');
  const began = performance.now();
  assert.ok((await end('run-5/')).ok);
  assert.ok(performance.now() - began < 2000);
  assert.ok(ended(keeper));
});

test('the one who looks is spared', async () => {
  const script = `
    import('${new URL('../../lib/process/process.ts', import.meta.url).href}').then(async ({ endMarked }) => {
      const done = await endMarked('QUIRE_PROCESS_MARK=run-6/');
      process.stdout.write(String(done.ok));
    });`;
  const env = { ...process.env, QUIRE_PROCESS_MARK: 'run-6/' };
  const sleeper = await shell('run-6/', 'echo; exec sleep 60');
  const looker = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(looker.stdout, 'data')) as [Buffer];
  assert.is(said.toString().trim(), 'true');
  assert.ok(ended(sleeper) || identify(sleeper.pid ?? 0) === null);
});

test.run();
