import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RefName, Sha } from '../../lib/base/ids.ts';
import { authorizationHeader, listRefs, pushTo, type RemoteEvent } from '../../lib/git/git.ts';
import { serveGit } from './http-server.ts';
import { reasonOf, type Sandbox, the, withSandbox } from './sandbox.ts';

const test = suite('git/remote');

const main = 'refs/heads/main' as RefName;
const tag = 'refs/tags/v1' as RefName;

const push = (
  box: Sandbox,
  refs: readonly [from: string, to: RefName][],
  options: { url?: string; header?: string; heard?: (event: RemoteEvent) => void; signal?: AbortSignal } = {},
) =>
  pushTo(
    join(box.work, '.git'),
    {
      url: options.url ?? box.bare,
      refs: refs.map(([from, to]) => ({ from: from as Sha, to })),
      header: options.header ?? null,
    },
    options.heard,
    options.signal,
  );

const there = (box: Sandbox, name: string): string => box.git(['rev-parse', name], { cwd: box.bare }).trim();

test(
  'a branch and a tag: created, updated, left alone',
  withSandbox(async (box) => {
    const first = box.commit('first');
    const second = box.commit('second');
    const created = the(
      await push(box, [
        [first, main],
        [first, tag],
      ]),
    );
    assert.equal(created, [
      { ref: main, change: 'created' },
      { ref: tag, change: 'created' },
    ]);
    const again = the(
      await push(box, [
        [second, main],
        [first, tag],
      ]),
    );
    assert.equal(
      again.sort((a, b) => a.ref.localeCompare(b.ref)),
      [
        { ref: main, change: 'updated' },
        { ref: tag, change: 'none' },
      ],
    );
    assert.is(there(box, 'main'), second);
    assert.is(there(box, 'v1'), first);
    assert.equal(the(await listRefs(box.bare)), [
      { ref: main, sha: second },
      { ref: tag, sha: first },
    ]);
  }),
);

test(
  'what is not a fast-forward is rejected and says so, known to us or not',
  withSandbox(async (box) => {
    const base = box.commit('base');
    const ours = box.commit('ours');
    the(await push(box, [[ours, main]]));
    const back = await push(box, [
      [base, main],
      [base, 'refs/heads/other' as RefName],
    ]);
    assert.is(reasonOf(back), 'rejected');
    if (!back.ok && back.error.reason === 'rejected') {
      assert.equal(
        back.error.rejected.map(({ ref, reason }) => [ref, reason]),
        [[main, 'non-fast-forward']],
      );
      assert.equal(back.error.pushed, [{ ref: 'refs/heads/other', change: 'created' }]);
    }
    const theirs = box
      .git(['commit-tree', '-p', base, '-m', 'theirs', `${base}^{tree}`], { cwd: box.bare })
      .trim();
    box.git(['update-ref', main, theirs], { cwd: box.bare });
    const unknown = await push(box, [[ours, main]]);
    assert.is(
      !unknown.ok && unknown.error.reason === 'rejected' && unknown.error.rejected[0]?.reason,
      'non-fast-forward',
    );
    assert.is(there(box, 'main'), theirs);
  }),
);

test(
  'a tag that exists: the same commit is fine, even annotated; another commit is a failure',
  withSandbox(async (box) => {
    const first = box.commit('first');
    const second = box.commit('second');
    the(await push(box, [[second, main]]));
    box.git(['tag', '-a', '-m', 'x', 'v1', first], { cwd: box.bare });
    assert.equal(the(await push(box, [[first, tag]])), [{ ref: tag, change: 'none' }]);
    const elsewhere = await push(box, [[second, tag]]);
    assert.is(
      !elsewhere.ok && elsewhere.error.reason === 'rejected' && elsewhere.error.rejected[0]?.reason,
      'tag-exists',
    );
    box.git(['tag', '-a', '-m', 'y', 'v2', first]);
    the(await push(box, [['refs/tags/v2', 'refs/tags/v2' as RefName]]));
    assert.is(box.git(['cat-file', '-t', 'v2'], { cwd: box.bare }).trim(), 'tag');
  }),
);

test(
  "the other side's refusal is passed on, and heard",
  withSandbox(async (box) => {
    const first = box.commit('first');
    const hook = join(box.bare, 'hooks/pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho not today >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    const events: RemoteEvent[] = [];
    const refused = await push(box, [[first, main]], { heard: (event) => events.push(event) });
    assert.is(
      !refused.ok && refused.error.reason === 'rejected' && refused.error.rejected[0]?.reason,
      'refused',
    );
    const said = events.map((event) => (event.kind === 'output' ? event.bytes.toString() : '')).join('');
    assert.match(said, /remote: not today/);
    assert.equal(events[0]?.kind, 'command');
    assert.equal(events.at(-1), { kind: 'exit', exit: 1 });
  }),
);

test(
  'what can not be pushed to',
  withSandbox(async (box) => {
    const first = box.commit('first');
    const planted = join(box.directory, 'planted');
    assert.is(reasonOf(await push(box, [[first, main]], { url: join(box.directory, 'nowhere') })), 'failed');
    assert.is(reasonOf(await push(box, [[first, main]], { url: `ext::touch ${planted}` })), 'failed');
    assert.is(reasonOf(await push(box, [[first, main]], { url: '--upload-pack=x' })), 'failed');
    assert.is(reasonOf(await push(box, [[first, 'refs/heads/\ufffd' as RefName]])), 'unsayable-ref');
    assert.is(reasonOf(await push(box, [[first, main]], { header: 'A: b\nC: d' })), 'bad-header');
    assert.is(reasonOf(await push(box, [[first, main]], { signal: AbortSignal.abort() })), 'canceled');
    assert.not.ok(readdirSync(box.directory).includes('planted'));
  }),
);

test('a token or a whole line', () => {
  const basic = (pair: string): string => `Authorization: Basic ${Buffer.from(pair).toString('base64')}`;
  assert.is(the(authorizationHeader('token123\n')), basic('x-access-token:token123'));
  assert.is(the(authorizationHeader('me:pass:word')), basic('me:pass:word'));
  assert.is(the(authorizationHeader('Authorization: Bearer x')), 'Authorization: Bearer x');
  assert.is(reasonOf(authorizationHeader('a\nb')), 'bad-header');
  assert.is(reasonOf(authorizationHeader('  ')), 'bad-header');
});

/** The command lines of all processes there are. */
const commandLines = (): string =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');

test(
  'over HTTP with a credential, which no argument, no output and no config holds',
  withSandbox(async (box) => {
    const token = ['s3cret', 'token', process.pid].join('-');
    const header = the(authorizationHeader(token));
    const credential = header.replace('Authorization: Basic ', '');
    let lines = '';
    const server = await serveGit(box.directory, header.slice('Authorization: '.length), () => {
      lines += commandLines();
    });
    try {
      box.git(['config', 'http.receivepack', 'true'], { cwd: box.bare });
      const url = `${server.url}repo.git`;
      const first = box.commit('first');
      const events: RemoteEvent[] = [];
      const heard = (event: RemoteEvent): void => void events.push(event);
      assert.is(reasonOf(await push(box, [[first, main]], { url, heard })), 'failed');
      the(
        await push(
          box,
          [
            [first, main],
            [first, tag],
          ],
          { url, header, heard },
        ),
      );
      assert.is(there(box, 'main'), first);
      assert.is(there(box, 'v1'), first);
      const other = box.git(['commit-tree', '-m', 'other', `${first}^{tree}`]).trim();
      const rejected = await push(
        box,
        [
          [other, main],
          [other, tag],
        ],
        { url, header, heard },
      );
      assert.equal(
        !rejected.ok &&
          rejected.error.reason === 'rejected' &&
          rejected.error.rejected.map(({ reason }) => reason).sort(),
        ['non-fast-forward', 'tag-exists'],
      );
      assert.ok(lines.includes(url), 'the push was seen at work');
      const said = events
        .map((event) => (event.kind === 'output' ? event.bytes.toString('latin1') : JSON.stringify(event)))
        .join('\n');
      for (const text of [lines, said, readFileSync(join(box.work, '.git/config'), 'utf8')]) {
        assert.not.ok(text.includes(token));
        assert.not.ok(text.includes(credential));
      }
      const elsewhere = `${server.url}nowhere.git`;
      assert.is(reasonOf(await push(box, [[first, main]], { url: elsewhere, header })), 'failed');
    } finally {
      await server.close();
    }
  }),
);

test.run();
