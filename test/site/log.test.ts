import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogEntry } from '../../lib/runs/records.ts';
import { logPieces, textOf } from '../../lib/site/log-pieces.ts';
import { type LogSection, type LogView, logFold } from '../../lib/site/log-view.ts';
import { at, command, exit, note, output } from './fixtures.ts';

const test = suite('site/log');

type Read = { readonly text: string; readonly view: LogView };

/** The same entries as `log.txt` and as the page's view. */
function read(entries: Iterable<LogEntry>): Read {
  const texts: string[] = [];
  const fold = logFold();
  const pieces = logPieces((piece) => {
    texts.push(textOf(piece));
    fold.push(piece);
  });
  for (const entry of entries) pieces.push(entry);
  pieces.end();
  return { text: texts.join(''), view: fold.view([]) };
}

const shown = (section: LogSection): string[] =>
  [...section.head, ...section.tail].map((line) => line.pieces.map((piece) => piece.text).join(''));

test('a log reads as a terminal would have shown it', () => {
  const { text } = read([
    command(1, 'make all'),
    output('compiling\nwarning: '),
    output('careful\n', 'err'),
    output('odd\n'),
    exit(0),
    note('coverage 97 %'),
    { kind: 'attempt', attempt: 2, at: at(1) },
    command(1, 'make\ntest'),
    output('no line end'),
    { kind: 'exit', exit: -1, signal: 'SIGKILL', t: 90_000 },
    { kind: 'truncated' },
  ]);
  assert.is(
    text,
    [
      '$ make all',
      'compiling',
      'careful',
      'warning: odd',
      '# coverage 97 %',
      '[attempt 2]',
      '$ make',
      'test',
      'no line end',
      '[ended by SIGKILL after 1 min 30 s]',
      '[the log limit is reached: what came after was not recorded]',
      '',
    ].join('\n'),
  );
});

test('line numbers of the page are those of log.txt', () => {
  const long = Array.from({ length: 500 }, (_, index) => output(`line ${index}\nand one more\n`));
  const { text, view } = read([
    command(1, 'two\nlines'),
    output('first\n'),
    exit(2),
    note('one\ntwo'),
    { kind: 'attempt', attempt: 2, at: at(0) },
    command(1, 'again'),
    ...long,
    output('x'.repeat(200_000)),
    output('\nlast\n', 'err'),
    exit(1),
  ]);
  const lines = text.split('\n');
  let checked = 0;
  for (const section of view.sections) {
    if (section.cmd !== null) assert.ok(lines[section.line - 1]?.startsWith('$ '), `heading ${section.line}`);
    for (const line of [...section.head, ...section.tail].filter(
      ({ kind }) => kind === 'out' || kind === 'err',
    )) {
      const start = line.pieces.map((piece) => piece.text).join('');
      assert.ok(lines[line.line - 1]?.startsWith(start), `line ${line.line}: ${start.slice(0, 40)}`);
      checked += 1;
    }
  }
  assert.ok(checked > 400);
});

test('a character split over two entries is one character; bytes that are none are U+FFFD', () => {
  const bytes = Buffer.from('größer\n');
  const { text } = read([command(1, 'x'), ...[...bytes].map((byte) => output(Uint8Array.of(byte))), exit(0)]);
  assert.is(text, '$ x\ngrößer\n');
  assert.match(read([output(Uint8Array.of(0x41, 0xff, 0xfe, 0x0a))]).text, /^A\ufffd\ufffd\n/);
});

test('the text does not depend on how output was cut into entries', () => {
  const whole = Buffer.from(
    '\u001b[31mré\u001b[0m 10%\r99%\rdone\r\nnext\u001b]0;title\u0007 line\n'.repeat(40),
  );
  const once = read([command(1, 'x'), output(whole), exit(0)]);
  for (const size of [1, 2, 3, 7, 64]) {
    const parts: LogEntry[] = [];
    for (let from = 0; from < whole.length; from += size)
      parts.push(output(whole.subarray(from, from + size)));
    assert.equal(read([command(1, 'x'), ...parts, exit(0)]), once, `${size} bytes at a time`);
  }
});

test('a long log is the same read in large chunks and line by line', () => {
  const plain = (index: number): string => `line ${index} ${'word '.repeat((index * 7) % 23)}\n`;
  const kinds: readonly ((index: number) => string)[] = [
    plain,
    () => 'y\n',
    (index) => `windows ${index}\r\n`,
    (index) => (index % 97 === 0 ? `\u001b[3${(index % 7) + 1}m${plain(index)}` : plain(index)),
    (index) => (index % 11 === 0 ? `${'long '.repeat((index % 13) * 200)}\n` : '\n'),
  ];
  const commands = kinds.flatMap((kind) =>
    Array.from({ length: 8 }, () => Array.from({ length: 2500 }, (_, index) => kind(index))),
  );
  const cut = (parts: (lines: readonly string[]) => readonly string[]): LogEntry[] =>
    commands.flatMap((lines, index) => [
      command(index, `step ${index}`),
      ...parts(lines).map((part) => output(part)),
      exit(0),
    ]);
  const once = read(cut((lines) => lines));
  assert.equal(read(cut((lines) => lines.join('').match(/[\s\S]{1,32768}/g) ?? [])), once);
  assert.equal(read(cut((lines) => [lines.join('')])), once);
});

test('a bar drawn over itself for megabytes keeps its last state, in its colour', () => {
  const bar = Array.from({ length: 4000 }, (_, index) => output(`\r\u001b[32m${'='.repeat(100)} ${index}`));
  const { text, view } = read([command(1, 'x'), ...bar, output('\n'), exit(0)]);
  assert.is(text, `$ x\n${'='.repeat(100)} 3999\n`);
  assert.is(view.sections[0]?.head[0]?.pieces[0]?.style, 'f-green');
});

test('one line of many megabytes costs the page a line', () => {
  const chunk = output('x'.repeat(64 * 1024));
  const { text, view } = read([
    command(1, 'x'),
    ...Array.from({ length: 300 }, () => chunk),
    output('\nend\n'),
    exit(0),
  ]);
  const [long, last] = view.sections[0]?.head ?? [];
  assert.is(text.length, '$ x\n'.length + 300 * 64 * 1024 + '\nend\n'.length);
  assert.ok((long?.pieces[0]?.text.length ?? 0) <= 2000);
  assert.is((long?.hidden ?? 0) + (long?.pieces[0]?.text.length ?? 0), 300 * 64 * 1024);
  assert.is(last?.pieces[0]?.text, 'end');
});

test('a long log shows where it began, where it ended and how much is between', () => {
  const count = 20_000;
  const { view } = read([
    command(1, 'x'),
    ...Array.from({ length: count }, (_, index) => output(`line ${index}\n`)),
    exit(1),
  ]);
  const [section] = view.sections;
  assert.ok(section);
  const lines = shown(section);
  assert.is(lines[0], 'line 0');
  assert.is(lines[lines.length - 1], `line ${count - 1}`);
  assert.is(lines.length + section.skipped, count);
  assert.ok(lines.length < 1000);
});

test('a page full of output keeps the failures and the end', () => {
  const entries: LogEntry[] = [];
  for (let sh = 1; sh <= 400; sh += 1) {
    entries.push(command(sh, `step ${sh}`));
    for (let line = 0; line < 100; line += 1) entries.push(output(`${'word '.repeat(40)}${line}\n`));
    entries.push(exit(sh === 123 ? 7 : 0));
  }
  const { view } = read(entries);
  const size = view.sections.flatMap(shown).reduce((sum, line) => sum + line.length, 0);
  assert.ok(size < 2_000_000, `${size} characters`);
  const failed = view.sections.find((section) => section.failed);
  assert.is(failed?.cmd, 'step 123');
  assert.is(failed && shown(failed).length, 100);
  assert.is(failed?.open, true);
  assert.is(view.sections[view.sections.length - 1]?.cmd, 'step 400');
  assert.is(view.sections.filter((section) => section.cmd !== null).length + view.omitted, 400);
});

test('a running command shows the line that has no end yet, and the final view does not remember it', () => {
  const fold = logFold();
  const pieces = logPieces(fold.push);
  for (const entry of [command(1, 'x'), output('done\nhalf a li')]) pieces.push(entry);
  const live = fold.view(pieces.pending());
  assert.equal(live.sections.flatMap(shown), ['done', 'half a li']);
  assert.is(live.sections[0]?.end, null);
  for (const entry of [output('ne\n'), exit(0)]) pieces.push(entry);
  pieces.end();
  assert.equal(
    fold.view(pieces.pending()),
    read([command(1, 'x'), output('done\nhalf a line\n'), exit(0)]).view,
  );
});

test.run();
