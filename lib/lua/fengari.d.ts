/**
 * The types of the parts of fengari that this room uses; the package brings none.
 *
 * The C interface of Lua 5.3, whose manual (§4, §5) says what each function does. Strings go in as bytes or as
 * text (which becomes UTF-8) and come out as bytes.
 * Must not know: anything that `engine.ts` does not pass on.
 */

/** Not what the package exports: the shapes of what its parts pass around. */
declare module 'fengari' {
  /** The bytes of a Lua string. Shared with the VM: never written to. */
  export type Bytes = Uint8Array;

  /** fengari's tagged value; `type` is one of `tag`. */
  export type Value = { type: number; value: unknown };

  export type StringObject = {
    hash: string | null;
    realstring: Bytes;
    getstr(): Bytes;
    tsslen(): number;
  };

  type Entry = { readonly key: Value; readonly value: Value; readonly n: Entry | undefined };

  /** fengari's table: a chain of entries in order of insertion, beside a map that finds them. */
  export type Table = {
    readonly f: Entry | undefined;
    readonly strong: ReadonlyMap<unknown, Entry>;
    metatable: Table | null;
  };

  export type Instruction = { readonly opcode: number; readonly B: number; readonly C: number };

  /** A compiled function. */
  export type Proto = {
    readonly code: Instruction[];
    readonly p: readonly Proto[];
    readonly numparams: number;
    lineinfo: readonly number[];
    /** Lines of the text that was loaded, when `lineinfo` was mapped to those of another one. */
    textLines?: readonly number[];
    /** The name of the chunk that was loaded, when `source` names the file that a function's text came from. */
    chunk?: StringObject;
    linedefined: number;
    lastlinedefined: number;
    source: StringObject;
  };

  export type CallInfo = {
    readonly func: Value;
    readonly l_base: number;
    readonly funcOff: number;
    readonly l_savedpc: number;
    readonly callstatus: number;
    readonly previous: CallInfo | null;
  };

  /** A thread of Lua (`lua_State`). */
  export type State = {
    readonly stack: Value[];
    top: number;
    readonly ci: CallInfo;
    readonly base_ci: CallInfo;
    /** How many calls that can't be yielded across are on its stack. */
    readonly nny: number;
    allowhook: number;
    /** The stack index of the message handler, or 0. */
    errfunc: number;
  };

  export type Debug = {
    readonly name: Bytes | null;
    readonly namewhat: Bytes | null;
    readonly what: Bytes | null;
    readonly short_src: Bytes | null;
    readonly currentline: number;
    readonly linedefined: number;
    readonly i_ci: CallInfo | null;
  };

  export type Native = (L: State) => number;
  export type Continuation = (L: State, status: number, context: unknown) => number;
  export type Hook = (L: State, event: Debug) => void;
}

declare module 'fengari/src/lua.js' {
  import type { Bytes, Continuation, Debug, Hook, Native, State } from 'fengari';

  const lua: {
    readonly LUA_OK: 0;
    readonly LUA_YIELD: 1;
    readonly LUA_ERRRUN: 2;
    readonly LUA_ERRSYNTAX: 3;
    readonly LUA_ERRMEM: 4;
    readonly LUA_ERRERR: 5;
    readonly LUA_MULTRET: -1;
    readonly LUA_REGISTRYINDEX: number;
    readonly LUA_RIDX_GLOBALS: number;
    readonly LUA_MASKCOUNT: number;
    readonly LUA_OPEQ: number;
    readonly LUA_OPLT: number;
    readonly LUA_OPLE: number;
    readonly LUA_TNONE: -1;
    readonly LUA_TNIL: 0;
    readonly LUA_TBOOLEAN: 1;
    readonly LUA_TNUMBER: 3;
    readonly LUA_TSTRING: 4;
    readonly LUA_TTABLE: 5;
    readonly LUA_TFUNCTION: 6;
    readonly LUA_TTHREAD: 8;
    readonly lua_Debug: new () => Debug;
    lua_newstate(): State;
    lua_newthread(L: State): State;
    lua_atnativeerror(L: State, handler: Native): Native | null;
    lua_absindex(L: State, index: number): number;
    lua_gettop(L: State): number;
    lua_settop(L: State, index: number): void;
    lua_pop(L: State, count: number): void;
    lua_pushvalue(L: State, index: number): void;
    lua_rotate(L: State, index: number, count: number): void;
    lua_insert(L: State, index: number): void;
    lua_remove(L: State, index: number): void;
    lua_replace(L: State, index: number): void;
    lua_checkstack(L: State, count: number): boolean;
    lua_xmove(from: State, to: State, count: number): void;
    lua_pushnil(L: State): void;
    lua_pushboolean(L: State, value: boolean): void;
    lua_pushinteger(L: State, value: number): void;
    lua_pushnumber(L: State, value: number): void;
    lua_pushstring(L: State, value: Bytes | string): Bytes;
    lua_pushliteral(L: State, value: string): Bytes;
    lua_pushcfunction(L: State, native: Native): void;
    lua_pushcclosure(L: State, native: Native, upvalues: number): void;
    lua_pushthread(L: State): boolean;
    lua_pushglobaltable(L: State): void;
    lua_upvalueindex(index: number): number;
    lua_type(L: State, index: number): number;
    lua_typename(L: State, type: number): Bytes;
    lua_isinteger(L: State, index: number): boolean;
    lua_isnil(L: State, index: number): boolean;
    lua_isnone(L: State, index: number): boolean;
    lua_isnoneornil(L: State, index: number): boolean;
    lua_isstring(L: State, index: number): boolean;
    lua_toboolean(L: State, index: number): boolean;
    lua_tointegerx(L: State, index: number): number | false;
    lua_tonumberx(L: State, index: number): number | false;
    lua_tolstring(L: State, index: number): Bytes | null;
    lua_tothread(L: State, index: number): State | null;
    lua_touserdata(L: State, index: number): unknown;
    lua_rawequal(L: State, a: number, b: number): boolean | 0 | 1;
    lua_rawlen(L: State, index: number): number;
    lua_compare(L: State, a: number, b: number, operator: number): boolean | 0 | 1;
    lua_concat(L: State, count: number): void;
    lua_len(L: State, index: number): void;
    lua_createtable(L: State, sequence: number, records: number): void;
    lua_getfield(L: State, index: number, key: Bytes | string): number;
    lua_setfield(L: State, index: number, key: Bytes | string): void;
    lua_gettable(L: State, index: number): number;
    lua_settable(L: State, index: number): void;
    lua_geti(L: State, index: number, key: number): number;
    lua_seti(L: State, index: number, key: number): void;
    lua_rawget(L: State, index: number): number;
    lua_rawset(L: State, index: number): void;
    lua_rawgeti(L: State, index: number, key: number): number;
    lua_rawseti(L: State, index: number, key: number): void;
    lua_next(L: State, index: number): 0 | 1;
    lua_getmetatable(L: State, index: number): boolean;
    lua_setmetatable(L: State, index: number): boolean;
    lua_callk(L: State, args: number, results: number, context: unknown, k: Continuation | null): void;
    lua_call(L: State, args: number, results: number): void;
    lua_pcallk(
      L: State,
      args: number,
      results: number,
      handler: number,
      context: unknown,
      k: Continuation | null,
    ): number;
    lua_error(L: State): never;
    lua_resume(L: State, from: State | null, args: number): number;
    lua_yieldk(L: State, results: number, context: unknown, k: Continuation | null): never;
    lua_status(L: State): number;
    lua_isyieldable(L: State): boolean;
    lua_setupvalue(L: State, index: number, upvalue: number): Bytes | null;
    lua_sethook(L: State, hook: Hook | null, mask: number, count: number): void;
    lua_getstack(L: State, level: number, into: Debug): 0 | 1;
    lua_getinfo(L: State, what: string, into: Debug): number;
  };
  export default lua;
}

declare module 'fengari/src/lauxlib.js' {
  import type { Bytes, State } from 'fengari';

  const aux: {
    luaL_argcheck(L: State, condition: boolean, arg: number, message: string): void;
    luaL_argerror(L: State, arg: number, message: string): never;
    luaL_checkany(L: State, arg: number): void;
    luaL_checkinteger(L: State, arg: number): number;
    luaL_checknumber(L: State, arg: number): number;
    luaL_checkstack(L: State, space: number, message: string): void;
    luaL_checkstring(L: State, arg: number): Bytes;
    luaL_checktype(L: State, arg: number, type: number): void;
    luaL_error(L: State, format: string, ...values: unknown[]): never;
    luaL_getmetafield(L: State, index: number, name: Bytes): number;
    luaL_len(L: State, index: number): number;
    luaL_loadbufferx(L: State, text: Bytes, size: number, name: Bytes, mode: string): number;
    luaL_optinteger(L: State, arg: number, otherwise: number): number;
    luaL_optnumber(L: State, arg: number, otherwise: number): number;
    luaL_typename(L: State, index: number): Bytes;
    luaL_where(L: State, level: number): void;
  };
  export default aux;
}

declare module 'fengari/src/lmathlib.js' {
  import type { Native } from 'fengari';

  const library: { readonly luaopen_math: Native };
  export default library;
}

declare module 'fengari/src/lutf8lib.js' {
  import type { Native } from 'fengari';

  const library: { readonly luaopen_utf8: Native };
  export default library;
}

declare module 'fengari/src/lobject.js' {
  import type { Bytes, State, Value } from 'fengari';

  const objects: {
    readonly TValue: new (type: number, value: unknown) => Value;
    luaO_tostring: (L: State, value: Value) => void;
    luaO_str2num: (text: Bytes, into: Value) => number;
    luaO_chunkid: (source: Bytes, size: number) => Bytes;
  };
  export default objects;
}

declare module 'fengari/src/lstring.js' {
  import type { Bytes, State, StringObject } from 'fengari';

  const strings: {
    readonly TString: { new (L: State | null, bytes: Bytes): StringObject; prototype: StringObject };
    luaS_hash: (bytes: Bytes) => string;
  };
  export default strings;
}

declare module 'fengari/src/ltable.js' {
  import type { State, Table, Value } from 'fengari';

  const tables: {
    luaH_new(L: State): Table;
    luaH_get(L: State, table: Table, key: Value): Value;
    luaH_getn(table: Table): number;
    luaH_setfrom(L: State, table: Table, key: Value, value: Value): void;
    invalidateTMcache(table: Table): void;
  };
  export default tables;
}

declare module 'fengari/src/ldebug.js' {
  import type { Bytes, State } from 'fengari';

  const debug: { luaG_runerror: (L: State, format: Bytes, ...values: unknown[]) => never };
  export default debug;
}
