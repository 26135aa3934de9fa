import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ignoredDirectories, ignoredPaths, lookAtWorkTree } from '../../lib/git/git.ts';
import { reasonOf, the, withSandbox } from './sandbox.ts';

const test = suite('git/work-tree');

test(
  'the commit, the branch and what differs',
  withSandbox(async (box) => {
    box.write('new', '');
    assert.equal(the(await lookAtWorkTree(box.work)), { head: null, branch: 'main', dirty: ['new'] });
    box.write('.gitignore', 'ignored\n');
    box.write('a b', '1');
    box.write('gone', '1');
    box.write('old-name', 'same content\n'.repeat(9));
    const head = box.commit('first');
    assert.equal(the(await lookAtWorkTree(box.work)), { head, branch: 'main', dirty: [] });
    box.write('a b', '2');
    box.write('ignored', '');
    box.write('dir/ü\t1', '');
    rmSync(join(box.work, 'gone'));
    renameSync(join(box.work, 'old-name'), join(box.work, 'new-name'));
    box.git(['add', 'new-name']);
    assert.equal(the(await lookAtWorkTree(box.work)).dirty, [
      'a b',
      'dir/ü\t1',
      'gone',
      'new-name',
      'old-name',
    ]);
    box.git(['checkout', '-q', '--detach', '-f']);
    assert.is(the(await lookAtWorkTree(box.work)).branch, null);
  }),
);

test(
  'a conflict is dirty',
  withSandbox(async (box) => {
    box.write('x', 'base');
    box.commit('base');
    box.git(['checkout', '-q', '-b', 'side']);
    box.write('x', 'side');
    box.commit('side');
    box.git(['checkout', '-q', 'main']);
    box.write('x', 'main');
    box.commit('main');
    assert.throws(() => box.git(['merge', '-q', 'side']));
    assert.equal(the(await lookAtWorkTree(box.work)).dirty, ['x']);
  }),
);

test(
  'what git ignores',
  withSandbox(async (box) => {
    box.write('.gitignore', '*.log\n!keep.log\nnode_modules/\n/out\nforced\n');
    box.write('sub/.gitignore', 'local\n');
    box.write('forced', '');
    box.commit('first');
    for (const directory of ['node_modules/x', 'sub/node_modules', 'out', 'real']) {
      mkdirSync(join(box.work, directory), { recursive: true });
    }
    box.write('node_modules/x/y', '');
    box.write('sub/node_modules/y', '');
    box.write('out/a', '');
    symlinkSync('real', join(box.work, 'link'));
    const ignored = [
      'a.log',
      'node_modules',
      'node_modules/x/y',
      'out',
      'out/a',
      'sub/local',
      'sub/node_modules/z',
    ];
    const kept = [
      'keep.log',
      'src',
      'local',
      'sub/out',
      'link/x',
      '../x',
      '/etc/passwd',
      '.git/config',
      'forced',
      '',
    ];
    const found = the(await ignoredPaths(box.work, [...ignored, ...kept]));
    assert.equal([...found].sort(), ignored);
    assert.is(the(await ignoredPaths(box.work, [])).size, 0);
    assert.is(the(await ignoredPaths(box.work, ['-x', 'a\nb.log', 'ü.log'])).size, 2);
    assert.equal(the(await ignoredDirectories(box.work)).sort(), ['node_modules', 'out', 'sub/node_modules']);
  }),
);

test(
  'outside of any work tree',
  withSandbox(async (box) => {
    assert.is(reasonOf(await lookAtWorkTree(box.bare)), 'failed');
    assert.is(reasonOf(await lookAtWorkTree(join(box.directory, 'nowhere'))), 'not-a-repository');
  }),
);

test.run();
