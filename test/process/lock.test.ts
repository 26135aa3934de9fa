/** Kernel locks: who holds one, and how it is lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../../lib/base/result.ts';
import {
  acquireLock,
  type Lock,
  type LockFailure,
  sayLockFailure,
  tryLock,
} from '../../lib/process/process.ts';

const test = suite('process/lock');

let home = '';
test.before.each(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'quire-lock-'));
});
test.after.each(() => fs.rmSync(home, { recursive: true }));

const held = (result: Result<Lock, LockFailure>): Lock => {
  if (!result.ok) throw new Error(sayLockFailure(result.error));
  return result.value;
};
const reasonOf = (result: Result<Lock, LockFailure>) => (result.ok ? 'held' : result.error.reason);

test('one holds it, a second one is told at once', () => {
  const lock = held(tryLock(join(home, 'lock')));
  assert.is(reasonOf(tryLock(join(home, 'lock'))), 'busy');
  lock.release();
  lock.release();
  held(tryLock(join(home, 'lock'))).release();
});

test('who waits gets it when it is let go', async () => {
  const first = held(tryLock(join(home, 'lock')));
  const second = acquireLock(join(home, 'lock'), { waitMs: null });
  const third = await acquireLock(join(home, 'lock'), { waitMs: 100 });
  assert.is(reasonOf(third), 'busy');
  first.release();
  held(await second).release();
});

test('who waits can be called off', async () => {
  const first = held(tryLock(join(home, 'lock')));
  const cancel = new AbortController();
  const waiting = acquireLock(join(home, 'lock'), { waitMs: null, signal: cancel.signal });
  cancel.abort();
  assert.is(reasonOf(await waiting), 'busy');
  first.release();
  held(tryLock(join(home, 'lock'))).release();
});

test('twenty at once: never two inside', async () => {
  let inside = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const lock = held(await acquireLock(join(home, 'lock'), { waitMs: null }));
      inside += 1;
      assert.is(inside, 1);
      await new Promise((later) => setTimeout(later, 2));
      inside -= 1;
      lock.release();
    }),
  );
});

test('a child started meanwhile does not hold it', async () => {
  const lock = held(tryLock(join(home, 'lock')));
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  lock.release();
  held(tryLock(join(home, 'lock'))).release();
  child.kill('SIGKILL');
});

test('SIGKILL releases it', async () => {
  const script = `
    import('${new URL('../../lib/process/process.ts', import.meta.url).href}').then(({ tryLock }) => {
      globalThis.lock = tryLock(process.argv[1]);
      process.stdout.write(String(globalThis.lock.ok));
      setInterval(() => {}, 1000);
    });`;
  const holder = spawn(process.execPath, ['--import', 'tsx', '-e', script, join(home, 'lock')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(holder.stdout, 'data')) as [Buffer];
  assert.is(said.toString().trim(), 'true');
  assert.is(reasonOf(tryLock(join(home, 'lock'))), 'busy');
  const waiting = acquireLock(join(home, 'lock'), { waitMs: 5000 });
  holder.kill('SIGKILL');
  held(await waiting).release();
});

test('a directory that is not there is a file failure', () => {
  assert.is(reasonOf(tryLock(join(home, 'missing', 'lock'))), 'file');
});

test('a machine without flock is told what to install', async () => {
  const path = process.env.PATH;
  process.env.PATH = home;
  try {
    const sync = tryLock(join(home, 'lock'));
    assert.is(reasonOf(sync), 'no-flock');
    assert.match(sync.ok ? '' : sayLockFailure(sync.error), /util-linux/);
    assert.is(reasonOf(await acquireLock(join(home, 'lock'), { waitMs: 0 })), 'no-flock');
  } finally {
    process.env.PATH = path;
  }
});

test.run();
