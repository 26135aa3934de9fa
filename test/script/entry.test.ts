import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluateHere } from '../../lib/script/here.ts';
import type { Tree, TreeEntry } from '../../lib/script/script.ts';

const test = suite('script/entry');

const file = (bytes: string | Uint8Array): TreeEntry => ({ kind: 'file', bytes: Buffer.from(bytes) });
const tree = (entries: Record<string, TreeEntry>): Tree => new Map(Object.entries(entries));

const fennel = '(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn []))\n';
const lua = 'local ci = require "quire.ci"\nci.job("a", {"quire/push"}, function() end)\n';

const good: [name: string, entries: Record<string, TreeEntry>][] = [
  ['Fennel', { 'ci.fnl': file(fennel) }],
  ['Lua', { 'ci.lua': file(lua) }],
  ['CRLF', { 'ci.fnl': file(fennel.replaceAll('\n', '\r\n')) }],
  ['a byte-order mark', { 'ci.fnl': file(`\ufeff${fennel}`) }],
  ['CRLF and a byte-order mark in Lua', { 'ci.lua': file(`\ufeff${lua.replaceAll('\n', '\r\n')}`) }],
  ['U+FFFD itself', { 'ci.fnl': file(`;; \ufffd\n${fennel}`) }],
];
for (const [name, entries] of good) {
  test(`${name} just works`, async () => {
    const script = await evaluateHere(tree(entries));
    assert.equal(script.ok ? script.value.pipeline.jobs.map(({ id }) => id) : script, ['a']);
    if (script.ok) assert.is(script.value.pipeline.jobs[0]?.span.start.line, name.startsWith('U+') ? 3 : 2);
  });
}

const bad: [name: string, entries: Record<string, TreeEntry>, code: string, line: number][] = [
  ['both files', { 'ci.fnl': file(fennel), 'ci.lua': file(lua) }, 'two-pipelines', 1],
  ['a symlink', { 'ci.fnl': { kind: 'symlink' } }, 'not-a-file', 1],
  ['a directory', { 'ci.fnl': { kind: 'directory' } }, 'not-a-file', 1],
  ['a submodule', { 'ci.lua': { kind: 'submodule' } }, 'not-a-file', 1],
  ['10 MB, not read', { 'ci.fnl': { kind: 'too-big', size: 10_000_000 } }, 'file-too-big', 1],
  ['10 MB', { 'ci.fnl': file(' '.repeat(10_000_000)) }, 'file-too-big', 1],
  ['not UTF-8', { 'ci.fnl': file(Buffer.from('\n\n"\xff"', 'latin1')) }, 'not-utf-8', 3],
];
for (const [name, entries, code, line] of bad) {
  test(`${name} is a diagnostic`, async () => {
    const script = await evaluateHere(tree(entries));
    assert.not(script.ok);
    const failure = script.ok ? null : script.error;
    const problems = failure?.reason === 'diagnostics' ? failure.diagnostics : [];
    assert.equal(
      problems.map((problem) => [problem.code, problem.span?.start.line]),
      [[code, line]],
    );
    assert.match(problems[0]?.span?.file ?? '', /^\.quire\/ci\.(fnl|lua)$/);
    assert.ok(problems[0]?.hint);
  });
}

test('no pipeline is no fault', async () => {
  assert.equal(await evaluateHere(tree({ 'helpers.fnl': file('{}') })), {
    ok: false,
    error: { reason: 'no-pipeline' },
  });
});

test('a file that registers nothing is a pipeline without jobs', async () => {
  const script = await evaluateHere(tree({ 'ci.fnl': file('') }));
  assert.equal(script.ok ? script.value.pipeline.jobs : script, []);
});

test('another main file, another name for the tree', async () => {
  const script = await evaluateHere(tree({ 'other.fnl': file('(foo)') }), {
    main: 'other.fnl',
    prefix: 'x/',
  });
  const failure = script.ok ? null : script.error;
  assert.is(failure?.reason === 'diagnostics' ? failure.diagnostics[0]?.span?.file : '', 'x/other.fnl');
});

test.run();
