/**
 * Functions that ask TypeScript, through everything that a program can put between.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Asked, answered, askingVm } from './rig.ts';

const test = suite('lua/asks');

const through: readonly (readonly [program: string, values: readonly unknown[]])[] = [
  ['return ask("a"), ask("b")', ['a!', 'b!']],
  ['return pcall(function() return ask("a") end)', [true, 'a!']],
  ['return xpcall(ask, print, "a")', [true, 'a!']],
  ['return pcall(pcall, pcall, ask, "a")', [true, true, true, 'a!']],
  ['local t = setmetatable({}, {__index = function(_, k) return ask(k) end}) return t.x, t.y', ['x!', 'y!']],
  ['local t = setmetatable({}, {__add = function() return ask("add") end}) return t + 1', ['add!']],
  ['local t = setmetatable({}, {__lt = function() return ask("lt") end}) return t < t', [true]],
  ['local t = setmetatable({}, {__concat = function() return ask("cat") end}) return t .. "x"', ['cat!']],
  ['local t = setmetatable({}, {__call = function(_, x) return ask(x) end}) return t("c")', ['c!']],
  [
    'local r = {} for x in function(_, i) return not i and ask("it") or nil end do r[1] = x end return r[1]',
    ['it!'],
  ],
  ['return coroutine.wrap(function() return ask("a") end)()', ['a!']],
  [
    'local c = coroutine.wrap(function(x) coroutine.yield(ask(x)) return ask("z") end) return c("q"), c()',
    ['q!', 'z!'],
  ],
  [
    'return coroutine.wrap(function() return coroutine.wrap(function() return pcall(ask, "deep") end)() end)()',
    [true, 'deep!'],
  ],
  [
    'local c = coroutine.create(function() ask("x") error("later", 0) end) return coroutine.resume(c)',
    [false, 'later'],
  ],
  [
    'local c c = coroutine.create(function() ask("x") return coroutine.status(c) end) return coroutine.resume(c)',
    [true, 'running'],
  ],
];

for (const [program, values] of through) {
  test(program, () => {
    const step = answered(askingVm(), program);
    assert.is(step.kind, 'returned');
    if (step.kind === 'returned') assert.equal(step.values, [...values]);
  });
}

const refused: readonly string[] = [
  'return pcall(table.sort, {3, 2, 1}, function(a, b) ask("x") return a < b end)',
  'return pcall(string.gsub, "abc", "b", function() return ask("x") end)',
  'return pcall(tostring, setmetatable({}, {__tostring = function() return ask("x") end}))',
  'return pcall(string.gsub, "abc", "b", function() return coroutine.wrap(ask)("x") end)',
];

for (const program of refused) {
  test(`refused: ${program}`, () => {
    const step = answered(askingVm(), program);
    assert.is(step.kind, 'returned');
    if (step.kind !== 'returned') return;
    assert.is(step.values[0], false);
    assert.match(String(step.values[1]), /test\.lua:1: ask outside the callback/);
  });
}

test('outside of a run nobody answers', () => {
  const vm = askingVm();
  const loaded = vm.load({ name: 'test.lua', lua: 'return pcall(function() ask("x") end)' });
  assert.ok(loaded.ok);
  const called = vm.call(loaded.value, []);
  assert.equal(called.ok && called.value, [false, 'test.lua:1: nobody answers']);
});

test('an answer can be an error at the place of the ask', () => {
  const vm = askingVm();
  const loaded = vm.load({ name: 'test.lua', lua: '\nreturn pcall(function()\n  return ask("x")\nend)' });
  assert.ok(loaded.ok);
  const run = vm.run(loaded.value);
  assert.is(run.next([]).kind, 'asks');
  const step = run.next({ kind: 'error', message: 'no such thing' });
  assert.equal(step.kind === 'returned' && step.values, [false, 'test.lua:3: no such thing']);
});

test('runs of one VM ask in turns', () => {
  const vm = askingVm();
  const loaded = vm.load({
    name: 't',
    lua: 'local me = ... local all = "" for i = 1, 3 do all = all .. ask(me .. i) end return all',
  });
  assert.ok(loaded.ok);
  const { value: body } = loaded;
  const runs = ['a', 'b'].map((me) => {
    const run = vm.run(body);
    return { run, step: run.next([me]) };
  });
  const order: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    for (const one of runs) {
      if (one.step.kind !== 'asks') continue;
      const asked: Asked = one.step.ask;
      order.push(String(asked.args[0]));
      one.step = one.run.next({ kind: 'values', values: asked.args });
    }
  }
  assert.equal(order, ['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  assert.equal(
    runs.map(({ step }) => (step.kind === 'returned' ? step.values[0] : step.kind)),
    ['a1a2a3', 'b1b2b3'],
  );
});

test('a coroutine that waits for an answer is busy for every other run', () => {
  const vm = askingVm();
  const shared = vm.load({
    name: 't',
    lua: 'shared = coroutine.create(function() return ask("x") end) return coroutine.resume(shared)',
  });
  const other = vm.load({ name: 't', lua: 'return coroutine.status(shared), coroutine.resume(shared)' });
  assert.ok(shared.ok && other.ok);
  const first = vm.run(shared.value);
  assert.is(first.next([]).kind, 'asks');
  const second = vm.run(other.value).next([]);
  assert.equal(second.kind === 'returned' && second.values, [
    'normal',
    false,
    'cannot resume non-suspended coroutine',
  ]);
  const end = first.next({ kind: 'values', values: [7] });
  assert.equal(end.kind === 'returned' && end.values, [true, 7]);
});

test('a run function is no coroutine of the program', () => {
  const step = answered(
    askingVm(),
    'return coroutine.isyieldable(), select(2, coroutine.running()), pcall(coroutine.yield, 1)',
  );
  assert.equal(step.kind === 'returned' && step.values, [
    false,
    true,
    false,
    'attempt to yield from outside a coroutine',
  ]);
});

test('an error in a run comes with its frames', () => {
  const step = answered(
    askingVm(),
    'local function inner()\n  error("why")\nend\nask("x")\ninner()\nreturn 1',
  );
  assert.is(step.kind, 'failed');
  if (step.kind !== 'failed' || step.failure.reason !== 'raised') return;
  assert.is(step.failure.value, 'test.lua:2: why');
  assert.equal(
    step.failure.frames.filter(({ line }) => line !== null).map(({ line }) => line),
    [2, 5],
  );
});

test.run();
