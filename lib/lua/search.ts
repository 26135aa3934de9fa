/**
 * The part of Lua's library `string` that looks for patterns: `find gmatch gsub match`.
 *
 * Must not know: how patterns match (`patterns.ts`).
 */
import { aux, type Bytes, latin1, lua, type Native, pushBytes, type State } from './engine.ts';
import type { Machine } from './machine.ts';
import { type Capture, isLiteral, type Match, Matcher, PatternProblem } from './patterns.ts';

/** A position from the end becomes one from the start; 0 is before the first. */
export const fromStart = (at: number, length: number): number => {
  if (at >= 0) return at;
  return -at > length ? 0 : length + at + 1;
};

/** Runs a search; what is wrong with its pattern becomes an error of the caller. */
function guarded<T>(L: State, search: () => T): T {
  try {
    return search();
  } catch (problem) {
    if (!(problem instanceof PatternProblem)) throw problem;
    return aux.luaL_error(L, problem.message.replaceAll('%', '%%'));
  }
}

export function searchLibrary(machine: Machine): Readonly<Record<string, Native>> {
  const matcher = (subject: Bytes, pattern: Bytes): Matcher =>
    new Matcher(subject, pattern, () => machine.pause());

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
      // Many small parts take more than their bytes.
      if (count % 4096 === 0) machine.pause();
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
