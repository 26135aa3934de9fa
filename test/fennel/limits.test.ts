/**
 * Lua's limits: what a program may have more of than a Lua function can hold, and what it may not.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../lib/fennel/fennel.ts';
import { faultsOf, resultOf } from './rig.ts';

const test = suite('fennel/limits');

const many = (n: number, word: (i: number) => string, between = ' '): string =>
  Array.from({ length: n }, (_, i) => word(i)).join(between);

const works: readonly (readonly [name: string, text: string, result: string])[] = [
  ['300 locals', `${many(300, (i) => `(local v${i} ${i})`)} (+ v0 v150 v299)`, '449'],
  ['300 functions', `${many(300, (i) => `(fn f${i} [x] (+ x ${i}))`)} (f299 (f0 1))`, '300'],
  [
    '300 patterns',
    `${many(300, (i) => `(local {:a a${i} :b [b${i}]} {:a ${i} :b [1]})`)} (+ a0 a299 b250)`,
    '300',
  ],
  ['300 names in one let', `(let [${many(300, (i) => `v${i} ${i}`)}] (+ v0 v299))`, '299'],
  ['one name 500 times', `${many(500, () => '(local x (+ 1 (or _G.q 1)))')} x`, '2'],
  [
    'locals of a round stay its own',
    `(local fs []) (for [i 1 3] ${many(220, (j) => `(local w${j} (+ i ${j}))`)} (table.insert fs #(+ w0 w210))) [((. fs 1)) ((. fs 2))]`,
    '[212 214]',
  ],
  ['300 arguments', `(select "#" ${many(300, String)})`, '300'],
  ['300 arguments of a method', `(let [t {:f #(select "#" $...)}] (t:f ${many(300, String)}))`, '301'],
  ['600 strings in one', `(fn s [] :a) (length (.. ${many(600, () => '(s)')}))`, '600'],
  ['1000 operands', `(+ ${many(1000, () => '1')})`, '1000'],
  ['5000 items', `(length [${many(5000, String)}])`, '5000'],
  ['2000 keys', `(. {${many(2000, (i) => `:k${i} ${i}`)}} :k1999)`, '1999'],
  ['500 branches', `(let [x 499] (if ${many(500, (i) => `(= x ${i}) ${i}`)}))`, '499'],
  ['300 patterns of a case', `(case 299 ${many(300, (i) => `${i} :v${i}`)})`, '"v299"'],
  ['300 temporaries', `(length [${many(300, (i) => `(let [x ${i}] x)`)}])`, '300'],
  ['300 steps', `(-> 1 ${many(300, () => '(+ 1)')})`, '301'],
  ['a template of 400 forms', `(macro m [] \`[${many(400, String)}]) (length (m))`, '400'],
];
for (const [name, text, result] of works) test(name, () => assert.is(resultOf(text), result));

const refused: readonly (readonly [name: string, text: string, code: string])[] = [
  ['10,000 open brackets', '('.repeat(10_000), 'too-deep'],
  ['10,000 brackets', '['.repeat(10_000) + ']'.repeat(10_000), 'too-deep'],
  ['10,000 prefixes', `${"'".repeat(10_000)}x`, 'too-deep'],
  ['300 calls in calls', '(print '.repeat(300) + ')'.repeat(300), 'too-deep'],
  ['150 sums in sums', `${'(+ 1 '.repeat(150)}1${')'.repeat(150)}`, 'too-deep'],
  ['150 functions in functions', `${'(fn [] '.repeat(150)}1${')'.repeat(150)}`, 'too-deep'],
  ['300 powers', `(^ ${many(300, () => '1')})`, 'too-deep'],
  ['a macro without end', '(macro m [x] `(+ 1 (m ,x))) (m 1)', 'too-deep'],
];
for (const [name, text, code] of refused) test(name, () => assert.is(faultsOf(text)[0]?.code, code));

test('depth costs no more than length', () => {
  const start = performance.now();
  for (const opener of ['(', '[', '{', '#', '`', '(let [', '(fn [', '{:a ']) {
    assert.not(compile({ name: 'x', text: opener.repeat(50_000) }).ok);
  }
  assert.ok(performance.now() - start < 5000);
});

/** Flat forms whose expansion, or whose Lua, is deep: an answer, however long they are. */
const long: Readonly<Record<string, (n: number) => string>> = {
  'steps that may fail': (n) => `(case-try 1 ${many(n, (i) => `x${i} x${i}`)})`,
  alternatives: (n) => `(case 1 ${many(n, (i) => `(where (or [x] {:a x})) ${i}`)})`,
  'conditions with locals': (n) => `(if ${many(n, (i) => `(let [y 1] y) ${i}`)})`,
  steps: (n) => `(-?> 1 ${many(n, () => 'f')})`,
  'a shown expansion': (n) => `(macrodebug (-> 1 ${many(n, () => 'f')}))`,
  fields: (n) => `(print _G${'.b'.repeat(n)} (. {} ${many(n, () => ':a')}))`,
  methods: (n) => `(-> {} ${many(n, () => '(: :a)')})`,
  'a long word': (n) => `"${'x'.repeat(100 * n)}" ${'y'.repeat(100 * n)}`,
};
for (const [name, text] of Object.entries(long)) {
  test(`5,000 ${name}`, () => {
    const start = performance.now();
    compile({ name: 'x', text: text(5000) });
    assert.ok(performance.now() - start < 10_000);
  });
}

test.run();
