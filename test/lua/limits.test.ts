/**
 * A passed limit ends the VM, whatever the program does against it.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Meter, type Vm } from '../../lib/lua/vm.ts';
import { answered, askingVm, failure, lua, mebibyte, meterOf, newVm, tryLua } from './rig.ts';

const test = suite('lua/limits');

const endless: readonly string[] = [
  'while true do end',
  'while true do pcall(function() while true do end end) end',
  'while true do xpcall(function() while true do end end, function() while true do end end) end',
  'while true do pcall(error, setmetatable({}, {__tostring = function() while true do end end})) end',
  'while true do pcall(coroutine.wrap(function() while true do end end)) end',
  'local c = coroutine.wrap(function() pcall(error, 1) while true do end end) c()',
  'local c = coroutine.wrap(function() while true do pcall(coroutine.yield) end end) while true do c() end',
  'local function f() return pcall(f) or f() end while true do pcall(f) end',
  'table.sort({3, 2, 1}, function() while true do end end)',
  '("x"):gsub("x", function() while true do end end)',
  'return tostring(setmetatable({}, {__tostring = function() while true do end end}))',
  'return setmetatable({}, {__index = function() while true do end end}).x',
  'return string.find(("a"):rep(200), ("a*"):rep(20) .. "b")',
  'for w in (("a"):rep(1e6)):gmatch("a-b") do end',
  'local t = {} for i = 1, 1e5 do t[i] = i % 7 end while true do pcall(table.sort, t) end',
  'goto top ::top:: goto top',
  'table.move({}, 1, 2147483647, 1)',
  'table.remove(setmetatable({}, {__len = function() return 2e9 end}), 1)',
  'table.concat(setmetatable({}, {__len = function() return 2e9 end, __index = function() return "" end}))',
];

const isOver = (vm: Vm): boolean => failure(vm, 'return 1').reason === 'limit';

for (const program of endless) {
  test(`ends in time: ${program}`, () => {
    const vm = newVm({ meter: meterOf(60) });
    const began = performance.now();
    const ended = failure(vm, program);
    assert.is(ended.reason === 'limit' && ended.which, 'time');
    assert.ok(performance.now() - began < 1500);
    assert.ok(isOver(vm), 'and stays so');
  });
}

const greedy: readonly string[] = [
  'return ("x"):rep(1e9)',
  'while true do pcall(string.rep, "x", 1e9) end',
  'local s = "x" for i = 1, 40 do s = s .. s end',
  'local s = ("x"):rep(2e7) return s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s',
  'local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1e6) .. i end',
  'local t = {} for i = 1, 1000 do t[i] = ("x"):rep(1e5) end return table.concat(t)',
  'return (("x"):rep(1e6):gsub("x", ("y"):rep(1000)))',
  'local t = {} for i = 1, 1e9 do t[i] = {i} end',
  'local function f(...) local t = {} while true do t[#t + 1] = {...} end end f(table.unpack({}, 1, 3e5))',
  'local t = {} for i = 1, 1e9 do t[i] = table.pack(table.unpack({1}, 1, 3e5)) end',
  'return string.pack("c2000000000", "x")',
];

for (const program of greedy) {
  test(`ends before the memory is gone: ${program}`, () => {
    const vm = newVm({ meter: meterOf(20_000, 32) });
    const before = process.memoryUsage.rss();
    const ended = failure(vm, program);
    assert.is(ended.reason === 'limit' && ended.which, 'memory');
    assert.ok(process.memoryUsage.rss() - before < 400 * 1024 * 1024);
  });
}

test('garbage is not held against anyone', () => {
  const vm = newVm({ meter: meterOf(20_000, 32) });
  assert.equal(lua(vm, 'for i = 1, 2e5 do local s = ("x"):rep(1000) .. i end return "fine"'), ['fine']);
});

test('says the line', () => {
  const ended = failure(newVm({ meter: meterOf(50) }), 'local function f()\n  while true do end\nend\nf()');
  assert.equal(
    ended.frames.map(({ line }) => line),
    [2, 4],
  );
});

test('a recursion without end is an error that can be caught', () => {
  const vm = newVm({ meter: meterOf(20_000, 512) });
  const [ok, message] = lua(vm, 'local function f() return 1 + f() end return pcall(f)');
  assert.is(ok, false);
  assert.match(String(message), /stack overflow/);
  assert.equal(lua(vm, 'return 1'), [1]);
});

test('calls from C without end are an error that can be caught', () => {
  const loops = [
    'return pcall(function() local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return t[1] end)',
    'local function f() return coroutine.wrap(f)() end return pcall(f)',
    'local t = setmetatable({}, {}) getmetatable(t).__tostring = function(x) return tostring(x) end return pcall(tostring, t)',
  ];
  for (const loop of loops) {
    const [ok, message] = lua(newVm(), loop);
    assert.is(ok, false);
    assert.match(String(message), /stack overflow/);
  }
});

test('one meter ends all its VMs', () => {
  const meter = meterOf(50);
  const [first, second] = [newVm({ meter }), newVm({ meter })];
  failure(first, 'while true do end');
  assert.is(failure(second, 'return 1').reason, 'limit');
});

test('each stretch has the whole time', () => {
  let now = 0;
  const meter = new Meter({ timeMs: 100, memoryBytes: 128 * mebibyte, clock: () => now });
  const vm = askingVm({ meter });
  vm.globals.set(
    'spend',
    vm.native(([ms = null]) => {
      now += typeof ms === 'number' ? ms : 0;
      return [];
    }),
  );
  const work = 'local function work(ms) spend(ms) for _ = 1, 5000 do end end';
  const run = (text: string): string => {
    const loaded = vm.load({ name: 't', lua: `${work} ${text}` });
    assert.ok(loaded.ok);
    const { next } = vm.run(loaded.value);
    meter.restart();
    let step = next([]);
    for (; step.kind === 'asks'; step = next({ kind: 'values', values: [] })) meter.restart();
    return step.kind;
  };
  assert.is(run('for i = 1, 4 do work(80) ask(i) end'), 'returned');
  assert.is(run('for i = 1, 4 do work(80) end'), 'failed');
});

test('too much time inside a run ends the run, too much memory the VM', () => {
  const vm = askingVm({ meter: meterOf(60, 32) });
  for (const body of ['while true do end', 'ask("b") while true do end']) {
    const step = answered(vm, `ask("a") while true do pcall(function() ${body} end) end`);
    assert.is(step.kind === 'failed' && step.failure.reason, 'limit');
    assert.equal(tryLua(vm, 'return 1'), [1]);
  }
  const hungry = askingVm({ meter: meterOf(20_000, 32) });
  const step = answered(hungry, 'ask("a") local t = {} while true do t[#t + 1] = string.rep("x", 1e5) end');
  assert.is(step.kind === 'failed' && step.failure.reason, 'limit');
  assert.is(Array.isArray(tryLua(hungry, 'return 1')), false);
});

test.run();
