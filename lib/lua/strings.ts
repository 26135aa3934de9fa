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
import { type Capture, isLiteral, type Match, Matcher, PatternProblem } from './patterns.ts';

export function stringLibrary(machine: Machine): Readonly<Record<string, Native>> {
  return { ...plain, ...packLibrary, ...searching(machine), ...making(machine) };
}

/** A position from the end becomes one from the start; 0 is before the first. */
export const fromStart = (at: number, length: number): number => {
  if (at >= 0) return at;
  return -at > length ? 0 : length + at + 1;
};

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

/** Runs a search; what is wrong with its pattern becomes an error of the caller. */
function guarded<T>(L: State, search: () => T): T {
  try {
    return search();
  } catch (problem) {
    if (!(problem instanceof PatternProblem)) throw problem;
    return aux.luaL_error(L, problem.message.replaceAll('%', '%%'));
  }
}

function searching(machine: Machine): Readonly<Record<string, Native>> {
  const pause = (): void => {
    machine.meter.sample();
    machine.check();
  };
  const matcher = (subject: Bytes, pattern: Bytes): Matcher => new Matcher(subject, pattern, pause);

  const find = (L: State, wantsPlace: boolean): number => {
    const subject = aux.luaL_checkstring(L, 1);
    const pattern = aux.luaL_checkstring(L, 2);
    const from = Math.max(fromStart(aux.luaL_optinteger(L, 3, 1), subject.length), 1);
    if (from > subject.length + 1) {
      lua.lua_pushnil(L);
      return 1;
    }
    if (wantsPlace && (lua.lua_toboolean(L, 4) || isLiteral(pattern))) {
      const at = Buffer.prototype.indexOf.call(subject, pattern as Buffer, from - 1);
      return pushPlace(L, at < 0 ? null : { start: at, end: at + pattern.length, captures: [] });
    }
    const match = guarded(L, () => matcher(subject, pattern).find(from - 1));
    if (match === null || wantsPlace) return pushPlace(L, match, subject);
    return pushCaptures(L, subject, match, true);
  };

  return {
    find: (L) => find(L, true),
    match: (L) => find(L, false),
    gmatch: (L) => {
      const subject = aux.luaL_checkstring(L, 1);
      const pattern = aux.luaL_checkstring(L, 2);
      let from = 0;
      let lastEnd = -1;
      lua.lua_pushcfunction(L, (state) => {
        // Here `^` has no meaning of its own, so every start is tried one by one.
        const one = matcher(subject, pattern);
        for (; from <= subject.length; from += 1) {
          const match = guarded(state, () => one.matchAt(from));
          if (match === null || match.end === lastEnd) continue;
          from = match.end;
          lastEnd = match.end;
          return pushCaptures(state, subject, match, true);
        }
        return 0;
      });
      return 1;
    },
    gsub: (L) => substitute(machine, L, matcher),
  };
}

function pushPlace(L: State, match: Match | null, subject: Bytes = new Uint8Array()): number {
  if (match === null) {
    lua.lua_pushnil(L);
    return 1;
  }
  lua.lua_pushinteger(L, match.start + 1);
  lua.lua_pushinteger(L, match.end);
  return 2 + pushCaptures(L, subject, match, false);
}

/** All captures; the whole match if there are none and `orWhole` says so. */
function pushCaptures(L: State, subject: Bytes, match: Match, orWhole: boolean): number {
  if (match.captures.length === 0 && orWhole) {
    pushBytes(L, subject.slice(match.start, match.end));
    return 1;
  }
  lua.lua_checkstack(L, match.captures.length);
  for (const capture of match.captures) pushCapture(L, subject, capture);
  return match.captures.length;
}

function pushCapture(L: State, subject: Bytes, capture: Capture): void {
  if ('unfinished' in capture) aux.luaL_error(L, 'unfinished capture');
  else if ('position' in capture) lua.lua_pushinteger(L, capture.position);
  else pushBytes(L, subject.slice(capture.start, capture.end));
}

type Replace = (match: Match) => Bytes | null;

function substitute(
  machine: Machine,
  L: State,
  matcher: (subject: Bytes, pattern: Bytes) => Matcher,
): number {
  const subject = aux.luaL_checkstring(L, 1);
  const pattern = aux.luaL_checkstring(L, 2);
  const replace = replacer(L, subject);
  const most = aux.luaL_optinteger(L, 4, subject.length + 1);
  const anchored = pattern[0] === 94;
  const one = matcher(subject, pattern);
  const parts: Bytes[] = [];
  let size = 0;
  const add = (part: Bytes): void => {
    size += part.length;
    machine.reserve(L, size);
    parts.push(part);
  };
  let count = 0;
  let at = 0;
  let copied = 0;
  let lastEnd = -1;
  while (count < most) {
    const match = guarded(L, () => one.matchAt(at, anchored ? 1 : 0));
    // An empty match just after another match is a part of that one.
    if (match !== null && match.end !== lastEnd) {
      count += 1;
      add(subject.subarray(copied, match.start));
      add(replace(match) ?? subject.subarray(match.start, match.end));
      copied = match.end;
      at = match.end;
      lastEnd = match.end;
    } else if (at < subject.length) {
      at += 1;
    } else {
      break;
    }
    if (anchored) break;
  }
  add(subject.subarray(copied));
  pushBytes(L, count === 0 ? subject : joined(parts, size));
  lua.lua_pushinteger(L, count);
  return 2;
}

function joined(parts: readonly Bytes[], size: number): Bytes {
  const result = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** What the third argument of `gsub` makes of a match; null keeps it. */
function replacer(L: State, subject: Bytes): Replace {
  switch (lua.lua_type(L, 3)) {
    case lua.LUA_TNUMBER:
    case lua.LUA_TSTRING: {
      const template = latin1(aux.luaL_checkstring(L, 3));
      return (match) => fillTemplate(L, template, subject, match);
    }
    case lua.LUA_TTABLE:
      return (match) => {
        pushFirst(L, subject, match);
        lua.lua_gettable(L, 3);
        return popReplacement(L);
      };
    case lua.LUA_TFUNCTION:
      return (match) => {
        lua.lua_pushvalue(L, 3);
        const count = pushCaptures(L, subject, match, true);
        lua.lua_call(L, count, 1);
        return popReplacement(L);
      };
    default:
      return aux.luaL_argerror(L, 3, 'string/function/table expected');
  }
}

function pushFirst(L: State, subject: Bytes, match: Match): void {
  const [first = { start: match.start, end: match.end }] = match.captures;
  pushCapture(L, subject, first);
}

function popReplacement(L: State): Bytes | null {
  if (!lua.lua_toboolean(L, -1)) {
    lua.lua_pop(L, 1);
    return null;
  }
  if (!lua.lua_isstring(L, -1)) {
    return aux.luaL_error(L, 'invalid replacement value (a %s)', aux.luaL_typename(L, -1));
  }
  const bytes = lua.lua_tolstring(L, -1);
  lua.lua_pop(L, 1);
  return bytes;
}

function fillTemplate(L: State, template: string, subject: Bytes, match: Match): Bytes {
  const filled = template.replace(/%(.?)/gs, (_, sign: string) => {
    if (sign === '%') return '%';
    if (!/^\d$/.test(sign)) return aux.luaL_error(L, "invalid use of '%%' in replacement string");
    if (sign === '0') return latin1(subject.subarray(match.start, match.end));
    const capture = match.captures[Number(sign) - 1];
    if (capture === undefined && sign === '1') return latin1(subject.subarray(match.start, match.end));
    if (capture === undefined) {
      return aux.luaL_error(L, 'invalid capture index %%%d', Number(sign));
    }
    if ('unfinished' in capture) return aux.luaL_error(L, 'unfinished capture');
    return 'position' in capture
      ? String(capture.position)
      : latin1(subject.subarray(capture.start, capture.end));
  });
  return new Uint8Array(Buffer.from(filled, 'latin1'));
}
