import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Sha } from '../../lib/base/ids.ts';
import { parsePushLines, type RefUpdate, refKind, refUpdates, withObjects } from '../../lib/git/git.ts';
import { reasonOf, type Sandbox, the, withSandbox, zeroSha } from './sandbox.ts';

const test = suite('git/push-lines');

const one = '1'.repeat(40);
const two = '2'.repeat(40);

const updatesOf = (box: Sandbox, lines: readonly [old: string, now: string, ref: string | Buffer][]) =>
  withObjects(`${box.work}/.git`, async (objects): Promise<RefUpdate[]> => {
    const stdin = lines.map(([old, now, ref]) =>
      Buffer.concat([Buffer.from(`${old} ${now} `), Buffer.from(ref), Buffer.from('\n')]),
    );
    return the(await refUpdates(objects, the(parsePushLines(Buffer.concat(stdin)))));
  });

test('reads lines, whatever bytes the ref has', () => {
  const refs = [
    'refs/heads/main',
    'refs/heads/$(id)',
    'refs/heads/a;b',
    'refs/heads/-rf',
    'refs/heads/\u202ex',
  ];
  const lines = the(parsePushLines(Buffer.from(refs.map((ref) => `${one} ${two} ${ref}\n`).join(''))));
  assert.equal(
    lines.map(({ ref }) => ref),
    refs,
  );
  const bytes = Buffer.concat([Buffer.from(`${one} ${two} refs/heads/`), Buffer.from('fffe', 'hex')]);
  const [line] = the(parsePushLines(bytes));
  assert.is(line?.ref, 'refs/heads/\ufffd\ufffd');
  assert.is(line?.refBytes?.toString('latin1'), 'refs/heads/\xff\xfe');
  assert.equal(the(parsePushLines(Buffer.alloc(0))), []);
});

for (const bad of ['hello\n', `${one} ${two}\n`, `${one} ${two} \n`, `${one} x refs/heads/a\n`, `\n`]) {
  test(`refuses ${JSON.stringify(bad)}`, () => {
    assert.is(reasonOf(parsePushLines(Buffer.from(bad))), 'bad-push-line');
  });
}

const kinds: [ref: string, kind: string, name: string | null][] = [
  ['refs/heads/main', 'branch', 'main'],
  ['refs/heads/refs/tags/x', 'branch', 'refs/tags/x'],
  ['refs/tags/v1/rc', 'tag', 'v1/rc'],
  ['refs/notes/commits', 'other', null],
  ['refs/headsx/a', 'other', null],
];
for (const [ref, kind, name] of kinds) {
  test(`${ref} is a ${kind}`, () => assert.equal(refKind(ref), { kind, name }));
}

for (const format of ['sha1', 'sha256'] as const) {
  test(
    `branches and tags that stand for a commit, in a ${format} repository`,
    withSandbox(async (box) => {
      const zero = format === 'sha1' ? zeroSha : '0'.repeat(64);
      box.write('a', 'a');
      const first = box.commit('first');
      const second = box.commit('second');
      box.git(['tag', '-a', '-m', 'x', 'v1', second]);
      box.git(['tag', '-a', '-m', 'x', 'v1-again', 'v1']);
      box.git(['tag', '-a', '-m', 'x', 'of-a-tree', `${second}^{tree}`]);
      const sha = (name: string): string => box.git(['rev-parse', name]).trim();
      const updates = await updatesOf(box, [
        [zero, second, 'refs/heads/new'],
        [first, second, 'refs/heads/main'],
        [second, first, 'refs/heads/forced-back'],
        [second, zero, 'refs/heads/deleted'],
        [zero, sha('v1'), 'refs/tags/v1'],
        [sha('v1'), sha('v1-again'), 'refs/tags/v1-again'],
        [zero, sha('of-a-tree'), 'refs/tags/of-a-tree'],
        [zero, `${sha(`${second}^{tree}`)}`, 'refs/tags/a-tree'],
        [zero, second, 'refs/notes/commits'],
        ['7'.repeat(zero.length), second, 'refs/heads/old-is-gone'],
      ]);
      assert.equal(
        updates.map(({ position, ref, commit, oldSha }) => [position, ref, commit.sha, oldSha]),
        [
          [0, 'refs/heads/new', second, null],
          [1, 'refs/heads/main', second, first],
          [2, 'refs/heads/forced-back', first, second],
          [4, 'refs/tags/v1', second, null],
          [5, 'refs/tags/v1-again', second, second],
          [9, 'refs/heads/old-is-gone', second, null],
        ],
      );
    }, format),
  );
}

test(
  'one push of 5,000 refs',
  withSandbox(async (box) => {
    const commits: Sha[] = [box.commit('one'), box.commit('two')];
    const lines = Array.from({ length: 5000 }, (_, index): [string, string, string] => [
      zeroSha,
      commits[index % 2] ?? '',
      `refs/heads/b${index}`,
    ]);
    const updates = await updatesOf(box, lines);
    assert.is(updates.length, 5000);
    assert.is(updates[4999]?.commit.sha, commits[1]);
  }),
);

test(
  'what is no repository is a failure, not a hang',
  withSandbox(async (box) => {
    const updates = await withObjects(box.directory, async (objects) => {
      const lines = the(parsePushLines(Buffer.from(`${zeroSha} ${one} refs/heads/main\n`)));
      return refUpdates(objects, lines);
    });
    assert.is(reasonOf(updates), 'failed');
  }),
);

test.run();
