/**
 * `fennel.view`: options, line breaks, metamethods.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluatorOf, failed, limits, shown } from './rig.ts';

const test = suite('evaluate/view');

/** What `(view <arguments>)` gives. */
function viewed(args: string, before = ''): string {
  const text = shown(`(local {: view} (require :fennel)) ${before} (view ${args})`);
  // The outer quotes and escapes are those of the second `view`.
  return text.slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\');
}

const cases: readonly (readonly [args: string, text: string, before?: string])[] = [
  ['{:a 1 :b [1 {:c 2}]}', '{:a 1 :b [1 {:c 2}]}'],
  ['[]', '{}'],
  ['[] {:empty-as-sequence? true}', '[]'],
  ['[[]] {:empty-as-sequence? {:once true}}', '[{}]'],
  ['[1 [2 [3 [4]]]] {:depth 2}', '[1 [...]]'],
  ['{1 :a 4 :d} {:max-sparse-gap 3}', '["a" nil nil "d"]'],
  ['{1 :a 4 :d}', '{1 "a" 4 "d"}'],
  ['[(/ 1 0) (/ -1 0) (/ 0 0) 1.0 -0.0 1e100]', '[.inf -.inf .nan 1.0 -0.0 1e+100]'],
  ['(/ 1 0) {:infinity :forever}', 'forever'],
  ['"a\\nb" {:escape-newlines? true}', '"a\\nb"'],
  ['"\\27[0m" {:byte-escape #(string.format "<%x>" $1)}', '"<1b>[0m"'],
  ['"\\xff\\xfe" {:utf8? true}', '"\\255\\254"'],
  ['[:a "b c"] {:prefer-colon? true}', '[:a "b c"]'],
  ['[:a :b] {:prefer-colon? #(= $1 :a)}', '[:a "b"]'],
  ['[1 2] {:preprocess (fn [x] (if (= x 1) :one x))}', '["one" 2]'],
  ['t {:one-line? true}', '@1{:self @1{...}}', '(local t {}) (set t.self t)'],
  ['[t t] {:one-line? true}', '[{:x 1} {:x 1}]', '(local t {:x 1})'],
  ['t', '{:shown 1}', '(local t (setmetatable {:hidden 1} {:__pairs #(values next {:shown 1} nil)}))'],
  ['t', '#<thing>', '(local t (setmetatable {} {:__fennelview #"#<thing>"}))'],
  ['t {:metamethod? false}', '{:a 1}', '(local t (setmetatable {:a 1} {:__fennelview #"x"}))'],
  [
    '[t]',
    '[#<point 1 "x">]',
    '(local t (setmetatable {} {:__fennelview (fn [_ v o i] [(.. "#<point " (v 1 o i)) (.. (v "x" o i) ">")])}))',
  ],
  [
    '{:first-key "a rather long string value" :second-key "another rather long string value" :third 1}',
    '{:first-key "a rather long string value"\n :second-key "another rather long string value"\n :third 1}',
  ],
  [
    '{:a {:b {:c [111111111 222222222]}}} {:line-length 20}',
    '{:a\n {:b\n  {:c\n   [111111111\n    222222222]}}}',
  ],
  ['[111111111 222222222 [333333333]] {:line-length 20}', '[111111111\n 222222222\n [333333333]]'],
];
for (const [args, text, before] of cases) test(`view ${args}`, () => assert.is(viewed(args, before), text));

test('functions and coroutines have an address', () => {
  assert.match(
    viewed('[print (coroutine.create print)]'),
    /^\[#<function: 0x[0-9a-f]+> #<thread: 0x[0-9a-f]+>\]$/,
  );
});

test('a table of 20,000 levels', () => {
  const text = viewed('t {:one-line? true}', '(var t [1]) (for [_ 1 20000] (set t [t]))');
  assert.is(text, `${'['.repeat(127)}[...]${']'.repeat(127)}`);
});

test('tables that multiply each other are shown once, or until the time is over', () => {
  const before = '(var t [1]) (for [_ 1 60] (set t [t t]))';
  assert.ok(viewed('t {:one-line? true}', before).length < 5000);
  const program = `(local {: view} (require :fennel)) ${before} (view t {:detect-cycles? false})`;
  assert.match(failed(program, {}, { limits: { ...limits, timeMs: 60 } }).message, /took longer/);
});

test('to show a watched table is to look at it', () => {
  const evaluator = evaluatorOf();
  let looks = 0;
  const table = evaluator.vm.watchedTable([['stdout', 'x']], 'exit', 3, () => {
    looks += 1;
  });
  const text = evaluator.show(table);
  assert.equal([text.ok && text.value, looks], ['{:exit 3 :stdout "x"}', 1]);
});

test.run();
