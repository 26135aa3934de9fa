/**
 * What a function written in TypeScript may do with the Lua that called it.
 *
 * Must not know: what any such function is for.
 */
import { pushToString } from './base.ts';
import { lua, type State } from './engine.ts';
import { type Frame, framesOf, pushWhere } from './frames.ts';
import { type Machine, popResults, Raise, topValue } from './machine.ts';
import { type ByteString, bytesOf, type LuaValue, push } from './values.ts';

export interface Caller {
  /** Raises a message with the position of the caller; level 2 is the caller's caller. */
  fail(message: string, level?: number): never;
  /** Raises any value as it is. */
  raise(value: LuaValue): never;
  /** Calls; an error goes through. */
  call(callee: LuaValue, args: readonly LuaValue[]): LuaValue[];
  /** `value[key]`, metamethods included. */
  index(value: LuaValue, key: LuaValue): LuaValue;
  /** What `tostring` gives. */
  tostring(value: LuaValue): ByteString;
  /**
   * Looks at the limits: to be called now and then by what may take long, since no instruction is counted
   * meanwhile.
   */
  pause(): void;
  /** The stack from the caller outwards. */
  frames(): readonly Frame[];
}

export class NativeCaller implements Caller {
  readonly #machine: Machine;
  readonly #L: State;

  constructor(machine: Machine, L: State) {
    this.#machine = machine;
    this.#L = L;
  }

  fail(message: string, level = 1): never {
    pushWhere(this.#L, level);
    const where = topValue(this.#L);
    lua.lua_pop(this.#L, 1);
    throw new Raise((typeof where === 'string' ? where : '') + bytesOf(message));
  }

  raise(value: LuaValue): never {
    throw new Raise(value);
  }

  call(callee: LuaValue, args: readonly LuaValue[]): LuaValue[] {
    const base = lua.lua_gettop(this.#L);
    push(this.#L, callee);
    lua.lua_checkstack(this.#L, args.length);
    for (const arg of args) push(this.#L, arg);
    lua.lua_call(this.#L, args.length, lua.LUA_MULTRET);
    return this.#results(base);
  }

  index(value: LuaValue, key: LuaValue): LuaValue {
    const base = lua.lua_gettop(this.#L);
    push(this.#L, value);
    push(this.#L, key);
    lua.lua_gettable(this.#L, -2);
    return this.#results(base).at(-1) ?? null;
  }

  tostring(value: LuaValue): ByteString {
    const base = lua.lua_gettop(this.#L);
    push(this.#L, value);
    pushToString(this.#L, base + 1);
    const text = this.#results(base).at(-1);
    return typeof text === 'string' ? text : '';
  }

  pause(): void {
    this.#machine.pause();
  }

  frames(): readonly Frame[] {
    return framesOf(this.#L, 1);
  }

  #results(base: number): LuaValue[] {
    this.#machine.check();
    return popResults(this.#L, base);
  }
}
