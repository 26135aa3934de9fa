/**
 * Reading: words to forms with their places, and every fault of a text in one go.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { printForm, read } from '../../lib/fennel/fennel.ts';

const test = suite('fennel/reader');

/** A text and the forms it holds, as they are printed. */
const forms: readonly (readonly [text: string, printed: string])[] = [
  ['1 -1 +1 1_000 0xff -0x10', '1 -1 1 1000 255 -16'],
  ['2147483647 2147483648 -2147483648 -2147483649', '2147483647 2147483648.0 -2147483648 -2147483649.0'],
  ['1.5 .5 3. 1e3 1.0 0x.8p1', '1.5 0.5 3.0 1000.0 1.0 1.0'],
  ['.inf -.inf +.inf .nan', '.inf -.inf .inf .nan'],
  [':a :a.b:c : "a\\tb"', '"a" "a.b:c" : "a\\009b"'],
  ['"\\65\\x41\\u{41}\\z   B"', '"AAAB"'],
  ['"a\\\nb"', '"a\nb"'],
  ['(a [b {:c d}])', '(a [b {:c d}])'],
  ['{: x :y 1}', '{:x x :y 1}'],
  ["'a `a ,a #a", '`a `a ,a #a'],
  ['(# x) #(+ $ 1)', '(# x) #(+ $ 1)'],
  ['true false nil ... .. ?. ~= a.b a:b', 'true false nil ... .. ?. ~= a.b a:b'],
  ['; only a comment', ''],
  ['#!/usr/bin/fennel\nx', 'x'],
  ['\ufeffx', 'x'],
  ['x\r\ny', 'x y'],
];
for (const [text, printed] of forms) {
  test(JSON.stringify(text), () => {
    const found = read({ name: 'x.fnl', text });
    assert.is(
      found.ok ? found.value.map((form) => printForm(form)).join(' ') : found.error[0]?.message,
      printed,
    );
  });
}

/** A text, and the code, line and column of each of its faults. */
const faults: readonly (readonly [text: string, ...found: string[]])[] = [
  ['(', 'unclosed 1:2'],
  ['(let [x 1\n  y)', 'mismatched-closing 2:4'],
  ['(a))', 'unexpected-closing 1:4'],
  ['(a) ]\n(b {:a})\n@', 'unexpected-closing 1:5', 'odd-table 2:7', 'invalid-character 3:1'],
  ['"abc', 'unclosed-string 1:5'],
  ['"a\\qb" "\\256"', 'bad-escape 1:4', 'bad-decimal-escape 1:10'],
  ['"\\u{zz}"', 'bad-unicode-escape 1:3'],
  ['(a, b)', 'space-after-prefix 1:4'],
  ["(a ')", 'space-after-prefix 1:5'],
  ["(a) '", 'prefix-without-form 1:6'],
  ['(a(b))', 'space-before-opening 1:3'],
  ['((a)(b))', 'space-before-opening 1:5'],
  ['[[1][2]]', 'space-before-opening 1:5'],
  ['(do "a"[1])', 'space-before-opening 1:8'],
  [
    '12ab a..b a.b:c.d a: ~x',
    'bad-number 1:1',
    'malformed-multisym 1:6',
    'method-not-last 1:11',
    'malformed-multisym 1:19',
    'invalid-character 1:22',
  ],
  ['(größe 1ö)', 'bad-number 1:8'],
  ['😀 2x', 'bad-number 1:3'],
];
for (const [text, ...found] of faults) {
  test(`faults of ${JSON.stringify(text)}`, () => {
    const forms = read({ name: 'x.fnl', text });
    const seen = forms.ok
      ? []
      : forms.error.map((f) => `${f.code} ${f.span?.start.line}:${f.span?.start.column}`);
    assert.equal(seen, found);
  });
}

test('an unclosed bracket is named, and where it was meant to close', () => {
  const text = '(fn a [x]\n  (let [y 1]\n    (+ x y))\n\n(fn b [] 2)\n';
  const found = read({ name: 'x.fnl', text });
  assert.not(found.ok);
  if (found.ok) return;
  const [fault] = found.error;
  assert.is(fault?.message, 'expected closing delimiter )');
  assert.is(fault?.notes[0]?.message, "'(' was probably meant to close with ')' before line 5");
  assert.equal(fault?.notes[0]?.span.start, { line: 1, column: 1 });
});

test('a form knows where it begins and ends', () => {
  const found = read({ name: 'x.fnl', text: '\n  (größe\n   [1 2])' });
  assert.ok(found.ok);
  if (!found.ok) return;
  const [form] = found.value;
  assert.equal(form?.span, { file: 'x.fnl', start: { line: 2, column: 3 }, end: { line: 3, column: 10 } });
  assert.equal(form?.type === 'list' && form.items[1]?.span?.start, { line: 3, column: 4 });
});

test.run();
