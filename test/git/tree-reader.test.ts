import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commitTree, diskTree, Objects, snapshot, type TreeReader, withObjects } from '../../lib/git/git.ts';
import { reasonOf, type Sandbox, the, withSandbox } from './sandbox.ts';

const test = suite('git/tree-reader');

/** The same questions to the commit and to the disk. */
const bothWays = (
  prepare: (box: Sandbox) => void,
  ask: (tree: TreeReader) => Promise<void>,
  format: 'sha1' | 'sha256' = 'sha1',
) =>
  withSandbox(async (box) => {
    prepare(box);
    await ask(diskTree(box.work));
    const sha = box.commit('all');
    await withObjects(`${box.work}/.git`, (objects) => ask(commitTree(objects, sha)));
  }, format);

const prepare = (box: Sandbox): void => {
  box.write('.quire/ci.fnl', 'pipeline\r\n');
  box.write('.quire/lib/deep/er.lua', Buffer.from('00ff', 'hex'));
  box.write('.quire/big.fnl', 'x'.repeat(10 * 1024 * 1024));
  box.write('.quire/empty.fnl', '');
  box.write('other/file', '');
  symlinkSync('../other', join(box.work, '.quire/link'));
  symlinkSync('ci.fnl', join(box.work, '.quire/file-link'));
};

for (const format of ['sha1', 'sha256'] as const) {
  test(
    `one path at a time (${format})`,
    bothWays(
      prepare,
      async (tree) => {
        const kinds = ['', 'x', '.fnl', '/ci.fnl', '/lib', '/link', '/link/file', '/ci.fnl/x'].map(
          (p) => `.quire${p}`,
        );
        const found = await Promise.all(kinds.map(async (path) => the(await tree.kind(path))));
        assert.equal(found, ['directory', null, null, 'file', 'directory', 'symlink', null, null]);
        assert.is(the(await tree.read('.quire/ci.fnl', 100)).toString(), 'pipeline\r\n');
        assert.is(the(await tree.read('.quire/empty.fnl', 0)).length, 0);
        assert.is(reasonOf(await tree.read('.quire/big.fnl', 1000)), 'too-large');
        assert.is(reasonOf(await tree.read('.quire/none', 1000)), 'missing');
        assert.is(reasonOf(await tree.read('.quire/link/file', 1000)), 'missing');
        assert.is(reasonOf(await tree.read('.quire/file-link', 1000)), 'not-a-file');
        assert.is(reasonOf(await tree.read('.quire/lib', 1000)), 'not-a-file');
        assert.equal(
          the(await tree.names('.quire')).map(({ name }) => name),
          ['big.fnl', 'ci.fnl', 'empty.fnl', 'file-link', 'lib', 'link'],
        );
        assert.equal(the(await tree.names('.quire/none')), []);
      },
      format,
    ),
  );
}

test(
  'everything at once',
  bothWays(prepare, async (tree) => {
    const all = the(await snapshot(tree, '.quire'));
    const seen = [...all].map(([path, entry]) => [
      path,
      entry.kind === 'file' ? entry.bytes.length : entry.kind,
    ]);
    assert.equal(seen.sort(), [
      ['.quire/big.fnl', 'too-large'],
      ['.quire/ci.fnl', 10],
      ['.quire/empty.fnl', 0],
      ['.quire/file-link', 'symlink'],
      ['.quire/lib/deep/er.lua', 2],
      ['.quire/link', 'symlink'],
    ]);
    const lua = the(await snapshot(tree, '.quire', { wanted: (path) => path.endsWith('.lua') }));
    assert.equal([...lua.keys()], ['.quire/lib/deep/er.lua']);
    assert.is(the(await snapshot(tree, 'nowhere')).size, 0);
    assert.ok(the(await snapshot(tree, '')).has('other/file'));
  }),
);

test(
  'a directory that is a symlink or a file is not entered',
  bothWays(
    (box) => {
      box.write('real/ci.fnl', 'x');
      symlinkSync('real', join(box.work, '.quire'));
      box.write('file', 'x');
    },
    async (tree) => {
      assert.equal([...the(await snapshot(tree, '.quire'))], [['.quire', { kind: 'symlink' }]]);
      assert.is(the(await tree.kind('.quire/ci.fnl')), null);
      assert.equal(the(await tree.names('file')), []);
    },
  ),
);

test(
  'a submodule where a file should be',
  withSandbox(async (box) => {
    const inner = box.commit('inner');
    box.git(['update-index', '--add', '--cacheinfo', `160000,${inner},.quire/ci.fnl`]);
    box.git(['commit', '-q', '-m', 'submodule']);
    await withObjects(`${box.work}/.git`, async (objects) => {
      const head = the(await objects.commit('HEAD'));
      const tree = commitTree(objects, head.sha);
      assert.is(the(await tree.kind('.quire/ci.fnl')), 'submodule');
      assert.is(reasonOf(await tree.read('.quire/ci.fnl', 9)), 'not-a-file');
    });
  }),
);

test(
  'a commit that is not there',
  withSandbox(async (box) => {
    await withObjects(`${box.work}/.git`, async (objects) => {
      const tree = commitTree(objects, '9'.repeat(40) as never);
      assert.is(reasonOf(await tree.kind('.quire')), 'missing');
      assert.is(reasonOf(await snapshot(tree, '')), 'missing');
    });
  }),
);

test(
  'what was asked ahead is not asked again, and nothing depends on it',
  withSandbox(async (box) => {
    prepare(box);
    const sha = box.commit('all');
    const questions: string[] = [];
    class Counting extends Objects {
      override ask(...[name, sink]: Parameters<Objects['ask']>): ReturnType<Objects['ask']> {
        questions.push(name.toString());
        return super.ask(name, sink);
      }
    }
    const read = async (ahead: (objects: Objects) => void): Promise<unknown> => {
      const objects = new Counting(`${box.work}/.git`);
      questions.splice(0);
      ahead(objects);
      // Answers come in order: after this one all of them are there.
      await objects.read('HEAD');
      const files = the(await snapshot(commitTree(objects, sha), '.quire'));
      await objects.close();
      return [...files].sort(([a], [b]) => (a < b ? -1 : 1));
    };
    const plain = await read(() => {});
    const asked = questions.length;
    const early = await read((objects) =>
      objects.ahead(sha, ['.quire', '.quire/ci.fnl', '.quire/none', '.quire/lib']),
    );
    assert.equal(early, plain);
    const names = [`${sha}^{commit}`, `${sha}^{tree}`, `${sha}:.quire`, `${sha}:.quire/ci.fnl`];
    assert.equal(questions.slice(0, 4), names);
    // Left are the folder below lib, and the files that nobody asked for.
    assert.is(questions.length, asked + 6 - 5);
    const large = await read((objects) => objects.ahead(sha, ['.quire/big.fnl']));
    assert.equal(large, plain);
    const wrong = await read((objects) => objects.ahead('0'.repeat(40) as typeof sha, ['.quire']));
    assert.equal(wrong, plain);
  }),
);

test.run();
