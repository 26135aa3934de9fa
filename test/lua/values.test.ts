/**
 * Values in and out of a VM, and what a program can't reach.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf, Float, LuaTable, plainOf, textOf, type Vm } from '../../lib/lua/vm.ts';
import { failure, lua, newVm } from './rig.ts';

const test = suite('lua/values');

test('integers and floats stay apart, both ways', () => {
  const vm = newVm();
  const [one, float, half, large] = lua(vm, 'return 1, 1.0, 0.5, 2147483648');
  assert.is(one, 1);
  assert.ok(float instanceof Float);
  assert.equal([half, large], [0.5, 2147483648]);
  const kind = vm.globals.get('math');
  assert.ok(kind instanceof LuaTable);
  for (const [value, expected] of [
    [one, 'integer'],
    [float, 'float'],
    [half, 'float'],
    [large, 'float'],
    [-0, 'float'],
  ] as const) {
    const said = vm.call(kind.get('type'), [value ?? null]);
    assert.equal(said.ok && said.value, [expected]);
  }
});

test('strings are bytes', () => {
  const vm = newVm();
  const [bytes] = lua(vm, 'return "\\xff\\0\\xc3\\xa9"');
  assert.is(bytes, '\xff\0\xc3\xa9');
  assert.is(textOf('\xc3\xa9'), 'é');
  assert.is(bytesOf('é€'), '\xc3\xa9\xe2\x82\xac');
  assert.is(textOf('\xff'), '\ufffd');
  vm.globals.set('given', '\x80\x81');
  assert.equal(lua(vm, 'return #given, given:byte(1, -1)'), [2, 128, 129]);
});

test('the same table and function are the same object', () => {
  const [a, b, f, g] = lua(newVm(), 'local t, f = {}, function() end return t, t, f, f');
  assert.is(a, b);
  assert.is(f, g);
});

test('a function in TypeScript gets values, gives values, raises at its caller', () => {
  const vm = newVm();
  vm.globals.set(
    'add',
    vm.native(([a = null, b = null], caller) => {
      if (typeof a !== 'number' || typeof b !== 'number') return caller.fail('add wants numbers');
      return [a + b, 'done'];
    }),
  );
  assert.equal(lua(vm, 'return add(1, 2)'), [3, 'done']);
  assert.equal(lua(vm, 'return pcall(add, "x")'), [false, 'test.lua:1: add wants numbers']);
  assert.equal(lua(vm, '\nreturn pcall(function()\nadd()\nend)'), [false, 'test.lua:3: add wants numbers']);
});

test('what TypeScript calls may raise through it', () => {
  const vm = newVm();
  vm.globals.set(
    'twice',
    vm.native(([f = null], caller) => [...caller.call(f, [1]), ...caller.call(f, [2])]),
  );
  assert.equal(lua(vm, 'return twice(function(x) return x * 10 end)'), [10, 20]);
  assert.equal(lua(vm, 'return pcall(twice, function() error({1}, 0) end)')[0], false);
});

test('a fault of JavaScript is an error of Lua', () => {
  const vm = newVm();
  vm.globals.set(
    'broken',
    vm.native(() => {
      throw new TypeError('oops');
    }),
  );
  assert.equal(lua(vm, 'return pcall(function()\nbroken() end)'), [
    false,
    'test.lua:2: fault in the Lua machine: oops',
  ]);
  assert.equal(lua(vm, 'return 1'), [1]);
});

test('lines of generated text are those it came from', () => {
  const vm = newVm();
  const lines = [{ file: 'a.fnl', line: 10 }, { file: 'a.fnl', line: 20 }, null];
  const loaded = vm.load({ name: 'chunk', lua: 'local function f()\nerror("x")\nend f()', lines });
  assert.ok(loaded.ok);
  const ran = vm.call(loaded.value, []);
  assert.ok(!ran.ok && ran.error.reason === 'raised');
  assert.is(ran.error.value, 'a.fnl:20: x');
  const shown = ran.error.frames.filter(({ line }) => line !== null);
  assert.equal(
    shown.map(({ source, line, textLine }) => [source, line, textLine]),
    [
      ['a.fnl', 20, 2],
      ['a.fnl', 20, 3],
    ],
  );
});

test('text that is no Lua', () => {
  const loaded = newVm().load({ name: 'bad.lua', lua: 'local x = = 1' });
  assert.equal(loaded.ok ? null : loaded.error, {
    reason: 'syntax',
    message: "unexpected symbol near '='",
    line: 1,
  });
});

test('binary code is not loaded', () => {
  const loaded = newVm().load({ name: 'b', lua: '\x1bLuaS' });
  assert.ok(!loaded.ok);
});

test('modules are loaded once, loops are an error', () => {
  const vm: Vm = newVm({
    loader: (name) => {
      const loaded = vm.load({
        name,
        lua: name === 'a' ? 'n = (n or 0) + 1 return {n = n}' : 'return require("loop")',
      });
      return loaded.ok && name !== 'none' ? loaded.value : { problem: `module '${name}' not found` };
    },
  });
  assert.equal(lua(vm, 'return require("a").n, require("a").n, require("a") == require("a")'), [1, 1, true]);
  assert.match(
    String(lua(vm, 'return pcall(require, "loop")')[1]),
    /loop or previous error loading module 'loop'/,
  );
  assert.match(String(lua(vm, 'return pcall(require, "none")')[1]), /module 'none' not found/);
});

test('what could reach out of the VM is not there', () => {
  const missing = 'load loadstring loadfile dofile collectgarbage io debug package'.split(' ');
  assert.equal(
    lua(newVm(), `return ${missing.join(', ')}`),
    missing.map(() => null),
  );
  const os = 'execute exit getenv remove rename setlocale tmpname'.split(' ').map((name) => `os.${name}`);
  assert.equal(
    lua(newVm(), `return ${os.join(', ')}`),
    os.map(() => null),
  );
});

test('one VM can not spoil another', () => {
  const [first, second] = [newVm(), newVm()];
  lua(
    first,
    'string.upper = nil getmetatable("").__index = nil math.random = nil table.concat = 1 print = nil math.randomseed(1)',
  );
  assert.equal(lua(second, 'return ("x"):upper(), math.random(1, 1), table.concat({1})'), ['X', 1, '1']);
});

test('an error value of any type comes out as it is', () => {
  const ended = failure(newVm(), 'error({code = 7})');
  assert.ok(ended.reason === 'raised' && ended.value instanceof LuaTable);
  if (ended.reason === 'raised' && ended.value instanceof LuaTable) assert.is(ended.value.get('code'), 7);
});

const plain: readonly (readonly [lua: string, data: unknown])[] = [
  ['"text"', 'text'],
  ['{1, "b", {true}}', [1, 'b', [true]]],
  ['{}', new Map()],
  ['{a = {b = 1}}', new Map([['a', new Map([['b', 1]])]])],
  ['1.0', new Float(1)],
];
for (const [text, data] of plain) {
  test(`plain data: ${text}`, () => {
    const [value = null] = lua(newVm(), `return ${text}`);
    const copied = plainOf(value);
    assert.equal(copied.ok && copied.value, data);
  });
}

const notPlain: readonly (readonly [lua: string, reason: string, path: readonly string[]])[] = [
  ['{a = {print}}', 'type', ['a', '1']],
  ['{a = coroutine.create(print)}', 'type', ['a']],
  ['(function() local t = {} t.t = {t} return t end)()', 'cycle', ['t', '1']],
  ['{1, a = 2}', 'mixed-keys', []],
  ['{[2] = 1}', 'mixed-keys', []],
  ['{[1.5] = 1}', 'mixed-keys', []],
  ['{[true] = 1}', 'key-type', []],
  ['{a = 0/0}', 'not-finite', ['a']],
  ['{a = 1/0}', 'not-finite', ['a']],
];
for (const [text, reason, path] of notPlain) {
  test(`not plain data: ${text}`, () => {
    const [value = null] = lua(newVm(), `return ${text}`);
    const copied = plainOf(value);
    assert.ok(!copied.ok);
    assert.equal([copied.error.reason, copied.error.path], [reason, path]);
  });
}

test('the same table twice is no cycle', () => {
  const [value = null] = lua(newVm(), 'local t = {1} return {t, t}');
  const copied = plainOf(value);
  assert.equal(copied.ok && copied.value, [[1], [1]]);
});

test.run();
