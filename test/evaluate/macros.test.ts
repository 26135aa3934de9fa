/**
 * Macros in their VM: forms across the border, places kept, errors at the call, limits.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failed, limits, shown } from './rig.ts';

const test = suite('evaluate/macros');

const programs: readonly (readonly [program: string, values: string])[] = [
  [
    '(macro m [x] (view x)) (m (a [b {:c "d"}] "e" 1.0 nil true ...))',
    '"(a [b {:c \\"d\\"}] \\"e\\" 1.0 nil true ...)"',
  ],
  ['(macro m [] (view `(fn [] [] {}))) (m)', '"(fn [] [] {})"'],
  ['(macro m [x] (values (tostring x))) (m (a [b] c))', '"(a [b] c)"'],
  ['(macro m [x] (tostring (. (ast-source x) :line))) (m\n(a))', '"2"'],
  ['(macro m [x] (.. x.filename ":" x.line)) (m\n (a))', '"ci.fnl:2"'],
  ['(macro m [x] (tostring (sequence? x))) (values (m {}) (m (a)))', '"false" "false"'],
  [
    '(macro m [x] (if (table? x) :table :other)) (values (m []) (m {}) (m (a)) (m a))',
    '"table" "table" "other" "other"',
  ],
  ['(macro m [...] (select "#" ...)) (values (m) (m 1) (m nil nil))', '0 1 2'],
  ['(macro m [x ?y] `[,x ,?y]) (values (m 1) (m 1 2))', '[1] [1 2]'],
  ['(macro m [t] (icollect [k (pairs t)] k)) (m {:z 1 :a 2 :m 3})', '["z" "a" "m"]'],
  ['(macro m [] (icollect [k (pairs {:z 1 :a 2 3 4})] k)) (m)', '[3 "a" "z"]'],
  ['(macro m [] (let [t {}] (tset t :k [1 2]) t)) (m)', '{:k [1 2]}'],
  ['(macro m [] 1.0) (values (m) (math.type (m)))', '1.0 "float"'],
  ['(macro m [] (list (sym :+) 1 2)) (m)', '3'],
  ['(macro m [] `(let [x# 1 y# 2] [x# y#])) (m)', '[1 2]'],
  ['(macro m [x] (= (tostring x) "a.b.c")) (m a.b.c)', 'true'],
  ['(macro m [x] (let [[a b] (multi-sym? x)] (.. a "/" b))) (m a.b)', '"a/b"'],
  ['(macro m [] (assert-compile true "fine" nil) nil) (m)', 'nil'],
  ['(macro m [] (let [(ok e) (pcall assert-compile false "no" nil)] (tostring ok))) (m)', '"false"'],
  ['(macro m [x] (view (macroexpand x))) (m (-> 1 (+ 2)))', '"(+ 1 2)"'],
  ['(macro a [] 1) (macro b [] `(+ (a) 1)) (b)', '2'],
  ['(macros {:m (setmetatable {} {:__call (fn [_ x] x)})}) (m 5)', '5'],
  ['(macro m [] (set _G.leak 1) nil) (m) _G.leak', 'nil'],
  ['(macro m [] (set string.upper nil) nil) (m) (string.upper "x")', '"X"'],
  ['(macro a [] (set string.upper #"changed") nil) (macro b [] (string.upper "x")) (a) (b)', '"X"'],
  ['(macro m [] (tostring (= nil (or _G.io _G.load _G.debug)))) (m)', '"true"'],
];
for (const [program, values] of programs) test(program, () => assert.is(shown(program), values));

test('a module of macros is loaded once, its locals persist', () => {
  const files = {
    'count.fnl': '(var n 0)\n(fn next [] (set n (+ n 1)) n)\n{: next}\n',
    'other.fnl': '(import-macros {: next} :count)\n{:value (next)}',
  };
  const program = '(import-macros {: next} :count)\n[(next) (next) (. (require :other) :value)]';
  assert.is(shown(program, files), '[1 2 3]');
});

const errors: readonly (readonly [program: string, message: string, line: number])[] = [
  ['(macro m [x]\n  (error "why"))\n(m 1)', 'why', 3],
  ['(macro m [x]\n  (let [y nil] y.z))\n(m 1)', 'attempt to index a nil value', 3],
  ['(macro m [x] (assert-compile (sym? x) "a name" x) x)\n\n(m\n [1])', 'a name', 3],
  ['(macro m [x] (assert-compile false "no place"))\n(m 1)', 'no place', 2],
  ['(macro m [] (error {:code 7}))\n(m)', '{:code 7}', 2],
  ['(macro m [] (fn [] 1))\n(m)', 'could not compile value of type function', 2],
  ['(macro m [] (let [t []] (tset t 1 t) t))\n(m)', 'could not compile a form without end', 2],
  [
    '(macro m [] (var t `(+)) (for [_ 1 60] (set t `(+ ,t ,t))) t)\n(m)',
    'could not compile a form without end',
    2,
  ],
  ['(macro m [x] `(m ,x))\n(m 1)', 'does not come to an end', 2],
  ['(macro m []\n (fn f [n] (+ 1 (f n)))\n (f 1))\n(m)', 'stack overflow', 4],
];
for (const [program, message, line] of errors) {
  test(`fails: ${program}`, () => {
    const failure = failed(program);
    assert.is(failure.stage, 'compile');
    assert.ok(failure.message.includes(message), failure.message);
    assert.is(failure.line, line);
  });
}

const endless: readonly string[] = [
  '(macro m [] (while true))\n(m)',
  '(macro m [] (while true (pcall (fn [] (while true)))))\n(m)',
  '(eval-compiler (while true))',
  '(macro m [] (var t `(+)) (for [_ 1 60] (set t `(+ ,t ,t))) (view t))\n(m)',
  '(import-macros m :endless)\n(m.x)',
];
for (const program of endless) {
  test(`ends: ${program}`, () => {
    const failure = failed(program, { 'endless.fnl': '(while true)' }, { limits: { ...limits, timeMs: 60 } });
    assert.is(failure.stage, 'compile');
    assert.match(failure.message, /took longer than/);
  });
}

test('a macro that wants a gigabyte', () => {
  const failure = failed('(macro m [] (string.rep "x" 1e9))\n(m)');
  assert.match(failure.message, /256 MiB/);
});

test.run();
