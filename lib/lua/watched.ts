/**
 * A table that notices the first look at one of its keys, and is a plain table to everyone who asks.
 *
 * The watched value stays out of the table until someone looks; then it is put in, the watch is told, and
 * from there on the table is as plain as it seemed. The watch never holds the table, which lives no longer
 * than its users let it.
 * Must not know: which key, or why anyone cares.
 */
import {
  fromLatin1,
  isString,
  lua,
  type Native,
  newValue,
  type State,
  type StringObject,
  stringValue,
  type Table,
  tables,
  tag,
  type Value,
  valueAt,
} from './engine.ts';

export type Watch = {
  isKey(value: Value): boolean;
  /** Puts the watched value into the table, and tells. */
  look(table: Table): void;
  /** Ends the watch without telling. */
  release(table: Table): void;
};

/** By the metatable that a watched table has while it is watched. */
const watches = new WeakMap<Table, Watch>();

/** The watch on a table, or null. */
export const watchOf = (table: Table): Watch | null =>
  table.metatable === null ? null : (watches.get(table.metatable) ?? null);

/** Sets a watch on a table that has no metatable; `key` is a string. */
export function setWatch(L: State, table: Table, key: Value, value: Value, onLook: () => void): void {
  const watch: Watch = {
    isKey: (value) =>
      isString(value) && (value.value as StringObject).hash === (key.value as StringObject).hash,
    look(watched) {
      watched.metatable = null;
      tables.luaH_setfrom(L, watched, key, value);
      onLook();
    },
    release(watched) {
      watched.metatable = null;
    },
  };
  const metatable = tables.luaH_new(L);
  setNative(L, metatable, '__index', (state) => {
    if (watch.isKey(valueAt(state, 2))) watch.look(valueAt(state, 1).value as Table);
    lua.lua_settop(state, 2);
    return lua.lua_rawget(state, 1) === lua.LUA_TNONE ? 0 : 1;
  });
  setNative(L, metatable, '__newindex', (state) => {
    if (watch.isKey(valueAt(state, 2))) watch.release(valueAt(state, 1).value as Table);
    lua.lua_settop(state, 3);
    lua.lua_rawset(state, 1);
    return 0;
  });
  watches.set(metatable, watch);
  table.metatable = metatable;
}

function setNative(L: State, table: Table, name: string, native: Native): void {
  tables.luaH_setfrom(L, table, stringValue(fromLatin1(name)), newValue(tag.native, native));
  tables.invalidateTMcache(table);
}

/** Looks at a table if it is a watched one; `key` is what is read of it, null for everything. */
export function lookInto(table: Table, key: Value | null): void {
  const watch = watchOf(table);
  if (watch !== null && (key === null || watch.isKey(key))) watch.look(table);
}

/** The same for the value at an index of the stack, table or not. */
export function lookAt(L: State, index: number, key: Value | null = null): void {
  const value = valueAt(L, index);
  if (value.type === tag.table) lookInto(value.value as Table, key);
}
