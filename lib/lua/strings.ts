/**
 * Lua's library `string`.
 *
 * Everything that makes a long string asks the machine first. `dump` gives nothing: no one here loads binary code.
 * Must not know: anything else of its VM.
 */
import { pushToString } from './base.ts';
import {
  aux,
  type Bytes,
  latin1,
  lua,
  type Native,
  pushBytes,
  pushLatin1,
  type State,
  stringBytes,
  valueAt,
} from './engine.ts';
import {
  type Directive,
  formatFloat,
  formatInteger,
  formatText,
  hasModifiers,
  parseDirective,
  quoteNumber,
  quoteString,
} from './format.ts';
import type { Machine } from './machine.ts';
import { maxInteger } from './numbers.ts';
import { packLibrary } from './pack.ts';
import { fromStart, searchLibrary } from './search.ts';

export function stringLibrary(machine: Machine): Readonly<Record<string, Native>> {
  return { ...plain, ...packLibrary(machine), ...searchLibrary(machine), ...making(machine) };
}

const mapBytes = (change: (byte: number) => number): Native => {
  return (L) => {
    pushBytes(L, aux.luaL_checkstring(L, 1).map(change));
    return 1;
  };
};

const plain: Readonly<Record<string, Native>> = {
  byte: (L) => {
    const bytes = aux.luaL_checkstring(L, 1);
    const from = fromStart(aux.luaL_optinteger(L, 2, 1), bytes.length);
    const to = Math.min(fromStart(aux.luaL_optinteger(L, 3, from), bytes.length), bytes.length);
    const first = Math.max(from, 1);
    if (first > to) return 0;
    aux.luaL_checkstack(L, to - first + 1, 'string slice too long');
    for (let i = first; i <= to; i += 1) lua.lua_pushinteger(L, bytes[i - 1] ?? 0);
    return to - first + 1;
  },
  char: (L) => {
    const count = lua.lua_gettop(L);
    const bytes = new Uint8Array(count);
    for (let i = 1; i <= count; i += 1) {
      const byte = aux.luaL_checkinteger(L, i);
      aux.luaL_argcheck(L, byte >= 0 && byte <= 255, i, 'value out of range');
      bytes[i - 1] = byte;
    }
    pushBytes(L, bytes);
    return 1;
  },
  dump: (L) => {
    aux.luaL_checktype(L, 1, lua.LUA_TFUNCTION);
    return aux.luaL_error(L, 'unable to dump given function');
  },
  len: (L) => {
    lua.lua_pushinteger(L, aux.luaL_checkstring(L, 1).length);
    return 1;
  },
  lower: mapBytes((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte)),
  upper: mapBytes((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte)),
  reverse: (L) => {
    pushBytes(L, aux.luaL_checkstring(L, 1).slice().reverse());
    return 1;
  },
  sub: (L) => {
    const bytes = aux.luaL_checkstring(L, 1);
    const from = Math.max(fromStart(aux.luaL_checkinteger(L, 2), bytes.length), 1);
    const to = Math.min(fromStart(aux.luaL_optinteger(L, 3, -1), bytes.length), bytes.length);
    pushBytes(L, bytes.slice(from - 1, Math.max(from - 1, to)));
    return 1;
  },
};

const making = (machine: Machine): Readonly<Record<string, Native>> => ({
  rep: (L) => {
    const bytes = aux.luaL_checkstring(L, 1);
    const count = aux.luaL_checkinteger(L, 2);
    const separator = lua.lua_isnoneornil(L, 3) ? new Uint8Array() : aux.luaL_checkstring(L, 3);
    const size = count <= 0 ? 0 : bytes.length * count + separator.length * (count - 1);
    machine.reserve(L, size);
    if (size > maxInteger) return aux.luaL_error(L, 'resulting string too large');
    pushBytes(L, repeat(bytes, separator, size));
    return 1;
  },
  format: (L) => formatValues(machine, L),
});

/** `bytes` and `separator` by turns, up to `size` bytes. */
function repeat(bytes: Bytes, separator: Bytes, size: number): Bytes {
  const result = new Uint8Array(size);
  const unit = bytes.length + separator.length;
  if (size === 0 || unit === 0) return result;
  result.set(bytes);
  if (size > bytes.length) result.set(separator, bytes.length);
  // What is there is doubled, so that the number of copies does not grow with the count.
  for (let filled = unit; filled < size; filled *= 2) {
    result.copyWithin(filled, 0, Math.min(filled, size - filled));
  }
  return result;
}

function formatValues(machine: Machine, L: State): number {
  const format = latin1(aux.luaL_checkstring(L, 1));
  const parts: string[] = [];
  let size = 0;
  let arg = 1;
  let at = 0;
  for (;;) {
    const percent = format.indexOf('%', at);
    if (percent < 0) break;
    if (percent > at) parts.push(format.slice(at, percent));
    if (format.charAt(percent + 1) === '%') {
      parts.push('%');
      at = percent + 2;
      continue;
    }
    arg += 1;
    if (arg > lua.lua_gettop(L)) aux.luaL_argerror(L, arg, 'no value');
    const directive = parseDirective(format, percent + 1);
    if ('problem' in directive) return aux.luaL_error(L, directive.problem);
    const part = formatOne(L, directive, arg);
    size += part.length;
    machine.reserve(L, size);
    parts.push(part);
    at = directive.end;
  }
  parts.push(format.slice(at));
  pushLatin1(L, parts.join(''));
  return 1;
}

function formatOne(L: State, directive: Directive, arg: number): string {
  switch (directive.letter) {
    case 'c':
      return formatText(
        { ...directive, precision: null },
        String.fromCharCode(aux.luaL_checkinteger(L, arg) & 255),
      );
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      return formatInteger(directive, checkWhole(L, arg));
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      return formatFloat(directive, aux.luaL_checknumber(L, arg));
    case 'q':
      return quote(L, arg);
    case 's':
      return formatAny(L, directive, arg);
    default: {
      const letter = directive.letter;
      const shown = /^[ -~]$/.test(letter) ? letter : `<\\${letter === '' ? 0 : letter.charCodeAt(0)}>`;
      return aux.luaL_error(L, `invalid option '%%${shown.replace('%', '%%')}' to 'format'`);
    }
  }
}

/** Floats may be whole beyond the integers of this machine; they are written as PUC's 64 bits would be. */
function checkWhole(L: State, arg: number): bigint {
  const number = lua.lua_tonumberx(L, arg);
  if (number === false) aux.luaL_checknumber(L, arg);
  if (typeof number !== 'number' || !Number.isInteger(number) || Math.abs(number) > 2 ** 63) {
    return aux.luaL_argerror(L, arg, 'number has no integer representation');
  }
  return BigInt(number);
}

function quote(L: State, arg: number): string {
  switch (lua.lua_type(L, arg)) {
    case lua.LUA_TSTRING:
      return quoteString(latin1(stringBytes(valueAt(L, arg))));
    case lua.LUA_TNUMBER:
      return quoteNumber(aux.luaL_checknumber(L, arg), !lua.lua_isinteger(L, arg));
    case lua.LUA_TNIL:
    case lua.LUA_TBOOLEAN:
      return toText(L, arg);
    default:
      return aux.luaL_argerror(L, arg, 'value has no literal form');
  }
}

function formatAny(L: State, directive: Directive, arg: number): string {
  const text = toText(L, arg);
  if (!hasModifiers(directive)) return text;
  if (text.includes('\0')) return aux.luaL_argerror(L, arg, 'string contains zeros');
  return formatText(directive, text);
}

function toText(L: State, arg: number): string {
  const text = latin1(pushToString(L, arg));
  lua.lua_pop(L, 1);
  return text;
}
