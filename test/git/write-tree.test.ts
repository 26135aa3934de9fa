import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planFaults } from '../../lib/base/files.ts';
import type { Sha } from '../../lib/base/ids.ts';
import { withObjects, writeTree } from '../../lib/git/git.ts';
import { reasonOf, type Sandbox, the, withSandbox } from './sandbox.ts';

const test = suite('git/write-tree');

const emptyDirectory = (box: Sandbox): string => {
  const directory = join(box.directory, 'out');
  mkdirSync(directory);
  return directory;
};

const writeInto = (box: Sandbox, sha: Sha, directory: string, signal?: AbortSignal) =>
  withObjects(`${box.work}/.git`, (objects) => writeTree(objects, sha, directory, signal));

const write = (box: Sandbox, sha: Sha, signal?: AbortSignal) =>
  writeInto(box, sha, emptyDirectory(box), signal);

for (const format of ['sha1', 'sha256'] as const) {
  test(
    `exactly the tree's bytes, whatever the attributes say (${format})`,
    withSandbox(async (box) => {
      box.write('.gitattributes', '* text eol=crlf ident export-subst\nhidden export-ignore\n*.f filter=x\n');
      box.write('lines', 'a\nb\n$Id$ $Format:%H$\n');
      box.write('hidden', 'seen');
      box.write('run', '#!/bin/sh\n');
      chmodSync(join(box.work, 'run'), 0o755);
      box.write('deep/er/est', '');
      box.write('large', Buffer.alloc(3 * 1024 * 1024 + 7, 'abc'));
      symlinkSync('../outside', join(box.work, 'link'));
      box.git(['config', 'core.autocrlf', 'false']);
      const inner = box.commit('inner');
      box.git(['update-index', '--add', '--cacheinfo', `160000,${inner},module`]);
      box.git(['commit', '-q', '-m', 'submodule']);
      const sha = box.git(['rev-parse', 'HEAD']).trim() as Sha;
      box.git(['config', 'filter.x.smudge', 'false']);
      const written = the(await write(box, sha));
      const out = join(box.directory, 'out');
      assert.is(written.files, 7);
      assert.equal(readdirSync(out).sort(), [
        '.gitattributes',
        'deep',
        'hidden',
        'large',
        'lines',
        'link',
        'module',
        'run',
      ]);
      assert.is(readFileSync(join(out, 'lines'), 'utf8'), 'a\nb\n$Id$ $Format:%H$\n');
      assert.is(readFileSync(join(out, 'deep/er/est'), 'utf8'), '');
      assert.ok(readFileSync(join(out, 'large')).equals(readFileSync(join(box.work, 'large'))));
      assert.is(readlinkSync(join(out, 'link')), '../outside');
      assert.equal(readdirSync(join(out, 'module')), []);
      assert.is(lstatSync(join(out, 'run')).mode & 0o111 & ~process.umask(), 0o111 & ~process.umask());
      assert.is(lstatSync(join(out, 'lines')).mode & 0o111, 0);
    }, format),
  );
}

/** A tree object of exactly these entries, which git itself would refuse to make. */
const rawTree = (
  box: Sandbox,
  entries: readonly [mode: string, name: Buffer | string, sha: string][],
): string => {
  const input = Buffer.concat(
    entries.map(([mode, name, sha]) =>
      Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.of(0), Buffer.from(sha, 'hex')]),
    ),
  );
  return box.git(['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], { input }).trim();
};

const commitOf = (box: Sandbox, tree: string): Sha => box.git(['commit-tree', '-m', 'x', tree]).trim() as Sha;

const blobOf = (box: Sandbox, content: string): string =>
  box.git(['hash-object', '-w', '--stdin'], { input: content }).trim();

for (const name of ['..', '.', '.git', '.GIT', '', 'a/b', '../escaped']) {
  test(
    `refuses the name ${JSON.stringify(name)}`,
    withSandbox(async (box) => {
      const blob = blobOf(box, 'x');
      const sha = commitOf(box, rawTree(box, [['100644', name, blob]]));
      assert.is(reasonOf(await write(box, sha)), 'unsafe-name');
      const below = rawTree(box, [['40000', 'd', rawTree(box, [['100644', name, blob]])]]);
      const result = await writeInto(box, commitOf(box, below), join(box.directory, 'out'));
      assert.is(reasonOf(result), 'unsafe-name');
      assert.equal(readdirSync(box.directory).sort(), ['out', 'repo.git', 'work']);
    }),
  );
}

test(
  'never writes through a symlink of the tree',
  withSandbox(async (box) => {
    const outside = join(box.directory, 'outside');
    mkdirSync(outside);
    const link = blobOf(box, outside);
    const inside = rawTree(box, [['100644', 'planted', blobOf(box, 'x')]]);
    for (const entries of [
      [
        ['120000', 'a', link],
        ['40000', 'a', inside],
      ],
      [
        ['40000', 'a', inside],
        ['120000', 'a', link],
      ],
      [
        ['120000', 'a', join(outside, 'file')],
        ['100644', 'a', blobOf(box, 'x')],
      ],
    ] as [string, string, string][][]) {
      const real = entries.map(([mode, name, sha]): [string, string, string] => [
        mode,
        name,
        /^[0-9a-f]+$/.test(sha) ? sha : blobOf(box, sha),
      ]);
      const out = join(box.directory, `out-${readdirSync(box.directory).length}`);
      mkdirSync(out);
      const written = await writeInto(box, commitOf(box, rawTree(box, real)), out);
      assert.is(reasonOf(written), 'disk');
      assert.equal(readdirSync(outside), []);
    }
  }),
);

test(
  'names that are not UTF-8 keep their bytes',
  withSandbox(async (box) => {
    const name = Buffer.from('fffe', 'hex');
    const file = rawTree(box, [['100644', name, blobOf(box, 'x')]]);
    the(await write(box, commitOf(box, rawTree(box, [['40000', name, file]]))));
    const out = Buffer.from(join(box.directory, 'out'));
    const [directory] = readdirSync(out, { encoding: 'buffer' });
    assert.equal(directory, name);
    assert.equal(readdirSync(Buffer.concat([out, Buffer.from('/'), name]), { encoding: 'buffer' }), [name]);
  }),
);

test(
  'a blob that is missing, a full disk and a cancel are failures with a reason',
  withSandbox(async (box) => {
    const lost = commitOf(box, rawTree(box, [['100644', 'a', '8'.repeat(40)]]));
    assert.is(reasonOf(await write(box, lost)), 'missing');
    for (let index = 0; index < 300; index += 1) box.write(`d${index % 7}/f${index}`, `${index}`);
    const sha = box.commit('many');
    const into = async (name: string, signal?: AbortSignal) => {
      const directory = join(box.directory, name);
      mkdirSync(directory);
      return writeInto(box, sha, directory, signal);
    };
    let calls = 0;
    planFaults((operation) => {
      calls += operation === 'write' ? 1 : 0;
      return calls > 100 ? 'ENOSPC' : null;
    });
    try {
      assert.is(reasonOf(await into('full')), 'disk');
    } finally {
      planFaults(null);
    }
    assert.is(reasonOf(await into('late', AbortSignal.abort())), 'canceled');
    const cancel = new AbortController();
    const running = into('soon', cancel.signal);
    cancel.abort();
    assert.is(reasonOf(await running), 'canceled');
    assert.is(the(await into('whole')).files, 300);
  }),
);

test.run();
