import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { largestSecret, openSecret, Secret, type SecretSource } from '../../lib/secrets/secrets.ts';

const test = suite('secrets/secret');

const open = (source: SecretSource, environment: Record<string, string> = {}) =>
  openSecret({ name: 'token', source, refs: null }, environment);

const textOf = (source: SecretSource, environment: Record<string, string> = {}): string => {
  const opened = open(source, environment);
  return opened.ok ? opened.value.reveal() : opened.error.reason;
};

test('no way of printing shows the value', () => {
  const secret = new Secret('token', 'hunter2-hunter2');
  const boxed = { deep: [secret] };
  const printed = [
    `${secret}`,
    String(secret),
    JSON.stringify(boxed),
    inspect(boxed, { depth: 9, showHidden: true }),
    format('%o %s %j', secret, secret, secret),
    Object.entries(secret).join(),
  ];
  for (const text of printed) {
    assert.not.ok(text.includes('hunter2'), text);
    assert.ok(text.includes('token'), text);
  }
  assert.is(secret.reveal(), 'hunter2-hunter2');
});

test('values come from text, a file or the environment', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quire-secret-'));
  try {
    const path = join(directory, 'token');
    const contents: [file: string, value: string][] = [
      ['abc\n', 'abc'],
      ['abc\n\n', 'abc\n'],
      ['abc\r\n', 'abc'],
      ['abc', 'abc'],
      [' a b ', ' a b '],
      ['\n', ''],
      ['', ''],
    ];
    for (const [file, value] of contents) {
      writeFileSync(path, file);
      assert.is(textOf({ from: 'file', path }), value, JSON.stringify(file));
    }
    assert.is(textOf({ from: 'file', path: join(directory, 'none') }), 'unreadable-file');
    writeFileSync(path, 'x'.repeat(largestSecret + 1));
    assert.is(textOf({ from: 'file', path }), 'too-large');
    writeFileSync(path, Buffer.from('fffe', 'hex'));
    const opened = open({ from: 'file', path });
    assert.is(opened.ok && opened.value.revealBytes().toString('hex'), 'fffe');
  } finally {
    rmSync(directory, { recursive: true });
  }
  assert.is(textOf({ from: 'text', text: 'abc\n' }), 'abc\n');
  assert.is(textOf({ from: 'environment', variable: 'T' }, { T: 'v' }), 'v');
  assert.is(textOf({ from: 'environment', variable: 'T' }), 'unset-variable');
});

const limits: [pattern: string, ref: string, allowed: boolean][] = [
  ['refs/heads/main', 'refs/heads/main', true],
  ['refs/heads/main', 'refs/heads/mainly', false],
  ['refs/heads/main', 'refs/heads/refs/heads/main', false],
  ['main', 'refs/heads/main', true],
  ['main', 'refs/tags/main', false],
  ['tags/v*', 'refs/tags/v1.2', true],
  ['tags/v*', 'refs/heads/tags/v1.2', false],
  ['refs/heads/release/*', 'refs/heads/release/1/x', true],
  ['refs/heads/a.c', 'refs/heads/abc', false],
  ['*', 'refs/heads/x', true],
  ['*', 'refs/tags/x', false],
  ['refs/*', 'refs/tags/x', true],
];

for (const [pattern, ref, allowed] of limits) {
  test(`limited to ${pattern}: ${ref}`, () => {
    assert.is(new Secret('s', 'v', [pattern]).allows(ref), allowed);
  });
}

test('without a limit every ref may have it, with an empty one none', () => {
  assert.ok(new Secret('s', 'v').allows('refs/heads/any'));
  assert.not.ok(new Secret('s', 'v', []).allows('refs/heads/any'));
});

test.run();
