import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Sha } from '../../lib/base/ids.ts';
import { changedFiles, resolveRevision, withObjects } from '../../lib/git/git.ts';
import { reasonOf, type Sandbox, the, withSandbox } from './sandbox.ts';

const test = suite('git/history');

const changed = (box: Sandbox, name: string, previous: Sha | null): Promise<string[]> =>
  withObjects(`${box.work}/.git`, async (objects) =>
    the(await changedFiles(`${box.work}/.git`, the(await objects.commit(name)), previous)),
  );

for (const format of ['sha1', 'sha256'] as const) {
  test(
    `the files an update changed (${format})`,
    withSandbox(async (box) => {
      box.write('a', 'a');
      box.write('dir/b', 'long enough to be seen as renamed\n'.repeat(9));
      const first = box.commit('first');
      box.write('a', 'changed');
      const second = box.commit('second');
      renameSync(join(box.work, 'dir/b'), join(box.work, 'dir/c'));
      const third = box.commit('rename');
      rmSync(join(box.work, 'a'));
      const fourth = box.commit('remove');
      assert.equal(await changed(box, first, null), ['a', 'dir/b'], 'a root commit: all of its files');
      assert.equal(await changed(box, second, null), ['a'], 'a new ref: against the first parent');
      assert.equal(await changed(box, third, second), ['dir/b', 'dir/c'], 'both names of a renamed file');
      assert.equal(await changed(box, fourth, first), ['a', 'dir/b', 'dir/c'], 'several commits');
      assert.equal(await changed(box, first, fourth), ['a', 'dir/b', 'dir/c'], 'a push back');
      assert.equal(await changed(box, first, first), []);
      const gone = '7'.repeat(first.length) as Sha;
      assert.equal(await changed(box, second, gone), ['a'], 'the old commit is gone');
    }, format),
  );
}

test(
  'a merge: what it brought to the branch it went into',
  withSandbox(async (box) => {
    box.write('base', '');
    const base = box.commit('base');
    box.git(['checkout', '-q', '-b', 'side']);
    box.write('side', '');
    box.commit('side');
    box.git(['checkout', '-q', 'main']);
    box.write('main', '');
    const main = box.commit('main');
    box.git(['merge', '-q', '--no-edit', 'side']);
    assert.equal(await changed(box, 'HEAD', main), ['side']);
    assert.equal(await changed(box, 'HEAD', null), ['side']);
    assert.equal(await changed(box, 'HEAD', base), ['main', 'side']);
  }),
);

test(
  'a shallow repository: where the parent is not there, all files',
  withSandbox(async (box) => {
    box.write('a', '');
    box.commit('first');
    box.write('b', '');
    box.commit('second');
    const shallow = `${box.directory}/shallow.git`;
    box.git(['clone', '-q', '--bare', '--depth', '1', `file://${box.work}`, shallow]);
    await withObjects(shallow, async (objects) => {
      const head = the(await objects.commit('HEAD'));
      assert.is(head.parents.length, 1);
      assert.equal(the(await changedFiles(shallow, head, null)), ['a', 'b']);
    });
  }),
);

test(
  'names that are not UTF-8, or odd',
  withSandbox(async (box) => {
    const name = (bytes: string): Buffer => Buffer.from(join(box.work, bytes), 'latin1');
    writeFileSync(name('\xff.txt'), '');
    writeFileSync(name('tab\tnew\nline"quote'), '');
    box.write('ümlaut', '');
    box.commit('odd');
    assert.equal(await changed(box, 'HEAD', null), ['tab\tnew\nline"quote', 'ümlaut', '\ufffd.txt']);
  }),
);

test(
  'what people call a commit',
  withSandbox(async (box) => {
    const first = box.commit('first');
    const second = box.commit('second');
    box.git(['tag', '-a', '-m', 'x', 'v1', first]);
    box.git(['branch', 'both']);
    box.git(['tag', 'both']);
    box.git(['update-ref', 'refs/heads/-rf', first]);
    box.git(['update-ref', 'refs/heads/a b'.replace(' ', '/'), first]);
    box.git(['update-ref', 'refs/heads/$(id)', first]);
    box.git(['update-ref', `refs/heads/${second.slice(0, 7)}`, first]);
    box.git(['tag', 'tree', `${first}^{tree}`]);
    const answers: [word: string, ref: string | null, sha: string][] = [
      ['main', 'refs/heads/main', second],
      ['heads/main', 'refs/heads/main', second],
      ['refs/heads/main', 'refs/heads/main', second],
      ['v1', 'refs/tags/v1', first],
      ['tags/v1', 'refs/tags/v1', first],
      ['tags/both', 'refs/tags/both', second],
      ['-rf', 'refs/heads/-rf', first],
      ['a/b', 'refs/heads/a/b', first],
      ['$(id)', 'refs/heads/$(id)', first],
      [second, null, second],
      [first.slice(0, 8), null, first],
      [second.slice(0, 7), `refs/heads/${second.slice(0, 7)}`, first],
      ['HEAD', null, second],
      ['HEAD~1', null, first],
      ['main^', null, first],
    ];
    await withObjects(`${box.work}/.git`, async (objects) => {
      for (const [word, ref, sha] of answers) {
        const revision = the(await resolveRevision(objects, word));
        assert.equal([revision.ref, revision.commit.sha], [ref, sha], word);
      }
      for (const word of [
        'nope',
        '',
        '--all',
        'a\nb',
        'refs/heads/nope',
        'tree',
        'main..v1',
        'main:x',
        '0000000',
      ]) {
        assert.is(reasonOf(await resolveRevision(objects, word)), 'missing', word);
      }
      const both = await resolveRevision(objects, 'both');
      assert.equal(both, {
        ok: false,
        error: { reason: 'ambiguous', name: 'both', candidates: ['refs/heads/both', 'refs/tags/both'] },
      });
    });
  }),
);

test.run();
