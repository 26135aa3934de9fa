/**
 * The Lua that comes out: readable, with a line map, without more temporaries than needed.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { luaOf } from './rig.ts';

const test = suite('fennel/lua');

const shapes: readonly (readonly [fennel: string, ...lua: string[]])[] = [
  ['', ...[]],
  ['(print "hi" 1 1.0 nil)', 'return print("hi", 1, 1.0, nil)'],
  ['(local a-b? 1)\n(print a-b?)', 'local a_b_3f = 1', 'return print(a_b_3f)'],
  ['(fn add [a b] (+ a b))\n(add 1 2)', 'local function add(a, b) return a + b end', 'return add(1, 2)'],
  ['(* (+ 1 2) (- 3) (^ -2 2))', 'return (1 + 2) * -3 * -2 ^ 2'],
  ['(- -1) (- (- 1))', 'do', '  local _ = -(-1)', 'end', 'return -(-1)'],
  [
    '(values (or (and 1 2) 3) (and (or 1 2) 3) (not (= 1 2)))',
    'return 1 and 2 or 3, (1 or 2) and 3, not (1 == 2)',
  ],
  ['(.. "a" (.. "b" "c") "d")', 'return "a" .. ("b" .. "c") .. "d"'],
  [
    '(if (= 1 2) :a (= 1 3) :b :c)',
    'if 1 == 2 then',
    '  return "a"',
    'elseif 1 == 3 then',
    '  return "b"',
    'else',
    '  return "c"',
    'end',
  ],
  ['(local x (if (= 1 2) :a))\nx', 'local x', 'if 1 == 2 then', '  x = "a"', 'end', 'return x'],
  ['(let [x 1] (print x))', 'local x = 1', 'return print(x)'],
  ['(let [x 1] (print x))\n1', 'do', '  local x = 1', '  print(x)', 'end', 'return 1'],
  [
    '(let [[a b] [1 2] {: c} _G] (print a b c))',
    'local a, b = 1, 2',
    'local c = _G.c',
    'return print(a, b, c)',
  ],
  [
    '(each [k v (pairs {:a 1})] (print k v))\nnil',
    'for k, v in pairs({a = 1}) do',
    '  print(k, v)',
    'end',
    'return nil',
  ],
  [
    '(for [i 1 3 &until (= i 2)] (print i))\nnil',
    'for i = 1, 3 do',
    '  if i == 2 then',
    '    break',
    '  end',
    '  print(i)',
    'end',
    'return nil',
  ],
  ['(local t {})\n(fn t.a.b [x] x)\nt', 'local t = {}', 'function t.a.b(x) return x end', 'return t'],
  ['(fn f [x ...] (values x ...))\nf', 'local function f(x, ...) return x, ... end', 'return f'],
  [
    '(print #(+ $1 $2) #$)',
    'return print(function(_241, _242) return _241 + _242 end, function(_241) return _241 end)',
  ],
  ['(local s "x")\n(s:upper)\n(: s :a-b)', 'local s = "x"', 's:upper()', 'return s["a-b"](s)'],
  [
    '((fn [x] x) 1)\n((fn [y] y) 2)',
    ';(function(x) return x end)(1)',
    'return (function(y) return y end)(2)',
  ],
  ['(-> 1 (+ 2) (* 3))', 'return (1 + 2) * 3'],
  ['(local print print)', 'local print = _G.print', 'return nil'],
  ['[1 (print) {:a [2]}]', 'return {1, print(), {a = {2}}}'],
  ['"tab\\tnew\\nzero\\0é\\255 \\"q\\""', 'return "tab\\tnew\\nzero\\000é\\255 \\"q\\""'],
];
for (const [fennel, ...lines] of shapes) {
  test(JSON.stringify(fennel), () => {
    const { lua } = luaOf(fennel);
    assert.equal(lua === '' ? [] : lua.trimEnd().split('\n'), lines);
  });
}

test('every line knows the statement it came from', () => {
  const text = `(local t {:a 1
          :b 2})
(fn f [x]
  (let [y (+ x
             1)]
    (print y
           t)))

(each [_ v (ipairs [1 2])]
  (when (= v 1)
    (f v)))`;
  const { lua, lines } = luaOf(text);
  const marked = lua
    .trimEnd()
    .split('\n')
    .map((line, i) => `${lines[i]?.start.line} ${line.trim()}`);
  assert.equal(marked, [
    '1 local t = {a = 1, b = 2}',
    '3 local function f(x)',
    '4 local y = x + 1',
    '6 return print(y, t)',
    '3 end',
    '9 for _, v in ipairs({1, 2}) do',
    '10 if v == 1 then',
    '11 f(v)',
    '10 end',
    '9 end',
    '9 return nil',
  ]);
});

test('there is a place for every line', () => {
  const { lua, lines } = luaOf(
    '(local [a & b] [1 2])\n(lua "local x = 1\\nlocal y = 2")\n(comment a\n b)\n[a b]',
  );
  assert.is(lines.length, lua.split('\n').length - 1);
  assert.ok(lines.every((place) => place !== null));
});

test('the same text gives the same Lua', () => {
  const text = '(case [1 2] [a b] (icollect [_ x (ipairs [a b])] (+ x 1)) _ (let [(x y) (values 1 2)] x))';
  assert.is(luaOf(text).lua, luaOf(text).lua);
});

test.run();
