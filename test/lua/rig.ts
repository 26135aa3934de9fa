/**
 * VMs for tests: short limits, and Lua in one line.
 */
import * as assert from 'uvu/assert';
import {
  bytesOf,
  type LuaFailure,
  type LuaValue,
  Meter,
  type Step,
  Vm,
  type VmOptions,
} from '../../lib/lua/vm.ts';

export const mebibyte = 1024 * 1024;

export const meterOf = (timeMs = 2000, memoryMiB = 128): Meter =>
  new Meter({ timeMs, memoryBytes: memoryMiB * mebibyte, clock: () => performance.now() });

export const newVm = <Ask = never>(options: Partial<VmOptions> = {}): Vm<Ask> =>
  new Vm<Ask>({ meter: meterOf(), ...options });

/** What a chunk returns, or why it failed. */
export function tryLua<Ask>(vm: Vm<Ask>, lua: string): LuaValue[] | LuaFailure {
  const loaded = vm.load({ name: 'test.lua', lua: bytesOf(lua) });
  if (!loaded.ok) {
    if (loaded.error.reason !== 'syntax') return loaded.error;
    throw new Error(loaded.error.message);
  }
  const called = vm.call(loaded.value, []);
  return called.ok ? called.value : called.error;
}

/** What a chunk returns; it must not fail. */
export function lua<Ask>(vm: Vm<Ask>, text: string): LuaValue[] {
  const values = tryLua(vm, text);
  if (!Array.isArray(values)) throw new Error(`failed: ${JSON.stringify(values)}`);
  return values;
}

export function failure<Ask>(vm: Vm<Ask>, text: string): LuaFailure {
  const result = tryLua(vm, text);
  if (Array.isArray(result)) throw new Error(`did not fail: ${JSON.stringify(result)}`);
  return result;
}

export type Asked = { readonly name: string; readonly args: readonly LuaValue[] };

/** A VM whose function `ask` asks. */
export function askingVm(options: Partial<VmOptions> = {}): Vm<Asked> {
  const vm = newVm<Asked>(options);
  vm.globals.set(
    'ask',
    vm.asker(
      (args) => ({ name: 'ask', args }),
      (why) => (why === 'in-callback' ? 'ask outside the callback' : 'nobody answers'),
    ),
  );
  return vm;
}

/** Runs a chunk that may ask; every ask is answered with its first argument and a `!`. */
export function answered(vm: Vm<Asked>, text: string): Step<Asked> {
  const loaded = vm.load({ name: 'test.lua', lua: bytesOf(text) });
  assert.ok(loaded.ok);
  const run = vm.run(loaded.value);
  let step = run.next([]);
  while (step.kind === 'asks') step = run.next({ kind: 'values', values: [`${String(step.ask.args[0])}!`] });
  return step;
}
