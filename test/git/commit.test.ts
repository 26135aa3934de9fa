import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Sha } from '../../lib/base/ids.ts';
import { type CommitFacts, withObjects } from '../../lib/git/git.ts';
import { reasonOf, type Sandbox, the, withSandbox } from './sandbox.ts';

const test = suite('git/commit');

const factsOf = (box: Sandbox, name: string): Promise<CommitFacts> =>
  withObjects(`${box.work}/.git`, async (objects) => the(await objects.commit(name)));

/** A commit made of exactly these bytes. */
const rawCommit = (box: Sandbox, head: string, message: Buffer | string): Sha => {
  const tree = box.git(['mktree']).trim();
  const input = Buffer.concat([Buffer.from(`tree ${tree}\n${head}\n\n`, 'latin1'), Buffer.from(message)]);
  return box.git(['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'], { input }).trim() as Sha;
};

const people = 'author Ada <ada@example.org> 1700000000 +0100\ncommitter Bob <b@x> 1700000001 -0500';

const messages = [
  'one line',
  'one line\n\nbody\nmore\n',
  'two\nlines of subject\n\nbody',
  '\n\n  leading blank lines\n\nbody',
  'trailing blanks   \n  and indent\n \nbody',
  '',
  '\n',
  'crlf\r\n\r\nbody\r\n',
];

for (const message of messages) {
  test(
    `the subject of ${JSON.stringify(message)} is what git says`,
    withSandbox(async (box) => {
      const sha = rawCommit(box, people, message);
      const facts = await factsOf(box, sha);
      const said = box.git(['log', '-1', '--format=%s', sha]).replace(/\n$/, '');
      assert.is(facts.subject.text, said.trim());
      assert.is(facts.message.text, message);
    }),
  );
}

test(
  'people, parents and times',
  withSandbox(async (box) => {
    const [one, two] = [box.commit('one'), box.commit('two')];
    const merge = rawCommit(box, `parent ${one}\nparent ${two}\n${people}`, 'merge');
    const facts = await factsOf(box, merge);
    assert.equal(facts.parents, [one, two]);
    assert.is(facts.author.text, 'Ada <ada@example.org>');
    assert.is(facts.committer.text, 'Bob <b@x>');
    assert.is(facts.committedAt, 1_700_000_001_000);
    assert.is(facts.tree, box.git(['rev-parse', `${merge}^{tree}`]).trim());
  }),
);

test(
  'a declared encoding is decoded; bytes that are nothing are kept beside the text',
  withSandbox(async (box) => {
    const person = 'author J\xf6rg <j@x> 1 +0000\ncommitter J\xf6rg <j@x> 1 +0000';
    const latin = await factsOf(
      box,
      rawCommit(box, `${person}\nencoding ISO-8859-1`, Buffer.from('gr\xfcn', 'latin1')),
    );
    assert.equal(latin.author, { text: 'Jörg <j@x>', bytes: null });
    assert.is(latin.subject.text, 'grün');
    const none = await factsOf(box, rawCommit(box, person, Buffer.from('gr\xfcn', 'latin1')));
    assert.is(none.subject.text, 'gr\ufffdn');
    assert.is(none.subject.bytes?.toString('latin1'), 'gr\xfcn');
    assert.is(none.author.bytes?.toString('latin1'), 'J\xf6rg <j@x>');
    const unknown = await factsOf(box, rawCommit(box, `${people}\nencoding klingon`, 'ünknown'));
    assert.equal(unknown.subject, { text: 'ünknown', bytes: null });
  }),
);

test(
  'odd people and a signature',
  withSandbox(async (box) => {
    const signed = `${people}\ngpgsig -----BEGIN\n encoding latin1\n -----END`;
    assert.is((await factsOf(box, rawCommit(box, signed, 'grün'))).subject.text, 'grün');
    const odd = await factsOf(box, rawCommit(box, 'author <>  \ncommitter', 'x'));
    assert.is(odd.author.text, '<>');
    assert.is(odd.authoredAt, 0);
  }),
);

test(
  'no such commit, and replaced objects',
  withSandbox(async (box) => {
    const [one, two] = [box.commit('one'), box.commit('two')];
    box.git(['replace', one, two]);
    assert.is((await factsOf(box, one)).subject.text, 'one');
    await withObjects(`${box.work}/.git`, async (objects) => {
      for (const name of ['8'.repeat(40), 'nowhere', '', 'a\nb', 'HEAD^{tree}']) {
        assert.is(reasonOf(await objects.commit(name)), 'missing', name);
      }
      assert.ok((await objects.commit('HEAD')).ok, 'a miss does not end the process');
    });
  }),
);

test.run();
