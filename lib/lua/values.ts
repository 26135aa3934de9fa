/**
 * Lua values as TypeScript sees them, and the way in and out of a VM's stack.
 *
 * Must not know: calls, limits, Fennel.
 */
import {
  fromLatin1,
  latin1,
  lua,
  newValue,
  pushValue,
  type State,
  stringBytes,
  stringValue,
  type Table,
  tables,
  tag,
  type Value,
  valueAt,
} from './engine.ts';
import { isInteger32 } from './numbers.ts';
import { lookInto, watchOf } from './watched.ts';

/** The bytes of a Lua string, one code unit (0–255) a byte. `textOf` and `bytesOf` convert from and to text. */
export type ByteString = string;

/**
 * A whole float inside the 32 bits of an integer, such as `2.0`: the one case in which a JavaScript number
 * can't say that it is a float. Every other number is itself: an integer if it is whole and fits 32 bits,
 * else a float.
 */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A function of a VM. The same function is the same object. */
export class LuaFunction {
  readonly raw: Value;
  constructor(raw: Value) {
    this.raw = raw;
  }
}

/** A value that TypeScript only carries around: a coroutine. */
export class LuaThread {
  readonly raw: Value;
  constructor(raw: Value) {
    this.raw = raw;
  }
}

/**
 * A table of a VM. The same table is the same object. Nothing here runs metamethods; reading is a look at a
 * watched one.
 */
export class LuaTable {
  readonly raw: Table;
  constructor(raw: Table) {
    this.raw = raw;
  }

  get(key: LuaValue): LuaValue {
    const raw = toValue(key);
    lookInto(this.raw, raw);
    return fromValue(tables.luaH_get(scratch(), this.raw, raw));
  }

  /** A nil value removes the key. The key may be neither nil nor NaN. */
  set(key: LuaValue, value: LuaValue): void {
    const raw = toValue(key);
    lookInto(this.raw, raw);
    tables.luaH_setfrom(scratch(), this.raw, raw, toValue(value));
    tables.invalidateTMcache(this.raw);
  }

  /** A border, as `#` gives without a metamethod. */
  get length(): number {
    return tables.luaH_getn(this.raw);
  }

  /** In order of insertion. The table may not get new keys meanwhile. */
  *entries(): Generator<[key: LuaValue, value: LuaValue]> {
    lookInto(this.raw, null);
    for (let entry = this.raw.f; entry !== undefined; entry = entry.n) {
      yield [fromValue(entry.key), fromValue(entry.value)];
    }
  }

  /** The tables among the keys and values: cheaper than `entries` for who only goes deeper. */
  innerTables(): LuaTable[] {
    const inner: LuaTable[] = [];
    lookInto(this.raw, null);
    for (let entry = this.raw.f; entry !== undefined; entry = entry.n) {
      for (const { type, value } of [entry.key, entry.value]) {
        if (type === tag.table) inner.push(tableHandle(value as Table));
      }
    }
    return inner;
  }

  /** The items 1…`length`. */
  items(): LuaValue[] {
    const items: LuaValue[] = [];
    for (let i = 1; i <= this.length; i += 1) items.push(this.get(i));
    return items;
  }

  get metatable(): LuaTable | null {
    const { metatable } = this.raw;
    return metatable === null || watchOf(this.raw) !== null ? null : tableHandle(metatable);
  }

  set metatable(table: LuaTable | null) {
    this.raw.metatable = table === null ? null : table.raw;
  }
}

export type LuaValue = null | boolean | number | Float | ByteString | LuaTable | LuaFunction | LuaThread;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A byte string as text; what is not UTF-8 becomes U+FFFD. */
export const textOf = (bytes: ByteString): string =>
  isAscii(bytes) ? bytes : decoder.decode(fromLatin1(bytes));

/** Text as a byte string of its UTF-8. */
export const bytesOf = (text: string): ByteString =>
  isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

/** The number that a Lua number is, whatever its kind. */
export const numberOf = (value: number | Float): number => (value instanceof Float ? value.value : value);

/** A float, also when it is whole. */
export const float = (value: number): number | Float =>
  Number.isInteger(value) && (value | 0) === value ? new Float(value) : value;

const handles = new WeakMap<object, LuaTable | LuaFunction | LuaThread>();
let anyState: State | null = null;

/** fengari wants a thread for reading a table, and uses it only to report what can't happen here. */
function scratch(): State {
  const state = anyState ?? lua.lua_newstate();
  anyState = state;
  return state;
}

export function tableHandle(raw: Table): LuaTable {
  const known = handles.get(raw);
  if (known instanceof LuaTable) return known;
  const made = new LuaTable(raw);
  handles.set(raw, made);
  return made;
}

function functionHandle(value: Value): LuaFunction {
  const key = value.value as object;
  const known = handles.get(key);
  if (known instanceof LuaFunction) return known;
  const made = new LuaFunction(newValue(value.type, value.value));
  handles.set(key, made);
  return made;
}

function threadHandle(value: Value): LuaThread {
  const key = value.value as object;
  const known = handles.get(key);
  if (known instanceof LuaThread) return known;
  const made = new LuaThread(newValue(value.type, value.value));
  handles.set(key, made);
  return made;
}

export function fromValue(value: Value): LuaValue {
  switch (value.type) {
    case tag.nil:
      return null;
    case tag.boolean:
      return value.value === true;
    case tag.integer:
      return value.value as number;
    case tag.float:
      return float(value.value as number);
    case tag.shortString:
    case tag.string:
      return latin1(stringBytes(value));
    case tag.table:
      return tableHandle(value.value as Table);
    case tag.luaFunction:
    case tag.native:
    case tag.nativeClosure:
      return functionHandle(value);
    case tag.thread:
      return threadHandle(value);
    default:
      // Userdata: no library of ours makes any.
      return null;
  }
}

export function toValue(value: LuaValue): Value {
  if (value === null) return newValue(tag.nil, null);
  switch (typeof value) {
    case 'boolean':
      return newValue(tag.boolean, value);
    case 'number':
      return newValue(isInteger32(value) ? tag.integer : tag.float, value);
    case 'string':
      return stringValue(fromLatin1(value));
    default:
      break;
  }
  if (value instanceof LuaTable) return newValue(tag.table, value.raw);
  if (value instanceof Float) return newValue(tag.float, value.value);
  return newValue(value.raw.type, value.raw.value);
}

export const push = (L: State, value: LuaValue): void => pushValue(L, toValue(value));

/** The value at a positive index of the running function's stack. */
export const read = (L: State, index: number): LuaValue => fromValue(valueAt(L, index));

/** All values of the running function's stack from `from` on. */
export function readAll(L: State, from: number): LuaValue[] {
  const values: LuaValue[] = [];
  for (let index = from; index <= lua.lua_gettop(L); index += 1) values.push(read(L, index));
  return values;
}

/** `nil`, `number`, `table` …, as Lua's `type` says. */
export function typeOf(value: LuaValue): string {
  if (value === null) return 'nil';
  if (value instanceof Float) return 'number';
  if (value instanceof LuaTable) return 'table';
  if (value instanceof LuaFunction) return 'function';
  if (value instanceof LuaThread) return 'thread';
  return typeof value;
}
