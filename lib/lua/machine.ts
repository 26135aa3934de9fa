/**
 * What runs inside a VM: its threads, its meter, and the end that nothing survives.
 *
 * When a limit is passed, the machine throws `Ended` through whatever runs. Lua's own `pcall`, `xpcall` and
 * `resume` would stop it there, so ours ask `check` before they go on, and every thread has its count hook
 * set to each single instruction: no program executes another one. A thread that TypeScript drives takes only itself
 * along when it ran for too long (`outlive`); memory belongs to nobody, so passing that limit is the end of all.
 * Must not know: which functions a program has.
 */
import {
  hearStrings,
  lua,
  type Native,
  newValue,
  pushLatin1,
  pushValue,
  type State,
  tag,
  type Value,
} from './engine.ts';
import { type Frame, framesOf, pushWhere } from './frames.ts';
import type { Exceeded, Meter } from './limits.ts';
import { bytesOf, fromValue, type LuaValue, push } from './values.ts';

/** Thrown through everything when a limit is passed. */
export class Ended extends Error {}

/** Thrown by TypeScript that runs as a Lua function: becomes an error of Lua with this value. */
export class Raise extends Error {
  readonly value: LuaValue;
  constructor(value: LuaValue) {
    super('a Lua error');
    this.value = value;
  }
}

export type LuaFailure =
  /** `value` is what `error` was called with, for a string with its position. */
  | { readonly reason: 'raised'; readonly value: LuaValue; readonly frames: readonly Frame[] }
  /** The VM is over: every further call gives the same answer. */
  | { readonly reason: 'limit'; readonly which: Exceeded; readonly frames: readonly Frame[] };

/** Instructions between two looks at the clock: about a tenth of a millisecond. */
const pace = 2000;

export class Machine {
  readonly main: State;
  readonly meter: Meter;
  /** The threads that run now, the innermost last; each but the last is resuming the next. */
  readonly running: State[];
  #death: { readonly which: Exceeded; readonly frames: readonly Frame[] } | null = null;
  #depth = 0;

  constructor(meter: Meter) {
    this.meter = meter;
    this.main = lua.lua_newstate();
    this.running = [this.main];
    lua.lua_atnativeerror(this.main, (L) => this.#nativeError(L));
    this.#watch(this.main, pace);
  }

  #watch(thread: State, every: number): void {
    lua.lua_sethook(thread, (L) => this.#tick(L), lua.LUA_MASKCOUNT, every);
  }

  /** The innermost running thread. */
  get current(): State {
    return this.running.at(-1) ?? this.main;
  }

  /** Goes on only while no limit was passed. */
  check(): void {
    if (this.meter.over !== null) this.end(this.current);
  }

  /** Now and then in a library function that may take long: no instruction is counted while it runs. */
  pause(): void {
    this.meter.sample();
    this.check();
  }

  /** Before a library function makes a string of this size. */
  reserve(L: State, bytes: number): void {
    if (!this.meter.reserve(bytes)) this.end(L);
  }

  end(L: State): never {
    this.#death ??= { which: this.meter.over ?? 'time', frames: framesOf(L, 0) };
    for (const thread of this.running) this.#watch(thread, 1);
    throw new Ended();
  }

  /**
   * The end of the thread that was driven, or null when it did not end by a limit. One that ran for too long is dead,
   * with all that it was resuming; the main thread has not run meanwhile, and the others go on from their asks.
   */
  outlive(): LuaFailure | null {
    const { death } = this;
    if (death?.reason === 'limit' && death.which === 'time' && this.#depth === 1) {
      this.#death = null;
      this.#watch(this.main, pace);
      this.meter.forgive();
    }
    return death;
  }

  /** Where the limit was passed, or null. A meter may also be over because of another VM's program. */
  get death(): LuaFailure | null {
    if (this.meter.over === null) return null;
    return { reason: 'limit', which: this.meter.over, frames: this.#death?.frames ?? [] };
  }

  /** Every way from TypeScript into Lua. */
  enter<T>(work: () => T): T | LuaFailure {
    if (this.death !== null) return this.death;
    const before = hearStrings(() => {
      if (this.meter.sample() !== null) this.end(this.current);
    });
    this.#depth += 1;
    try {
      return work();
    } catch (error) {
      // Inside of another call it has further to go.
      if (this.#depth > 1) throw error;
      if (error instanceof Raise) return { reason: 'raised', value: error.value, frames: [] };
      return this.death ?? { reason: 'raised', value: bytesOf(sayNativeError(error)), frames: [] };
    } finally {
      this.#depth -= 1;
      hearStrings(before);
    }
  }

  /** A protected call, with the frames of an error. The callee can't ask. */
  call(callee: Value, args: readonly LuaValue[]): LuaValue[] | LuaFailure {
    return this.enter((): LuaValue[] | LuaFailure => {
      const L = this.current;
      const base = lua.lua_gettop(L);
      let frames: readonly Frame[] = [];
      pushValue(
        L,
        newValue(tag.native, (state: State) => {
          frames = framesOf(state, 1);
          return 1;
        }),
      );
      pushValue(L, callee);
      lua.lua_checkstack(L, args.length);
      for (const arg of args) push(L, arg);
      const status = lua.lua_pcallk(L, args.length, lua.LUA_MULTRET, base + 1, null, null);
      if (this.meter.over !== null) return this.#over(L);
      if (status !== lua.LUA_OK) {
        const value = topValue(L);
        lua.lua_settop(L, base);
        return { reason: 'raised', value, frames };
      }
      return popResults(L, base).slice(1);
    });
  }

  #over(L: State): LuaFailure {
    if (this.#depth > 1) this.end(L);
    return this.death ?? { reason: 'limit', which: 'time', frames: framesOf(L, 0) };
  }

  #tick(L: State): void {
    if (this.meter.sample() !== null) this.end(L);
  }

  /** A JavaScript exception inside fengari becomes an error of Lua, at the line that led to it. */
  #nativeError(L: State): number {
    if (this.meter.over !== null) {
      // Nobody is to handle the end; and fengari would lose its bearings if this function threw.
      L.errfunc = 0;
      lua.lua_pushnil(L);
      return 1;
    }
    const error = lua.lua_touserdata(L, 1);
    if (error instanceof Raise) {
      push(L, error.value);
      return 1;
    }
    pushWhere(L, 1);
    pushLatin1(L, bytesOf(sayNativeError(error)));
    lua.lua_concat(L, 2);
    return 1;
  }
}

function sayNativeError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/call stack/.test(message)) return 'stack overflow';
  if (/array length|allocation|string length/i.test(message)) return 'not enough memory';
  return `fault in the Lua machine: ${message}`;
}

/** The values above `base`, which are removed. */
export function popResults(L: State, base: number): LuaValue[] {
  const values: LuaValue[] = [];
  const count = lua.lua_gettop(L) - base;
  for (let i = 0; i < count; i += 1)
    values.push(fromValue(L.stack[L.top - count + i] ?? newValue(tag.nil, null)));
  lua.lua_settop(L, base);
  return values;
}

/** The value on top of a stack that is not empty, such as an error's. */
export const topValue = (L: State): LuaValue => fromValue(L.stack[L.top - 1] ?? newValue(tag.nil, null));

/** A TypeScript function as one of Lua: `Raise` becomes an error. */
export function nativeOf(work: (L: State) => readonly LuaValue[]): Native {
  return (L) => {
    let results: readonly LuaValue[];
    try {
      results = work(L);
    } catch (error) {
      if (!(error instanceof Raise)) throw error;
      push(L, error.value);
      return lua.lua_error(L);
    }
    lua.lua_checkstack(L, results.length);
    for (const result of results) push(L, result);
    return results.length;
  };
}
