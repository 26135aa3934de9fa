/** Who a process is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { identify, identityText, isAlive, parseIdentity, self } from '../../lib/process/process.ts';

const test = suite('process/identity');

test('this process is alive', () => {
  assert.is(self().pid, process.pid);
  assert.ok(isAlive(self()));
  assert.equal(self(), self());
});

test('the same pid with another start, or from another boot, is somebody else', () => {
  assert.not(isAlive({ ...self(), start: self().start - 1 }));
  assert.not(isAlive({ ...self(), boot: '00000000-0000-0000-0000-000000000000' }));
});

test('a process that ended is not alive', async () => {
  const child = spawn('sleep', ['60']);
  const identity = identify(child.pid);
  if (identity === null) throw new Error('it runs');
  assert.ok(isAlive(identity));
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.not(isAlive(identity));
});

test('a zombie is dead', async () => {
  const keeper = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60']);
  const [line] = (await once(keeper.stdout, 'data')) as [Buffer];
  const zombie = Number(line.toString());
  for (let looks = 0; identify(zombie) !== null && looks < 500; looks += 1) {
    await new Promise((later) => setTimeout(later, 5));
  }
  process.kill(zombie, 0);
  assert.is(identify(zombie), null);
  keeper.kill('SIGKILL');
});

test('a program name with spaces and brackets is read past', async () => {
  const { parseStat } = await import('../../lib/process/proc.ts');
  const line = `4242 (a) R (b c) S 1 4242 4240 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 1`;
  assert.equal(parseStat(line), { parent: 1, group: 4242, session: 4240, start: 987654, dead: false });
  assert.is(parseStat('nonsense'), null);
});

test('an identity survives as text, and other texts are none', () => {
  assert.equal(parseIdentity(identityText(self())), self());
  for (const text of ['', '1', '1/2', '0/2/b', '-1/2/b', '1/2/../..', '1/2/b/c', ' 1/2/b']) {
    assert.is(parseIdentity(text), null, text);
  }
});

test.run();
