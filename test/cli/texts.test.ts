/** The small pure texts of the command line, as tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { timestamp } from '../../lib/base/clock.ts';
import { paintWith, wantsColour } from '../../lib/cli/colour.ts';
import { firstConfig } from '../../lib/cli/config-text.ts';
import { cronLines, hasBlock, withBlock } from '../../lib/cli/crontab-text.ts';
import { durableFsync, isAtLeast } from '../../lib/cli/durable-git.ts';
import { pageText, titleOf } from '../../lib/cli/page-text.ts';
import { ago, aligned, shortened } from '../../lib/cli/words.ts';
import { examineConfig } from '../../lib/config/read.ts';
import { root } from '../rig/context.ts';

const test = suite('cli/texts');

const fsync: [present: string | null, wanted: string | null][] = [
  [null, 'loose-object,reference'],
  ['', 'loose-object,reference'],
  ['committed', 'committed,reference'],
  ['added, reference', null],
  ['all', null],
  ['none', 'none,loose-object,reference'],
  ['objects', 'objects,reference'],
  ['reference', 'reference,loose-object'],
  ['-loose-object', '-loose-object,loose-object,reference'],
  ['pack,-reference', 'pack,-reference,loose-object,reference'],
];
for (const [present, wanted] of fsync) {
  test(`core.fsync ${present} -> ${wanted}`, () => assert.is(durableFsync(present), wanted));
}

const versions: [have: string, least: string, enough: boolean][] = [
  ['2.36.0', '2.36', true],
  ['2.36', '2.36', true],
  ['2.35.9', '2.36', false],
  ['2.100.1', '2.36', true],
  ['3.0', '2.36', true],
  ['20.20.2', '20', true],
  ['18.19.0', '20', false],
];
for (const [have, least, enough] of versions) {
  test(`${have} ${enough ? 'is' : 'is not'} at least ${least}`, () =>
    assert.is(isAtLeast(have, least), enough));
}

const colours: [
  name: string,
  asked: boolean,
  env: Record<string, string>,
  isTerminal: boolean,
  wanted: boolean,
][] = [
  ['a terminal', true, {}, true, true],
  ['a pipe', true, {}, false, false],
  ['NO_COLOR', true, { NO_COLOR: '1' }, true, false],
  ['an empty NO_COLOR says nothing', true, { NO_COLOR: '' }, true, true],
  ['FORCE_COLOR in a pipe', true, { FORCE_COLOR: '1' }, false, true],
  ['FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, true, false],
  ['FORCE_COLOR wins over NO_COLOR', true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
  ['--no-color wins over all', false, { FORCE_COLOR: '1' }, true, false],
  ['a dumb terminal', true, { TERM: 'dumb' }, true, false],
];
for (const [name, asked, env, isTerminal, wanted] of colours) {
  test(`colours: ${name}`, () => assert.is(wantsColour({ asked, env, isTerminal }), wanted));
}

test('columns line up whatever their colour, and empty ones are left out', () => {
  const red = paintWith(true)('red', 'failed');
  assert.is(
    aligned([
      ['#1', red, '', 'x'],
      ['#100', 'ok', '', 'yy'],
    ]),
    `#1    ${red}  x\n#100  ok      yy\n`,
  );
  assert.is(aligned([]), '');
});

test('how long ago, and how much of a long text', () => {
  const now = Date.parse('2026-11-21T10:00:00.000Z');
  const said = (seconds: number): string => ago(timestamp(now - seconds * 1000), now);
  assert.equal([0, 30, 90, 3000, 7200, 86400 * 3, 86400 * 60].map(said), [
    'just now',
    '30 s ago',
    '2 min ago',
    '50 min ago',
    '2 h ago',
    '3 days ago',
    '2026-09-22',
  ]);
  assert.is(said(-100), 'just now');
  assert.is(shortened('abcdef', 4), 'abc…');
  assert.is(shortened('abcd', 4), 'abcd');
});

test("a crontab keeps everybody else's lines", () => {
  const place = { gitDir: "/srv/it's 100%.git", node: '/usr/bin/node', bin: '/opt/quire' };
  const lines = cronLines(place);
  assert.ok(
    lines.every((line) => line.startsWith('#') || line.includes(`--repo '/srv/it'\\''s 100\\%.git'`)),
  );
  const theirs = 'MAILTO=me\n\n# mine\n1 2 * * * true\n';
  const once = withBlock(theirs, place.gitDir, lines);
  assert.ok(once.startsWith(theirs));
  assert.ok(hasBlock(once, place.gitDir));
  assert.is(withBlock(once, place.gitDir, lines), once, 'twice');
  const other = withBlock(once, '/srv/other.git', cronLines({ ...place, gitDir: '/srv/other.git' }));
  assert.is(withBlock(other, '/srv/other.git', []), once, 'another repository');
  assert.is(withBlock(once, place.gitDir, []), theirs);
  assert.is(withBlock(withBlock('', place.gitDir, lines), place.gitDir, []), '');
});

test('a crontab block that was edited takes nothing of the user with it', () => {
  const place = { gitDir: '/srv/100%.git', node: '/usr/bin/node', bin: '/opt/quire' };
  const lines = cronLines(place);
  const older = cronLines({ ...place, node: '/old/node', bin: '/old/quire' });
  const cases: [crontab: readonly string[], kept: readonly string[]][] = [
    [[...older.slice(0, -1), '1 2 * * * true'], ['1 2 * * * true']],
    [
      [...older.slice(0, 2), '# mine', '@reboot true', ...older.slice(2, -1), 'A=b'],
      ['# mine', '@reboot true', 'A=b'],
    ],
    [[...older.slice(0, -1), ...older, '1 2 * * * true'], ['1 2 * * * true']],
    [
      [...older.slice(0, 1), ...cronLines({ ...place, gitDir: '/srv/o.git' })],
      cronLines({ ...place, gitDir: '/srv/o.git' }),
    ],
    [older.map((line) => line.replace('*/5', '*/9').replace('>', '>>')), []],
    [
      ['# my own', ...older.slice(1, 2)],
      ['# my own', ...older.slice(1, 2)],
    ],
  ];
  for (const [crontab, kept] of cases) {
    const text = `${crontab.join('\n')}\n`;
    assert.is(withBlock(text, place.gitDir, []), kept.map((line) => `${line}\n`).join(''));
    assert.is(withBlock(text, place.gitDir, lines), `${[...kept, ...lines].join('\n')}\n`);
  }
});

test('the first config has what was known at install, and evaluates to just that', () => {
  const template = readFileSync(join(root, 'templates/config.fnl'), 'utf8');
  const path = '/a "b"\\c:/d\u0001';
  const text = firstConfig(template, { path, siteUrl: 'https://x.example/$&', executor: 'docker' });
  const examined = examineConfig('config.fnl', Buffer.from(text));
  if (!examined.ok) throw new Error(JSON.stringify(examined.error));
  assert.equal(examined.value.value, { path, executor: 'docker', site: { url: 'https://x.example/$&' } });
  assert.equal([...examined.value.errors, ...examined.value.warnings], []);
});

test('a page of help is drawn: headings, examples, words of code', () => {
  const paint = paintWith(true);
  const page = '# Title\n\nSay `x`.\n\n    (code `y`)\n';
  assert.is(titleOf(page), 'Title');
  assert.is(pageText(page, paintWith(false)), 'Title\n\nSay x.\n\n    (code `y`)\n');
  assert.match(pageText(page, paint), '\u001b[1mTitle\u001b[22m');
});

test.run();
