/**
 * A watched table: which reads are a look, and that nobody can tell it from a plain one.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type LuaTable, plainOf } from '../../lib/lua/vm.ts';
import { lua, newVm } from './rig.ts';

const test = suite('lua/watched');

function watched(): { looks: () => number; run: (text: string) => unknown[]; table: LuaTable } {
  const vm = newVm();
  let looks = 0;
  const table = vm.watchedTable([['stdout', 'out']], 'exit', 3, () => {
    looks += 1;
  });
  vm.globals.set('r', table);
  return { looks: () => looks, run: (text) => lua(vm, text), table };
}

const looking: readonly (readonly [text: string, values: readonly unknown[]])[] = [
  ['return r.exit, r.exit', [3, 3]],
  ['return rawget(r, "exit")', [3]],
  ['local n = 0 for k, v in pairs(r) do n = n + 1 end return n', [2]],
  [
    'local k, found = nil, false repeat k = next(r, k) found = found or k == "exit" until not k return found',
    [true],
  ],
  ['local t = setmetatable({}, {__index = r}) return t.exit', [3]],
  ['local e = r["ex" .. "it"] return e', [3]],
  ['setmetatable(r, {__index = {more = 1}}) return r.more, r.exit', [1, 3]],
];
for (const [text, values] of looking) {
  test(`a look: ${text}`, () => {
    const one = watched();
    assert.equal(one.run(text), [...values]);
    assert.is(one.looks(), 1);
  });
}

const notLooking: readonly (readonly [text: string, values: readonly unknown[]])[] = [
  ['return r.stdout, r.other', ['out', null]],
  ['return rawget(r, "stdout")', ['out']],
  [
    'return getmetatable(r), type(r), #r, rawlen(r), rawequal(r, r), r == r',
    [null, 'table', 0, 0, true, true],
  ],
  ['r.more = 1 r[1] = 2 rawset(r, "x", 3) return r.more, r[1], r.x', [1, 2, 3]],
  ['for _ in ipairs(r) do end return tostring(r):match("^table: ") ~= nil', [true]],
  ['local t = {r, r} return #t', [2]],
];
for (const [text, values] of notLooking) {
  test(`no look: ${text}`, () => {
    const one = watched();
    assert.equal(one.run(text), [...values]);
    assert.is(one.looks(), 0);
    assert.equal(one.run('return r.exit'), [3]);
    assert.is(one.looks(), 1);
  });
}

test('overwriting is no look, and what was written is what is read', () => {
  const one = watched();
  assert.equal(one.run('r.exit = 0 return r.exit'), [0]);
  assert.is(one.looks(), 0);
});

test('copying out is a look', () => {
  const one = watched();
  const copied = plainOf(one.table);
  assert.equal(
    copied.ok && copied.value,
    new Map<string, unknown>([
      ['stdout', 'out'],
      ['exit', 3],
    ]),
  );
  assert.is(one.looks(), 1);
});

test.run();
