/** What a job printed reaches a terminal as text, colours and weights only. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TerminalText, terminalText } from '../../lib/cli/terminal-text.ts';

const test = suite('cli/terminal-text');

const plain = (...chunks: (string | Uint8Array)[]): string => shown(false, chunks);
const coloured = (...chunks: (string | Uint8Array)[]): string => shown(true, chunks);

function shown(colours: boolean, chunks: (string | Uint8Array)[]): string {
  const text = new TerminalText({ colours });
  return chunks.map((chunk) => text.push(Buffer.from(chunk))).join('') + text.end();
}

const cases: [name: string, printed: string, safe: string][] = [
  ['text and tabs stay', 'a\tb\nc', 'a\tb\nc\n'],
  ['a clear screen goes', '\u001b[2J\u001b[Hhello\n', 'hello\n'],
  ['a title goes, ended by BEL or not at all', '\u001b]0;pwned\u0007x\n\u001b]0;never ends\ny\n', 'x\n\ny\n'],
  ['the clipboard is not written', '\u001b]52;c;cm0gLXJmIC8=\u001b\\x\n', 'x\n'],
  ['a link keeps its text', '\u001b]8;;javascript:alert(1)\u0007here\u001b]8;;\u0007\n', 'here\n'],
  ['a progress bar keeps its last state', ' 10%\r 50%\r100%\n', '100%\n'],
  ['a Windows line end is a line end', 'a\r\nb\r\n', 'a\nb\n'],
  ['an override of the direction is shown', 'a\u202eb\n', 'a\\u202eb\n'],
  ['an eight-bit control sequence goes as well', 'a\u009b2Jb\n', 'ab\n'],
  ['a device that waits for an answer is not asked', 'a\u001b[6nb\u001bcd\n', 'abd\n'],
];
for (const [name, printed, safe] of cases) {
  test(name, () => {
    assert.is(plain(printed), safe);
    assert.is(plain(...Array.from(printed)), safe, 'letter by letter');
  });
}

test('colours and weights survive where they are wanted, and end with the line', () => {
  assert.is(coloured('\u001b[1;31mred\u001b[0m plain\n'), '\u001b[31;1mred\u001b[0m plain\n');
  assert.is(coloured('\u001b[32mgreen\nstill\n'), '\u001b[32mgreen\u001b[0m\n\u001b[32mstill\u001b[0m\n');
  assert.is(plain('\u001b[1;31mred\u001b[0m plain\n'), 'red plain\n');
});

test('hidden text is not hidden', () => {
  assert.is(coloured('\u001b[8msecret\u001b[0m\n'), 'secret\n');
});

test('a letter split over two reads is one letter; what is no UTF-8 is a replacement', () => {
  const bytes = Buffer.from('ä€😀\n');
  for (let at = 0; at <= bytes.length; at += 1) {
    assert.is(plain(bytes.subarray(0, at), bytes.subarray(at)), 'ä€😀\n');
  }
  assert.is(plain(Buffer.from([0x61, 0xff, 0x62, 0x0a])), 'a\ufffdb\n');
});

test('a line without an end does not pile up', () => {
  const text = new TerminalText({ colours: false });
  let passed = 0;
  for (let n = 0; n < 100; n += 1) passed += text.push(Buffer.from('x'.repeat(10_000))).length;
  assert.ok(passed > 900_000, String(passed));
  assert.is(passed + text.end().length, 1_000_001);
});

test('one text at once', () => {
  assert.is(terminalText('make \u001b]0;x\u0007test'), 'make test');
});

test.run();
