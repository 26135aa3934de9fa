/**
 * Coroutines: those a program makes, and the one that a program runs in when TypeScript answers what it asks.
 *
 * An ask is a yield to TypeScript. Inside the program's own coroutines it passes through every `resume` on
 * the way out, and the answer goes the same way back, so that no program can tell. Calls of Lua from inside a
 * library function (a sort's comparator, a callback of `gsub`, a `__tostring`) can't be left halfway: an ask
 * there is refused.
 * Must not know: what is asked.
 */
import { aux, lua, type Native, newValue, pushLatin1, type State } from './engine.ts';
import { type Frame, framesOf, pushWhere } from './frames.ts';
import { type LuaFailure, type Machine, popResults, Raise, topValue } from './machine.ts';
import { bytesOf, type LuaFunction, type LuaValue, push, readAll } from './values.ts';

export type Answer =
  | { readonly kind: 'values'; readonly values: readonly LuaValue[] }
  /** An error at the place of the ask; the position is put before the message. */
  | { readonly kind: 'error'; readonly message: string };

export type Step<Ask> =
  | { readonly kind: 'asks'; readonly ask: Ask }
  | { readonly kind: 'returned'; readonly values: LuaValue[] }
  | { readonly kind: 'failed'; readonly failure: LuaFailure };

/** Why an ask can't be made here: inside a callback of a library function, or nobody is there to answer. */
export type Refusal = 'in-callback' | 'nobody-answers';

type Resumption = { readonly thread: State; readonly wrapped: boolean };

export class Coroutines<Ask> {
  readonly #machine: Machine;
  /** Threads that TypeScript drives. */
  readonly #driven = new WeakSet<State>();
  /** Threads that wait for an answer, and those that resumed them. */
  readonly #waiting = new WeakSet<State>();
  #asked: { readonly ask: Ask } | null = null;
  #answer: Answer = { kind: 'values', values: [] };

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** A function that asks what `make` makes of its arguments; `make` may raise. */
  asker(make: (L: State, args: LuaValue[]) => Ask, refuse: (why: Refusal) => string): Native {
    const resumed = (L: State): number => this.#giveAnswer(L);
    return (L) => {
      const why = this.#refusal();
      if (why !== null) return raiseHere(L, refuse(why));
      let ask: Ask;
      try {
        ask = make(L, readAll(L, 1));
      } catch (error) {
        if (!(error instanceof Raise)) throw error;
        push(L, error.value);
        return lua.lua_error(L);
      }
      this.#asked = { ask };
      return lua.lua_yieldk(L, 0, null, resumed);
    };
  }

  /** Whether an ask could be made right now. */
  #refusal(): Refusal | null {
    const [, first, ...inner] = this.#machine.running;
    if (first === undefined || !this.#driven.has(first)) return 'nobody-answers';
    return [first, ...inner].some((thread) => thread.nny > 0) ? 'in-callback' : null;
  }

  #giveAnswer(L: State): number {
    const answer = this.#answer;
    if (answer.kind === 'error') return raiseHere(L, answer.message);
    lua.lua_checkstack(L, answer.values.length);
    for (const value of answer.values) push(L, value);
    return answer.values.length;
  }

  /** Makes a thread that runs `body` when it is first driven. */
  start(body: LuaFunction): State {
    const { main } = this.#machine;
    const thread = lua.lua_newthread(main);
    lua.lua_pop(main, 1);
    lua.lua_checkstack(thread, 1);
    thread.stack[thread.top] = newValue(body.raw.type, body.raw.value);
    thread.top += 1;
    this.#driven.add(thread);
    return thread;
  }

  /** Runs a driven thread until it asks or ends: with arguments at first, then with the answer to its last ask. */
  drive(thread: State, input: readonly LuaValue[] | Answer): Step<Ask> {
    const step = this.#machine.enter((): Step<Ask> => {
      const args = 'kind' in input ? [] : input;
      if ('kind' in input) this.#answer = input;
      lua.lua_checkstack(thread, args.length);
      for (const arg of args) push(thread, arg);
      const status = this.#run(this.#machine.main, thread, args.length);
      const death = this.#machine.outlive();
      if (death !== null) return { kind: 'failed', failure: death };
      if (status === lua.LUA_YIELD && this.#asked !== null) {
        const { ask } = this.#asked;
        this.#asked = null;
        return { kind: 'asks', ask };
      }
      if (status === lua.LUA_OK) return { kind: 'returned', values: popResults(thread, 0) };
      const frames: readonly Frame[] = framesOf(thread, 0);
      return {
        kind: 'failed',
        failure: { reason: 'raised', value: topValue(thread), frames },
      };
    });
    return 'reason' in step ? { kind: 'failed', failure: step } : step;
  }

  #run(from: State, thread: State, args: number): number {
    const { running } = this.#machine;
    running.push(thread);
    try {
      return lua.lua_resume(thread, from, args);
    } finally {
      running.pop();
    }
  }

  /** Resumes from Lua; the arguments are on top of `L`'s stack. */
  #resume(L: State, thread: State, args: number, wrapped: boolean): number {
    const problem = this.#unresumable(thread);
    if (problem !== null || !lua.lua_checkstack(thread, args)) {
      pushLatin1(L, problem ?? 'too many arguments to resume');
      return this.#failed(L, wrapped);
    }
    lua.lua_xmove(L, thread, args);
    return this.#go(L, { thread, wrapped }, args);
  }

  #unresumable(thread: State): string | null {
    const busy = this.#machine.running.includes(thread) || this.#waiting.has(thread);
    if (busy) return 'cannot resume non-suspended coroutine';
    const status = lua.lua_status(thread);
    const fresh = status === lua.LUA_OK && lua.lua_gettop(thread) > 0;
    return fresh || status === lua.LUA_YIELD ? null : 'cannot resume dead coroutine';
  }

  #go(L: State, resumption: Resumption, args: number): number {
    const { thread, wrapped } = resumption;
    const status = this.#run(L, thread, args);
    this.#machine.check();
    if (status === lua.LUA_YIELD && this.#asked !== null) {
      this.#waiting.add(thread);
      return lua.lua_yieldk(L, 0, resumption, (state, _status, context) => {
        const inner = context as Resumption;
        this.#waiting.delete(inner.thread);
        return this.#go(state, inner, 0);
      });
    }
    if (status !== lua.LUA_OK && status !== lua.LUA_YIELD) {
      lua.lua_xmove(thread, L, 1);
      return this.#failed(L, wrapped);
    }
    const count = lua.lua_gettop(thread);
    if (!lua.lua_checkstack(L, count + 1)) {
      lua.lua_pop(thread, count);
      pushLatin1(L, 'too many results to resume');
      return this.#failed(L, wrapped);
    }
    if (!wrapped) lua.lua_pushboolean(L, true);
    lua.lua_xmove(thread, L, count);
    return wrapped ? count : count + 1;
  }

  /** Gives the error on top of the stack as `resume` does, or raises it as a wrapped coroutine does. */
  #failed(L: State, wrapped: boolean): number {
    if (!wrapped) {
      lua.lua_pushboolean(L, false);
      lua.lua_insert(L, -2);
      return 2;
    }
    if (lua.lua_type(L, -1) === lua.LUA_TSTRING) {
      aux.luaL_where(L, 1);
      lua.lua_insert(L, -2);
      lua.lua_concat(L, 2);
    }
    return lua.lua_error(L);
  }

  #status(thread: State): string {
    if (thread === this.#machine.current) return 'running';
    if (this.#machine.running.includes(thread) || this.#waiting.has(thread)) return 'normal';
    return this.#unresumable(thread) === null ? 'suspended' : 'dead';
  }

  /** The functions of the library `coroutine`. */
  library(): Readonly<Record<string, Native>> {
    const isMain = (L: State): boolean => L === this.#machine.main || this.#driven.has(L);
    const create = (L: State): State => {
      aux.luaL_checktype(L, 1, lua.LUA_TFUNCTION);
      const thread = lua.lua_newthread(L);
      lua.lua_pushvalue(L, 1);
      lua.lua_xmove(L, thread, 1);
      return thread;
    };
    return {
      create: (L) => {
        create(L);
        return 1;
      },
      wrap: (L) => {
        const thread = create(L);
        const resume: Native = (state) => this.#resume(state, thread, lua.lua_gettop(state), true);
        lua.lua_pushcfunction(L, resume);
        return 1;
      },
      resume: (L) => this.#resume(L, checkThread(L), lua.lua_gettop(L) - 1, false),
      status: (L) => {
        pushLatin1(L, this.#status(checkThread(L)));
        return 1;
      },
      yield: (L) => {
        if (this.#driven.has(L)) return raiseHere(L, 'attempt to yield from outside a coroutine', 0);
        return lua.lua_yieldk(L, lua.lua_gettop(L), null, null);
      },
      isyieldable: (L) => {
        lua.lua_pushboolean(L, lua.lua_isyieldable(L) && !isMain(L));
        return 1;
      },
      running: (L) => {
        lua.lua_pushthread(L);
        lua.lua_pushboolean(L, isMain(L));
        return 2;
      },
    };
  }
}

function checkThread(L: State): State {
  const thread = lua.lua_tothread(L, 1);
  if (thread === null) return aux.luaL_argerror(L, 1, 'thread expected');
  return thread;
}

/** Raises a message with the position of the nearest Lua caller; `level` 0 leaves the position out. */
function raiseHere(L: State, message: string, level = 1): never {
  if (level === 0) lua.lua_pushstring(L, '');
  else pushWhere(L, level);
  pushLatin1(L, bytesOf(message));
  lua.lua_concat(L, 2);
  return lua.lua_error(L);
}
