/**
 * Lua's library `table`. Like PUC's it respects metamethods; a long result asks the machine first.
 *
 * Must not know: anything else of its VM.
 */
import { aux, type Bytes, lua, type Native, pushBytes, type State } from './engine.ts';
import type { Machine } from './machine.ts';
import { maxInteger } from './numbers.ts';
import { sortItems } from './sort.ts';

type Needs = readonly ('__index' | '__newindex' | '__len')[];

/** A table, or something whose metatable makes it behave like one. */
function checkTable(L: State, arg: number, needs: Needs): void {
  if (lua.lua_type(L, arg) === lua.LUA_TTABLE) return;
  const able = needs.every((name) => {
    const type = aux.luaL_getmetafield(L, arg, Buffer.from(name));
    if (type !== lua.LUA_TNIL) lua.lua_pop(L, 1);
    return type !== lua.LUA_TNIL;
  });
  if (!able) aux.luaL_checktype(L, arg, lua.LUA_TTABLE);
}

function lengthOf(L: State, arg: number, needs: Needs): number {
  checkTable(L, arg, [...needs, '__len']);
  return aux.luaL_len(L, arg);
}

const readWrite: Needs = ['__index', '__newindex'];

const moving = (machine: Machine): Readonly<Record<string, Native>> => ({
  insert: (L) => {
    const end = (lengthOf(L, 1, readWrite) + 1) | 0;
    const count = lua.lua_gettop(L);
    if (count !== 2 && count !== 3) return aux.luaL_error(L, "wrong number of arguments to 'insert'");
    let at = end;
    if (count === 3) {
      at = aux.luaL_checkinteger(L, 2);
      aux.luaL_argcheck(L, at >= 1 && at <= end, 2, 'position out of bounds');
      for (let i = end; i > at; i -= 1) copyItem(machine, L, [1, i - 1], [1, i]);
    }
    lua.lua_seti(L, 1, at);
    return 0;
  },
  remove: (L) => {
    const size = lengthOf(L, 1, readWrite);
    let at = aux.luaL_optinteger(L, 2, size);
    if (at !== size) aux.luaL_argcheck(L, at >= 1 && at <= size + 1, 1, 'position out of bounds');
    lua.lua_geti(L, 1, at);
    for (; at < size; at += 1) copyItem(machine, L, [1, at + 1], [1, at]);
    lua.lua_pushnil(L);
    lua.lua_seti(L, 1, at);
    return 1;
  },
  move: (L) => {
    const from = aux.luaL_checkinteger(L, 2);
    const last = aux.luaL_checkinteger(L, 3);
    const to = aux.luaL_checkinteger(L, 4);
    const into = lua.lua_isnoneornil(L, 5) ? 1 : 5;
    checkTable(L, 1, ['__index']);
    checkTable(L, into, ['__newindex']);
    if (last >= from) {
      aux.luaL_argcheck(L, from > 0 || last < maxInteger + from, 3, 'too many elements to move');
      const count = last - from + 1;
      aux.luaL_argcheck(L, to <= maxInteger - count + 1, 4, 'destination wrap around');
      const apart = to > last || to <= from || (into !== 1 && !lua.lua_compare(L, 1, into, lua.LUA_OPEQ));
      for (let done = 0; done < count; done += 1) {
        const i = apart ? done : count - 1 - done;
        copyItem(machine, L, [1, from + i], [into, to + i]);
      }
    }
    lua.lua_pushvalue(L, into);
    return 1;
  },
});

/** About what a value takes on the stack and in a table. */
const bytesOfValue = 200;

/** No stack holds more. */
const mostValues = 1_000_000;

const packing = (machine: Machine): Readonly<Record<string, Native>> => ({
  pack: (L) => {
    const count = lua.lua_gettop(L);
    machine.reserve(L, count * bytesOfValue);
    lua.lua_createtable(L, count, 1);
    lua.lua_insert(L, 1);
    // In order, so that a traversal meets the items from the first to the last.
    for (let i = 1; i <= count; i += 1) {
      lua.lua_pushvalue(L, i + 1);
      lua.lua_seti(L, 1, i);
    }
    lua.lua_settop(L, 1);
    lua.lua_pushinteger(L, count);
    lua.lua_setfield(L, 1, 'n');
    return 1;
  },
  unpack: (L) => {
    const from = aux.luaL_optinteger(L, 2, 1);
    const to = lua.lua_isnoneornil(L, 3) ? aux.luaL_len(L, 1) : aux.luaL_checkinteger(L, 3);
    if (from > to) return 0;
    const count = to - from + 1;
    if (count < maxInteger) machine.reserve(L, Math.min(count, mostValues) * bytesOfValue);
    if (count >= maxInteger || !lua.lua_checkstack(L, count)) {
      return aux.luaL_error(L, 'too many results to unpack');
    }
    for (let i = from; i <= to; i += 1) lua.lua_geti(L, 1, i);
    return count;
  },
});

/** A table and a key in it. */
type Slot = readonly [table: number, key: number];

function copyItem(machine: Machine, L: State, from: Slot, to: Slot): void {
  // A metatable can say that a table is as long as it likes.
  if ((to[1] & 0xfff) === 0) machine.pause();
  lua.lua_geti(L, ...from);
  lua.lua_seti(L, ...to);
}

export const tableLibrary = (machine: Machine): Readonly<Record<string, Native>> => ({
  ...moving(machine),
  ...packing(machine),
  concat: (L) => {
    const length = lengthOf(L, 1, ['__index']);
    const separator = lua.lua_isnoneornil(L, 2) ? new Uint8Array() : aux.luaL_checkstring(L, 2);
    const from = aux.luaL_optinteger(L, 3, 1);
    const to = aux.luaL_optinteger(L, 4, length);
    const parts: Bytes[] = [];
    let size = 0;
    for (let i = from; i <= to; i += 1) {
      lua.lua_geti(L, 1, i);
      if (!lua.lua_isstring(L, -1)) {
        const type = aux.luaL_typename(L, -1);
        return aux.luaL_error(L, "invalid value (%s) at index %d in table for 'concat'", type, i);
      }
      const part = lua.lua_tolstring(L, -1) ?? new Uint8Array();
      lua.lua_pop(L, 1);
      if (i > from) parts.push(separator);
      parts.push(part);
      size += part.length + separator.length;
      // Empty parts cost time without size.
      machine.reserve(L, size);
      if ((i & 0xfff) === 0) machine.pause();
    }
    pushBytes(L, new Uint8Array(Buffer.concat(parts)));
    return 1;
  },
  sort: (L) => {
    const count = lengthOf(L, 1, readWrite);
    if (count > 1) {
      aux.luaL_argcheck(L, count < maxInteger, 1, 'array too big');
      if (!lua.lua_isnoneornil(L, 2)) aux.luaL_checktype(L, 2, lua.LUA_TFUNCTION);
      lua.lua_settop(L, 2);
      sortItems(L, count, () => machine.pause());
    }
    return 0;
  },
});
