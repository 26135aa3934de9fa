/**
 * Faults: every code has a program here, with the place where it is reported.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Code, problems } from '../../lib/fennel/problems.ts';
import { faultsOf } from './rig.ts';

const test = suite('fennel/faults');

type Case = {
  readonly text: string;
  readonly at: string;
  readonly modules?: Readonly<Record<string, string>>;
};

const nested = (n: number): string => `${'(+ 1 '.repeat(n)}1${')'.repeat(n)}`;
const many = (n: number, word: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => word(i)).join(' ');

const cases: Readonly<Record<Code, Case>> = {
  'too-deep': { text: nested(300), at: '1:1' },
  'unclosed-string': { text: '"a', at: '1:3' },
  unclosed: { text: '(print', at: '1:7' },
  'unexpected-closing': { text: ')', at: '1:1' },
  'mismatched-closing': { text: '(print [1)', at: '1:10' },
  'space-before-opening': { text: '(print(1))', at: '1:7' },
  'space-after-prefix': { text: '(print , 1)', at: '1:9' },
  'prefix-without-form': { text: '#(print 1) ,', at: '1:13' },
  'odd-table': { text: '{:a}', at: '1:4' },
  'bad-number': { text: '1a', at: '1:1' },
  'invalid-character': { text: '(local a&b 1)', at: '1:8' },
  'malformed-multisym': { text: '(print a..b)', at: '1:8' },
  'method-not-last': { text: '(print a:b.c)', at: '1:8' },
  'bad-escape': { text: '"\\q"', at: '1:3' },
  'bad-decimal-escape': { text: '"\\999"', at: '1:3' },
  'bad-unicode-escape': { text: '"\\u{}"', at: '1:3' },
  'unknown-identifier': { text: '(print nope)', at: '1:8' },
  'special-as-value': { text: '(print +)', at: '1:8' },
  'macro-as-value': { text: '(print when)', at: '1:8' },
  'method-as-value': { text: '(print _G:x)', at: '1:8' },
  overshadowed: { text: '(let [when 1] 2)', at: '1:7' },
  'bind-without-gensym': { text: '(macro m [] `(let [x 1] x))\n(m)', at: '1:20' },
  'unexpected-multisym': { text: '(local a.b 1)', at: '1:8' },
  'global-aliased': { text: '(local ipairs #(ipairs $))', at: '1:1' },
  'global-conflict': { text: '(local a 1)\n(global a 2)', at: '2:9' },
  'unexpected-vararg': { text: '(fn [] ...)', at: '1:8' },
  'vararg-in-hashfn': { text: '#(print ...)', at: '1:9' },
  'mixed-hashfn': { text: '#[$ $...]', at: '1:1' },
  'name-and-value': { text: '(local x)', at: '1:1' },
  'unable-to-bind': { text: '(local 5 6)', at: '1:8' },
  'literal-destructured': { text: '(let [[a] 5] a)', at: '1:7' },
  'nested-values': { text: '(let [[(a)] [1]] a)', at: '1:8' },
  'no-values': { text: '(local () 1)', at: '1:8' },
  'rest-not-last': { text: '(let [[& a b] []] a)', at: '1:7' },
  'as-not-last': { text: '(let [[&as a b] []] a)', at: '1:7' },
  'computed-key': { text: '(let [{(+ 1 1) a} {}] a)', at: '1:8' },
  'expected-var': { text: '(local x 1)\n(set x 2)', at: '2:6' },
  'expected-local': { text: '(set nope 2)', at: '1:6' },
  'method-set': { text: '(set _G:x 2)', at: '1:6' },
  'dynamic-set-key': { text: '(set (. _G) 2)', at: '1:1' },
  'dynamic-set-symbol': { text: '(set (. 5 1) 2)', at: '1:1' },
  'local-here': { text: '(print (var x 1))', at: '1:8' },
  'let-sequence': { text: '(let 5 6)', at: '1:6' },
  'let-odd': { text: '(let [a] 6)', at: '1:6' },
  'expected-body': { text: '(let [a 1])', at: '1:2' },
  'expected-parameters': { text: '(fn x y)', at: '1:1' },
  'bad-parameter': { text: '(fn [5] 1)', at: '1:5' },
  'vararg-not-last': { text: '(fn [... a] 1)', at: '1:1' },
  'expected-table-local': { text: '(fn nope.x [] 1)', at: '1:5' },
  'expected-argument-list': { text: '(lambda x)', at: '1:1' },
  'empty-call': { text: '(print ())', at: '1:8' },
  'literal-call': { text: '(5)', at: '1:1' },
  'one-argument': { text: '(not)', at: '1:1' },
  'two-arguments': { text: '(< 1)', at: '1:1' },
  'some-arguments': { text: '(-)', at: '1:1' },
  'vararg-operand': { text: '(+ ...)', at: '1:1' },
  'expected-table': { text: '(.)', at: '1:1' },
  'tset-arguments': { text: '(tset {} 1)', at: '1:1' },
  'tset-literal': { text: '(tset 5 1 1)', at: '1:1' },
  'method-arguments': { text: '(: "a")', at: '1:1' },
  'lua-arguments': { text: '(lua)', at: '1:1' },
  'pick-count': { text: '(pick-values :a 1)', at: '1:1' },
  'tail-argument': { text: '(tail!)', at: '1:1' },
  'tail-call': { text: '(tail! 5)', at: '1:1' },
  'tail-position': { text: '(tail! (print 1)) 2', at: '1:1' },
  'too-many-arguments': { text: `(print ${many(300, () => '1')} (print))`, at: '1:1' },
  'too-many-parameters': { text: `(fn [${many(300, (i) => `p${i}`)}] 1)`, at: '1:5' },
  'too-many-upvalues': {
    text: `${many(140, (i) => `(local a${i} 1)`)} (fn [] ${many(140, (i) => `(local b${i} 1)`)} (fn [] (+ ${many(140, (i) => `a${i} b${i}`)})))`,
    at: '1:3988',
  },
  'too-many-values': {
    text: `(print ${many(150, () => '1')} (print ${many(150, () => '1')} 2))`,
    at: '1:1',
  },
  'if-body': { text: '(if 1)', at: '1:1' },
  'binding-table': { text: '(each 1 2)', at: '1:1' },
  'each-binding': { text: '(each [1] 2)', at: '1:1' },
  'iterator-clause': { text: '(each [x (pairs {}) &while 1] 2)', at: '1:7' },
  'for-arguments': { text: '(for [i 1 2 3 4] 2)', at: '1:6' },
  'for-range': { text: '(for [i 1] 2)', at: '1:6' },
  'unquote-outside': { text: '(print ,1)', at: '1:8' },
  'quoted-symbol': { text: '`a', at: '1:2' },
  'quoted-list': { text: '`(a)', at: '1:2' },
  'quoted-vararg': { text: '`...', at: '1:2' },
  'macros-table': { text: '(macros 5)', at: '1:1' },
  'macros-not-table': { text: '(import-macros m :m)', at: '1:1', modules: { 'm.fnl': '5' } },
  'macro-not-function': { text: '(macros {:a 5})', at: '1:1' },
  'macro-name': { text: '(macro [x] x)', at: '1:1' },
  'macro-missing': { text: '(import-macros {: a} :m)', at: '1:1', modules: { 'm.fnl': '{}' } },
  'macro-not-callable': { text: '(import-macros m :m)\n(m.a 1)', at: '2:2', modules: { 'm.fnl': '{}' } },
  'import-pairs': { text: '(import-macros m)', at: '1:1' },
  'macro-module-missing': { text: '(import-macros m :nope)', at: '1:1' },
  'macro-module-argument': { text: '(require-macros)', at: '1:1' },
  'macro-module-name': { text: '(require-macros 5)', at: '1:1' },
  'module-literal': { text: '(include 5)', at: '1:1' },
  'module-missing': { text: '(include :nope)', at: '1:1' },
  'circular-include': { text: '(include :a)', at: '1:1', modules: { 'a.fnl': '(include :a)' } },
  'circular-macros': {
    text: '(import-macros a :a)',
    at: '1:1',
    modules: { 'a.fnl': '(import-macros a :a) {}' },
  },
  'no-macro-host': { text: '(macro m [] 1)', at: '' },
  'endless-expansion': { text: '(macro m [] `(m))\n(m)', at: '2:1' },
  'macro-usage': { text: '(when)', at: '1:1' },
  'pattern-usage': { text: '(case)', at: '1:1' },
};

for (const [code, { text, at, modules }] of Object.entries(cases)) {
  if (at === '') continue;
  test(`${code} ${text.slice(0, 60)}`, () => {
    const [fault] = faultsOf(text, modules);
    assert.is(fault?.code, code);
    assert.is(`${fault?.span?.start.line}:${fault?.span?.start.column}`, at);
  });
}

test('every code is here', () => assert.equal(Object.keys(cases).sort(), Object.keys(problems).sort()));

test('several faults are found in one go, in the order of the text', () => {
  const text = '(local a nope)\n(let [b] 1)\n(fn f [x] (set x 1) (when))\n(print a f)';
  assert.equal(
    faultsOf(text).map((fault) => `${fault.span?.start.line} ${fault.code}`),
    ['1 unknown-identifier', '2 let-odd', '3 expected-var', '3 macro-usage'],
  );
});

test('a name that nobody knows comes with the nearest one in scope', () => {
  assert.is(faultsOf('(local target 1)\n(print targt)')[0]?.hint, 'Did you mean target?');
  assert.is(faultsOf('(pritn 1)')[0]?.hint, 'Did you mean print?');
  assert.is(faultsOf('(qqqqqq 1)')[0]?.hint, 'If it is a global on purpose, write _G.qqqqqq.');
});

test('what can not be set says where it was bound', () => {
  const [fault] = faultsOf('(local x 1)\n(set x 2)');
  assert.is(fault?.notes[0]?.message, 'x was bound here');
  assert.is(fault?.notes[0]?.span.start.line, 1);
});

test.run();
