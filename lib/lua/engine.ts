/**
 * fengari, typed: the only file, with `bytes.ts`, that imports it. Where it is not PUC Lua 5.3, it is mended
 * here before any VM exists.
 *
 * Its libraries `string`, `table`, `os`, `io` and `package` are not loaded: the first three are ours, the others
 * are not part of a pipeline's Lua.
 * Must not know: what anyone runs in a VM.
 */
// Before all imports: what the other parts of fengari find there must be mended.
export { fromLatin1, hearStrings, latin1 } from './bytes.ts';

import type { Bytes, Proto, State, StringObject, Value } from 'fengari';
import aux from 'fengari/src/lauxlib.js';
import debug from 'fengari/src/ldebug.js';
import mathLibrary from 'fengari/src/lmathlib.js';
import objects from 'fengari/src/lobject.js';
import tables from 'fengari/src/ltable.js';
import lua from 'fengari/src/lua.js';
import utf8Library from 'fengari/src/lutf8lib.js';
import { fromLatin1, latin1, newString } from './bytes.ts';
import { numberText, readNumber } from './numbers.ts';

export type {
  Bytes,
  CallInfo,
  Continuation,
  Debug,
  Hook,
  Native,
  Proto,
  State,
  StringObject,
  Table,
  Value,
} from 'fengari';
export { aux, lua, mathLibrary, tables, utf8Library };

/** The type tags of fengari's values, variants included. */
export const tag = {
  nil: 0,
  boolean: 1,
  float: 3,
  integer: 19,
  shortString: 4,
  string: 20,
  table: 5,
  luaFunction: 6,
  native: 22,
  nativeClosure: 38,
  thread: 8,
} as const;

export const newValue = (type: number, value: unknown): Value => new objects.TValue(type, value);

/** A string value that takes over `bytes`. */
export const stringValue = (bytes: Bytes): Value => newValue(tag.string, newString(bytes));

export const isString = (value: Value): boolean =>
  value.type === tag.string || value.type === tag.shortString;

export const stringBytes = (value: Value): Bytes => (value.value as StringObject).realstring;

/** Pushes without a copy. */
export function pushBytes(L: State, bytes: Bytes): void {
  pushValue(L, stringValue(bytes));
}

export function pushLatin1(L: State, text: string): void {
  pushBytes(L, fromLatin1(text));
}

export function pushValue(L: State, value: Value): void {
  lua.lua_checkstack(L, 1);
  L.stack[L.top] = value;
  L.top += 1;
}

const nothing = newValue(tag.nil, null);

/** The value at a positive index of the running function's stack; it may change under the reader's eyes. */
export function valueAt(L: State, index: number): Value {
  const at = L.ci.funcOff + index;
  return at < L.top ? (L.stack[at] ?? nothing) : nothing;
}

/** The function that a closure on the stack was made from. */
export const protoOf = (value: Value): Proto => (value.value as { readonly p: Proto }).p;

/** fengari writes `1e15`, `-0.0`, `1e-07` and infinities as JavaScript does. */
objects.luaO_tostring = (_L, value) => {
  const text = numberText(value.value as number, value.type === tag.float);
  value.value = stringValue(fromLatin1(text)).value;
  value.type = tag.string;
};

/** A hexadecimal numeral past 32 bits is a float, as a decimal one is, instead of losing its high bits. */
objects.luaO_str2num = (bytes, into) => {
  // A numeral is short; the parser's buffer has zeros after its end.
  const end = bytes.indexOf(0);
  const number = readNumber(latin1(end < 0 ? bytes : bytes.subarray(0, end)));
  if (number === null) return 0;
  into.type = number.float ? tag.float : tag.integer;
  into.value = number.value;
  return (end < 0 ? bytes.length : end) + 1;
};

/** The borders of a C library are JavaScript's here; programs may know them by PUC's names. */
const raise = debug.luaG_runerror;
debug.luaG_runerror = (L, format, ...values) =>
  raise(L, fromLatin1(latin1(format).replace(/\bJS\b/, 'C')), ...values);

/** Names of chunks are never cut: messages are mapped back to files by them. */
objects.luaO_chunkid = (source) => source.subarray(1);
