/**
 * The basic functions of Lua 5.3, less those that load code or touch the collector.
 *
 * `pcall` and `xpcall` let the end of the machine through; `next` and its like look at watched tables.
 * Must not know: modules of any program; `require` only asks for a loader.
 */
import {
  aux,
  latin1,
  lua,
  type Native,
  pushLatin1,
  type State,
  stringBytes,
  type Table,
  type Value,
  valueAt,
} from './engine.ts';
import { type Machine, topValue } from './machine.ts';
import { numberText, readNumber } from './numbers.ts';
import { bytesOf, type LuaFunction, type LuaValue, push } from './values.ts';
import { lookAt, watchOf } from './watched.ts';

/**
 * What a program's modules are: given a name, a function that runs the module with its name, or why there is
 * none.
 */
export type Loader = (name: string) => LuaFunction | { readonly problem: string };

export type BaseOptions = {
  /** One line of `print`, without its end. */
  readonly print: (line: string) => void;
};

const metaname = (name: string): Uint8Array => Buffer.from(name, 'latin1');
const protectedField = metaname('__metatable');
const tostringField = metaname('__tostring');
const nameField = metaname('__name');
const pairsField = metaname('__pairs');

const addresses = new WeakMap<object, number>();
let addressCount = 0;

/** `table: 0x…`: unlike all other values that live, and the same while it lives. */
function addressOf(value: Value): string {
  const object = value.value as object;
  let address = addresses.get(object);
  if (address === undefined) {
    addressCount += 1;
    address = addressCount;
    addresses.set(object, address);
  }
  return `0x${(0x5500_0000_0000 + address * 0x20).toString(16).padStart(12, '0')}`;
}

/** Pushes what `tostring` gives for the value at a positive index. */
export function pushToString(L: State, index: number): Uint8Array {
  if (aux.luaL_getmetafield(L, index, tostringField) !== lua.LUA_TNIL) {
    lua.lua_pushvalue(L, index);
    lua.lua_call(L, 1, 1);
    if (!lua.lua_isstring(L, -1)) aux.luaL_error(L, "'__tostring' must return a string");
    return lua.lua_tolstring(L, -1) ?? new Uint8Array();
  }
  const value = valueAt(L, index);
  switch (lua.lua_type(L, index)) {
    case lua.LUA_TNUMBER:
      pushLatin1(L, numberText(value.value as number, !lua.lua_isinteger(L, index)));
      break;
    case lua.LUA_TSTRING:
      lua.lua_pushvalue(L, index);
      break;
    case lua.LUA_TBOOLEAN:
      pushLatin1(L, value.value === true ? 'true' : 'false');
      break;
    case lua.LUA_TNIL:
      pushLatin1(L, 'nil');
      break;
    default: {
      const named = aux.luaL_getmetafield(L, index, nameField);
      const kind =
        named === lua.LUA_TSTRING
          ? latin1(lua.lua_tolstring(L, -1) ?? new Uint8Array())
          : latin1(aux.luaL_typename(L, index));
      if (named !== lua.LUA_TNIL) lua.lua_pop(L, 1);
      pushLatin1(L, `${kind}: ${addressOf(value)}`);
    }
  }
  return lua.lua_tolstring(L, -1) ?? new Uint8Array();
}

const next: Native = (L) => {
  aux.luaL_checktype(L, 1, lua.LUA_TTABLE);
  lookAt(L, 1);
  lua.lua_settop(L, 2);
  if (lua.lua_next(L, 1) !== 0) return 2;
  lua.lua_pushnil(L);
  return 1;
};

const nextItem: Native = (L) => {
  const index = (aux.luaL_checkinteger(L, 2) + 1) | 0;
  lua.lua_pushinteger(L, index);
  return lua.lua_geti(L, 1, index) === lua.LUA_TNIL ? 1 : 2;
};

function selectFrom(L: State): number {
  const count = lua.lua_gettop(L);
  if (lua.lua_type(L, 1) === lua.LUA_TSTRING && stringBytes(valueAt(L, 1))[0] === 35) {
    lua.lua_pushinteger(L, count - 1);
    return 1;
  }
  const at = aux.luaL_checkinteger(L, 1);
  const from = at < 0 ? count + at : Math.min(at, count);
  aux.luaL_argcheck(L, from >= 1, 1, 'index out of range');
  return count - from;
}

function toNumber(L: State): number {
  if (lua.lua_isnoneornil(L, 2)) {
    aux.luaL_checkany(L, 1);
    if (lua.lua_type(L, 1) === lua.LUA_TNUMBER) {
      lua.lua_settop(L, 1);
      return 1;
    }
    const number =
      lua.lua_type(L, 1) === lua.LUA_TSTRING ? readNumber(latin1(stringBytes(valueAt(L, 1)))) : null;
    if (number === null) lua.lua_pushnil(L);
    else if (number.float) lua.lua_pushnumber(L, number.value);
    else lua.lua_pushinteger(L, number.value);
    return 1;
  }
  const base = aux.luaL_checkinteger(L, 2);
  aux.luaL_checktype(L, 1, lua.LUA_TSTRING);
  aux.luaL_argcheck(L, base >= 2 && base <= 36, 2, 'base out of range');
  const [, sign, digits = ''] =
    /^[ \t\n\v\f\r]*(-?)([0-9a-z]+)[ \t\n\v\f\r]*$/i.exec(latin1(stringBytes(valueAt(L, 1)))) ?? [];
  const size = readInteger(digits, base);
  if (size === null) lua.lua_pushnil(L);
  else lua.lua_pushinteger(L, sign === '-' ? -size | 0 : size);
  return 1;
}

/** Digits of a base as an integer that wraps, or null if some are no digits of it. */
function readInteger(digits: string, base: number): number | null {
  let sum = 0;
  for (const character of digits) {
    const digit = Number.parseInt(character, 36);
    if (digit >= base) return null;
    sum = (Math.imul(sum, base) + digit) | 0;
  }
  return digits === '' ? null : sum;
}

function raise(L: State): number {
  const level = aux.luaL_optinteger(L, 2, 1);
  lua.lua_settop(L, 1);
  if (lua.lua_type(L, 1) === lua.LUA_TSTRING && level > 0) {
    aux.luaL_where(L, level);
    lua.lua_pushvalue(L, 1);
    lua.lua_concat(L, 2);
  }
  return lua.lua_error(L);
}

/** Functions that need nothing of their VM. */
const plain: Readonly<Record<string, Native>> = {
  assert: (L) => {
    if (lua.lua_toboolean(L, 1)) return lua.lua_gettop(L);
    aux.luaL_checkany(L, 1);
    lua.lua_remove(L, 1);
    lua.lua_pushliteral(L, 'assertion failed!');
    lua.lua_settop(L, 1);
    return raise(L);
  },
  error: raise,
  getmetatable: (L) => {
    aux.luaL_checkany(L, 1);
    const value = valueAt(L, 1);
    const watched = lua.lua_type(L, 1) === lua.LUA_TTABLE && watchOf(value.value as Table) !== null;
    if (watched || !lua.lua_getmetatable(L, 1)) {
      lua.lua_pushnil(L);
      return 1;
    }
    aux.luaL_getmetafield(L, 1, protectedField);
    return 1;
  },
  setmetatable: (L) => {
    const type = lua.lua_type(L, 2);
    aux.luaL_checktype(L, 1, lua.LUA_TTABLE);
    aux.luaL_argcheck(L, type === lua.LUA_TNIL || type === lua.LUA_TTABLE, 2, 'nil or table expected');
    lookAt(L, 1);
    if (aux.luaL_getmetafield(L, 1, protectedField) !== lua.LUA_TNIL) {
      aux.luaL_error(L, 'cannot change a protected metatable');
    }
    lua.lua_settop(L, 2);
    lua.lua_setmetatable(L, 1);
    return 1;
  },
  ipairs: (L) => {
    aux.luaL_checkany(L, 1);
    lua.lua_pushcfunction(L, nextItem);
    lua.lua_pushvalue(L, 1);
    lua.lua_pushinteger(L, 0);
    return 3;
  },
  next,
  pairs: (L) => {
    aux.luaL_checkany(L, 1);
    if (aux.luaL_getmetafield(L, 1, pairsField) !== lua.LUA_TNIL) {
      lua.lua_pushvalue(L, 1);
      lua.lua_callk(L, 1, 3, null, () => 3);
      return 3;
    }
    lookAt(L, 1);
    lua.lua_pushcfunction(L, next);
    lua.lua_pushvalue(L, 1);
    lua.lua_pushnil(L);
    return 3;
  },
  rawequal: (L) => {
    aux.luaL_checkany(L, 1);
    aux.luaL_checkany(L, 2);
    lua.lua_pushboolean(L, Boolean(lua.lua_rawequal(L, 1, 2)));
    return 1;
  },
  rawget: (L) => {
    aux.luaL_checktype(L, 1, lua.LUA_TTABLE);
    aux.luaL_checkany(L, 2);
    lookAt(L, 1, valueAt(L, 2));
    lua.lua_settop(L, 2);
    lua.lua_rawget(L, 1);
    return 1;
  },
  rawlen: (L) => {
    const type = lua.lua_type(L, 1);
    aux.luaL_argcheck(L, type === lua.LUA_TTABLE || type === lua.LUA_TSTRING, 1, 'table or string expected');
    lua.lua_pushinteger(L, lua.lua_rawlen(L, 1));
    return 1;
  },
  rawset: (L) => {
    aux.luaL_checktype(L, 1, lua.LUA_TTABLE);
    aux.luaL_checkany(L, 2);
    aux.luaL_checkany(L, 3);
    lookAt(L, 1, valueAt(L, 2));
    lua.lua_settop(L, 3);
    lua.lua_rawset(L, 1);
    return 1;
  },
  select: selectFrom,
  tonumber: toNumber,
  tostring: (L) => {
    aux.luaL_checkany(L, 1);
    pushToString(L, 1);
    return 1;
  },
  type: (L) => {
    aux.luaL_checkany(L, 1);
    lua.lua_pushstring(L, lua.lua_typename(L, lua.lua_type(L, 1)));
    return 1;
  },
};

/** The basic functions for one VM, `require` aside. */
export function baseLibrary(machine: Machine, options: BaseOptions): Readonly<Record<string, Native>> {
  /** What a protected call gives; `skip` values lie below its results. */
  const finish = (L: State, status: number, skip: unknown): number => {
    // fengari leaves hooks off after an error in a coroutine, and with them every limit.
    L.allowhook = 1;
    machine.check();
    if (status === lua.LUA_OK || status === lua.LUA_YIELD) return lua.lua_gettop(L) - (skip as number);
    lua.lua_pushboolean(L, false);
    lua.lua_pushvalue(L, -2);
    return 2;
  };
  return {
    ...plain,
    pcall: (L) => {
      aux.luaL_checkany(L, 1);
      lua.lua_pushboolean(L, true);
      lua.lua_insert(L, 1);
      const status = lua.lua_pcallk(L, lua.lua_gettop(L) - 2, lua.LUA_MULTRET, 0, 0, finish);
      return finish(L, status, 0);
    },
    xpcall: (L) => {
      const count = lua.lua_gettop(L);
      aux.luaL_checktype(L, 2, lua.LUA_TFUNCTION);
      lua.lua_pushboolean(L, true);
      lua.lua_pushvalue(L, 1);
      lua.lua_rotate(L, 3, 2);
      const status = lua.lua_pcallk(L, count - 2, lua.LUA_MULTRET, 2, 2, finish);
      return finish(L, status, 2);
    },
    print: (L) => {
      const parts: string[] = [];
      for (let i = 1; i <= lua.lua_gettop(L); i += 1) {
        parts.push(latin1(pushToString(L, i)));
        lua.lua_pop(L, 1);
      }
      options.print(parts.join('\t'));
      return 0;
    },
  };
}

/** The table of loaded modules. */
type Loaded = { get(name: string): LuaValue; set(name: string, value: LuaValue): void };

/** `require`: each module is run once; one that is required while it runs is an error. */
export function requireFunction(machine: Machine, loader: Loader, loaded: Loaded): Native {
  const loading = new Set<string>();
  return (L) => {
    const name = latin1(aux.luaL_checkstring(L, 1));
    const known = loaded.get(name);
    if (known !== null && known !== false) {
      push(L, known);
      return 1;
    }
    if (loading.has(name))
      return aux.luaL_error(L, "loop or previous error loading module '%s'", bytes(name));
    const module = loader(name);
    if ('problem' in module) return aux.luaL_error(L, '%s', bytes(bytesOf(module.problem)));
    loading.add(name);
    try {
      push(L, module);
      push(L, name);
      lua.lua_call(L, 1, 1);
    } finally {
      loading.delete(name);
    }
    machine.check();
    return keep(L, name, loaded);
  };
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function keep(L: State, name: string, loaded: Loaded): number {
  const given = lua.lua_type(L, -1);
  // As in Lua: what a module put into the table of loaded modules itself stays when it returns nothing.
  if (given === lua.LUA_TNIL) push(L, loaded.get(name) ?? true);
  loaded.set(name, topValue(L));
  return 1;
}
