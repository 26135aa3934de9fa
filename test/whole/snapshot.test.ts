/**
 * The start-up snapshot that the hook begins from: used where it holds, made anew where it does not, never missed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, root, until } from '../rig/forge.ts';

const test = suite('whole/snapshot');

const two =
  '(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [] true))\n(ci.job :b [:a] (fn [] true))';

/** An installation of this test's own, to break. */
function ownInstallation(f: Forge): { readonly bin: string; readonly dist: string; readonly blob: string } {
  const home = join(f.home, 'quire');
  for (const part of ['bin', 'dist', 'hooks', 'templates', 'site', 'package.json'])
    fs.cpSync(join(root, part), join(home, part), { recursive: true, preserveTimestamps: true });
  // A copy keeps milliseconds of a time, the snapshot has all of it.
  const dist = join(home, 'dist');
  const blob = join(dist, 'hook.blob');
  execFileSync('touch', ['-r', process.execPath, blob]);
  const bin = join(home, 'bin', 'quire');
  const said = spawnSync(process.execPath, [bin, 'install', f.repo], { env: f.env, encoding: 'utf8' });
  assert.is(said.status, 0, said.stderr);
  return { bin, dist, blob };
}

const isOfThisNode = (path: string): boolean =>
  fs.existsSync(path) && fs.statSync(path).mtimeMs === fs.statSync(process.execPath).mtimeMs;

async function answered(f: Forge, number: number): Promise<string> {
  f.commit(two);
  const said = f.push();
  assert.match(said, new RegExp(`quire: run ${number} {2}main`));
  assert.match(said, /quire: {3}a → b/);
  await (await f.run(number)).settled();
  return said;
}

test('a build makes one for its own Node', () => {
  assert.ok(isOfThisNode(join(root, 'dist', 'hook.blob')));
});

test(
  'a push is answered from it, by another process each time: who and when are its own',
  forge(async (f) => {
    const { dist } = ownInstallation(f);
    // Without it there would be no answer.
    fs.rmSync(join(dist, 'hook.cjs'));
    f.commit(
      '(local ci (require :quire.ci))\n(ci.job (.. :j (math.random 1000000000)) [:quire/push] (fn [] true))',
    );
    const drawn = /j\d+/.exec(f.push())?.[0];
    assert.ok(drawn);
    f.git(f.work, 'commit', '-q', '--allow-empty', '-m', 'again');
    const again = /j\d+/.exec(f.push())?.[0];
    assert.ok(again);
    assert.is.not(drawn, again);
    await f.quiet();
  }),
);

test(
  'the snapshot of another Node is left alone, and made anew for the next push',
  forge(async (f) => {
    const { blob } = ownInstallation(f);
    fs.utimesSync(blob, 1, 1);
    const said = await answered(f, 1);
    assert.not.match(said, /snapshot/);
    await until('a snapshot of this Node', () => isOfThisNode(blob));
    fs.rmSync(blob);
    await answered(f, 2);
    await until('a snapshot where none was', () => isOfThisNode(blob));
  }),
);

test(
  'one that Node refuses or dies of costs a push nothing but time, and is made anew',
  forge(async (f) => {
    const { blob } = ownInstallation(f);
    const whole = fs.readFileSync(blob);
    const { length } = whole;
    const wrongs = [Buffer.from('no snapshot'), whole.subarray(0, length >> 1), Buffer.alloc(0)];
    for (const [index, bytes] of wrongs.entries()) {
      fs.writeFileSync(blob, bytes);
      execFileSync('touch', ['-r', process.execPath, blob]);
      await answered(f, index + 1);
      await until('a whole snapshot', () => fs.statSync(blob).size > length / 2 + 1 && isOfThisNode(blob));
    }
    // One that was made with other options has another mark.
    const home = join(f.home, 'other');
    fs.mkdirSync(home);
    fs.writeFileSync(join(home, 'empty.cjs'), '');
    const flags = ['--no-lazy-feedback-allocation', '--snapshot-blob', blob, '--build-snapshot'];
    execFileSync(process.execPath, [...flags, join(home, 'empty.cjs')]);
    execFileSync('touch', ['-r', process.execPath, blob]);
    await answered(f, wrongs.length + 1);
  }),
);

test(
  'options for Node are heard: they could not change what is in a snapshot',
  forge(async (f) => {
    const { blob } = ownInstallation(f);
    fs.writeFileSync(blob, 'no snapshot');
    execFileSync('touch', ['-r', process.execPath, blob]);
    f.env.NODE_OPTIONS = '--max-old-space-size=512';
    const said = await answered(f, 1);
    assert.not.match(said, /snapshot|Assertion/);
    assert.is(fs.readFileSync(blob, 'utf8'), 'no snapshot');
  }),
);

test.run();
