/**
 * A Lua 5.3 machine that can be handed hostile programs: the door of this room.
 *
 * What a program can reach is what is put into `globals`; how long and on how much memory it runs is the
 * meter's. One call of a library function may run without a look at the meter (the search for a long text in
 * a longer one, say), so whoever must never wait keeps the whole VM in a thread that can be ended.
 * Must not know: Fennel, files, what the program is for.
 */
import { type Clock, systemClock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import { baseLibrary, type Loader, requireFunction } from './base.ts';
import { type Caller, NativeCaller } from './caller.ts';
import { type Answer, Coroutines, type Refusal, type Step } from './coroutines.ts';
import { dateLibrary } from './dates.ts';
import {
  aux,
  fromLatin1,
  lua,
  mathLibrary,
  type Native,
  newValue,
  protoOf,
  pushValue,
  type State,
  tables,
  tag,
  utf8Library,
} from './engine.ts';
import { guardInstructions } from './guards.ts';
import type { Meter } from './limits.ts';
import { mapLines, type TextLine } from './lines.ts';
import { type LuaFailure, Machine, nativeOf, topValue } from './machine.ts';
import { randomLibrary } from './random.ts';
import { stringLibrary } from './strings.ts';
import { tableLibrary } from './tables.ts';
import {
  type ByteString,
  bytesOf,
  LuaFunction,
  LuaTable,
  type LuaValue,
  push,
  readAll,
  tableHandle,
  textOf,
  toValue,
} from './values.ts';
import { setWatch } from './watched.ts';

export type { Loader } from './base.ts';
export type { Caller } from './caller.ts';
export type { Answer, Refusal, Step } from './coroutines.ts';
export type { Frame } from './frames.ts';
export { type Exceeded, type Limits, Meter } from './limits.ts';
export type { TextLine } from './lines.ts';
export type { LuaFailure } from './machine.ts';
export { type Plain, type PlainProblem, plainOf } from './plain.ts';
export {
  type ByteString,
  bytesOf,
  Float,
  float,
  LuaFunction,
  LuaTable,
  LuaThread,
  type LuaValue,
  numberOf,
  textOf,
  typeOf,
} from './values.ts';

export type VmOptions = {
  readonly meter: Meter;
  /** One line of `print`, as bytes, without its end. Default: nobody hears it. */
  readonly print?: (line: ByteString) => void;
  /** Answers `require`. Default: there are no modules. */
  readonly loader?: Loader;
  /** What `os.time` and `os.date` go by. Default: the system's clock. */
  readonly now?: Clock;
};

export type Source = {
  /** What messages and frames call it. */
  readonly name: string;
  /** Lua, as bytes. */
  readonly lua: ByteString;
  /** Where each line came from (index 0 is line 1), for text that was generated. */
  readonly lines?: readonly (TextLine | null)[];
};

/** A run of a function that may ask, from its start to its end. */
export type Run<Ask> = {
  /** Goes on until the next ask or the end. The first call takes the arguments, each later one the answer. */
  next(input: readonly LuaValue[] | Answer): Step<Ask>;
};

export class Vm<Ask = never> {
  readonly meter: Meter;
  readonly globals: LuaTable;
  readonly #machine: Machine;
  readonly #coroutines: Coroutines<Ask>;
  /** What `require` finds. Lua's own libraries are not in it: a module may have the name of one. */
  readonly #modules: LuaTable;

  constructor(options: VmOptions) {
    this.meter = options.meter;
    this.#machine = new Machine(options.meter);
    this.#coroutines = new Coroutines<Ask>(this.#machine);
    const L = this.#machine.main;
    lua.lua_pushglobaltable(L);
    this.globals = this.#popTable(L);
    this.#modules = this.table();
    this.#openLibraries(options);
  }

  /** An empty table. */
  table(entries: Iterable<readonly [key: LuaValue, value: LuaValue]> = []): LuaTable {
    const table = tableHandle(tables.luaH_new(this.#machine.main));
    for (const [key, value] of entries) table.set(key, value);
    return table;
  }

  sequence(items: readonly LuaValue[]): LuaTable {
    return this.table(items.map((item, index) => [index + 1, item] as const));
  }

  /** A plain table to the program that holds `key` too, and calls `onLook` at the first look at that key. */
  watchedTable(
    entries: Iterable<readonly [key: LuaValue, value: LuaValue]>,
    key: string,
    value: LuaValue,
    onLook: () => void,
  ): LuaTable {
    const table = this.table(entries);
    setWatch(this.#machine.main, table.raw, toValue(bytesOf(key)), toValue(value), onLook);
    return table;
  }

  /** A function in TypeScript. What it throws through `caller` is an error of Lua. */
  native(work: (args: LuaValue[], caller: Caller) => readonly LuaValue[]): LuaFunction {
    return this.#function(nativeOf((L) => work(readAll(L, 1), new NativeCaller(this.#machine, L))));
  }

  /**
   * A function that asks: what `make` makes of its arguments is the next step of the run, whose next input is
   * what the function returns. Where nobody can answer, `refuse` words the error.
   */
  asker(make: (args: LuaValue[], caller: Caller) => Ask, refuse: (why: Refusal) => string): LuaFunction {
    return this.#function(
      this.#coroutines.asker((L, args) => make(args, new NativeCaller(this.#machine, L)), refuse),
    );
  }

  /** Compiles Lua text; `environment` is what its globals are read from and written to, default `globals`. */
  load(source: Source, environment: LuaTable = this.globals): Result<LuaFunction, LoadFailure> {
    const loaded = this.#machine.enter((): Result<LuaFunction, LoadFailure> => {
      const L = this.#machine.current;
      const text = fromLatin1(source.lua);
      const status = aux.luaL_loadbufferx(L, text, text.length, fromLatin1(`=${bytesOf(source.name)}`), 't');
      if (status !== lua.LUA_OK) {
        const message = topValue(L);
        lua.lua_pop(L, 1);
        if (this.#machine.death !== null) return err(this.#machine.death);
        return err(
          syntaxFailure(source, typeof message === 'string' ? textOf(message) : 'not enough memory'),
        );
      }
      push(L, environment);
      if (lua.lua_setupvalue(L, -2, 1) === null) lua.lua_pop(L, 1);
      const made = topValue(L);
      lua.lua_pop(L, 1);
      if (!(made instanceof LuaFunction)) throw new Error('a chunk is a function');
      const proto = protoOf(made.raw);
      const machine = this.#machine;
      guardInstructions(proto, {
        current: () => machine.current,
        reserve: (state, bytes) => machine.reserve(state, bytes),
      });
      if (source.lines !== undefined) mapLines(proto, source.lines);
      return ok(made);
    });
    return 'reason' in loaded ? err(loaded) : loaded;
  }

  /** Calls a function. It can't ask. */
  call(callee: LuaValue, args: readonly LuaValue[]): Result<LuaValue[], LuaFailure> {
    const results = this.#machine.call(toValue(callee), args);
    return Array.isArray(results) ? ok(results) : err(results);
  }

  /** A run of a function that may ask. */
  run(body: LuaFunction): Run<Ask> {
    const thread = this.#coroutines.start(body);
    return { next: (input) => this.#coroutines.drive(thread, input) };
  }

  /** Makes a module known to `require` before anyone asks the loader. */
  provide(name: string, module: LuaValue): void {
    this.#modules.set(bytesOf(name), module);
  }

  #function(native: Native): LuaFunction {
    return new LuaFunction(newValue(tag.native, native));
  }

  #popTable(L: State): LuaTable {
    const table = topValue(L);
    lua.lua_pop(L, 1);
    if (!(table instanceof LuaTable)) throw new Error('a library is a table');
    return table;
  }

  #openLibraries(options: VmOptions): void {
    const L = this.#machine.main;
    const own = (library: Readonly<Record<string, Native>>, table = this.table()): LuaTable => {
      for (const [name, native] of Object.entries(library)) table.set(name, this.#function(native));
      return table;
    };
    const theirs = (open: Native): LuaTable => {
      open(L);
      return this.#popTable(L);
    };
    own(baseLibrary(this.#machine, { print: options.print ?? (() => {}) }), this.globals);
    const loader: Loader = options.loader ?? ((name) => ({ problem: `module '${name}' not found` }));
    this.globals.set('require', this.#function(requireFunction(this.#machine, loader, this.#modules)));
    this.globals.set('_G', this.globals);
    this.globals.set('_VERSION', 'Lua 5.3');
    const strings = own(stringLibrary(this.#machine));
    const libraries = {
      _G: this.globals,
      coroutine: own(this.#coroutines.library()),
      math: own(randomLibrary(), theirs(mathLibrary.luaopen_math)),
      os: own(dateLibrary(options.now ?? systemClock)),
      string: strings,
      table: own(tableLibrary(this.#machine)),
      utf8: theirs(utf8Library.luaopen_utf8),
    };
    for (const [name, library] of Object.entries(libraries)) this.globals.set(name, library);
    const metatable = this.table([['__index', strings]]);
    pushValue(L, toValue(''));
    push(L, metatable);
    lua.lua_setmetatable(L, -2);
    lua.lua_pop(L, 1);
    // Messages about bad arguments look the function's name up here.
    push(L, this.table(Object.entries(libraries)));
    lua.lua_setfield(L, lua.LUA_REGISTRYINDEX, '_LOADED');
  }
}

export type LoadFailure =
  | LuaFailure
  | { readonly reason: 'syntax'; readonly message: string; readonly line: number };

/** Lua says `name:line: message`. */
function syntaxFailure(source: Source, said: string): LoadFailure {
  const after = said.startsWith(`${source.name}:`) ? said.slice(source.name.length + 1) : said;
  const [, line = '1', message = after] = /^(\d+): (.*)$/s.exec(after) ?? [];
  return { reason: 'syntax', message, line: Number(line) };
}
