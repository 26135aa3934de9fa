/**
 * The part of Lua's library `os` that a pipeline has: `clock date difftime time`.
 *
 * Seconds past the 32 bits of an integer are a float here. The time zone is the process's.
 * Must not know: files, the environment, or how to end anything.
 */
import type { Clock } from '../base/clock.ts';
import {
  type CivilTime,
  civilOf,
  isDaylightSaving,
  secondsOfLocal,
  strftime,
  validConversion,
  zoneOffset,
} from './calendar.ts';
import { aux, latin1, lua, type Native, pushLatin1, type State } from './engine.ts';
import { maxInteger, minInteger } from './numbers.ts';

/** Above this a field could overflow a C `int` on the way. */
const maxField = 1073741823;

export const dateLibrary = (now: Clock): Readonly<Record<string, Native>> => ({
  clock: (L) => {
    const { user, system } = process.cpuUsage();
    lua.lua_pushnumber(L, (user + system) / 1e6);
    return 1;
  },
  date: (L) => {
    const format = lua.lua_isnoneornil(L, 1) ? '%c' : latin1(aux.luaL_checkstring(L, 1));
    const seconds = lua.lua_isnoneornil(L, 2) ? Math.floor(now() / 1000) : checkSeconds(L, 2);
    const utc = format.startsWith('!');
    const offset = utc ? 0 : zoneOffset(seconds);
    const time = civilOf(seconds + offset);
    if (Math.abs(time.year) > maxInteger) {
      return aux.luaL_error(L, 'date result cannot be represented in this installation');
    }
    const daylight = !utc && isDaylightSaving(seconds);
    const pattern = utc ? format.slice(1) : format;
    if (pattern.startsWith('*t')) return pushFields(L, time, daylight);
    return formatDate(L, pattern, time, { seconds, offset, utc });
  },
  difftime: (L) => {
    lua.lua_pushnumber(L, checkSeconds(L, 1) - checkSeconds(L, 2));
    return 1;
  },
  time: (L) => {
    if (lua.lua_isnoneornil(L, 1)) {
      pushSeconds(L, Math.floor(now() / 1000));
      return 1;
    }
    aux.luaL_checktype(L, 1, lua.LUA_TTABLE);
    lua.lua_settop(L, 1);
    // In this order PUC Lua looks for what is missing.
    const local = {
      second: field(L, 'sec', 0),
      minute: field(L, 'min', 0),
      hour: field(L, 'hour', 12),
      day: field(L, 'day', null),
      month: field(L, 'month', null),
      year: field(L, 'year', null),
    };
    const seconds = secondsOfLocal(local, daylightField(L));
    // The table is brought into order, as by C's mktime.
    setFields(L, 1, civilOf(seconds + zoneOffset(seconds)), isDaylightSaving(seconds));
    pushSeconds(L, seconds);
    return 1;
  },
});

function pushSeconds(L: State, seconds: number): void {
  if (seconds >= minInteger && seconds <= maxInteger) lua.lua_pushinteger(L, seconds);
  else lua.lua_pushnumber(L, seconds);
}

function checkSeconds(L: State, arg: number): number {
  const seconds = aux.luaL_checknumber(L, arg);
  return Number.isInteger(seconds) ? seconds : aux.luaL_checkinteger(L, arg);
}

function field(L: State, name: string, otherwise: number | null): number {
  const type = lua.lua_getfield(L, 1, name);
  const value = lua.lua_tonumberx(L, -1);
  lua.lua_pop(L, 1);
  if (value !== false && Number.isInteger(value)) {
    if (Math.abs(value) > maxField) return aux.luaL_error(L, "field '%s' is out-of-bound", name);
    return value;
  }
  if (type !== lua.LUA_TNIL) return aux.luaL_error(L, "field '%s' is not an integer", name);
  return otherwise ?? aux.luaL_error(L, "field '%s' missing in date table", name);
}

function daylightField(L: State): boolean | null {
  const type = lua.lua_getfield(L, 1, 'isdst');
  const value = lua.lua_toboolean(L, -1);
  lua.lua_pop(L, 1);
  return type === lua.LUA_TNIL ? null : value;
}

function pushFields(L: State, time: CivilTime, daylight: boolean): number {
  lua.lua_createtable(L, 0, 9);
  setFields(L, lua.lua_gettop(L), time, daylight);
  return 1;
}

function setFields(L: State, table: number, time: CivilTime, daylight: boolean): void {
  const fields: readonly [string, number][] = [
    ['sec', time.second],
    ['min', time.minute],
    ['hour', time.hour],
    ['day', time.day],
    ['month', time.month],
    ['year', time.year],
    ['wday', time.weekday + 1],
    ['yday', time.yearday + 1],
  ];
  for (const [name, value] of fields) {
    lua.lua_pushinteger(L, value);
    lua.lua_setfield(L, table, name);
  }
  lua.lua_pushboolean(L, daylight);
  lua.lua_setfield(L, table, 'isdst');
}

type Zone = { readonly seconds: number; readonly offset: number; readonly utc: boolean };

function formatDate(L: State, pattern: string, time: CivilTime, zone: Zone): number {
  let text = '';
  let at = 0;
  while (at < pattern.length) {
    const character = pattern.charAt(at);
    at += 1;
    if (character !== '%') {
      text += character;
      continue;
    }
    const conversion = validConversion(pattern.slice(at));
    if (conversion === null) {
      return aux.luaL_argerror(L, 1, `invalid conversion specifier '%${pattern.slice(at)}'`);
    }
    text += strftime(conversion.slice(-1), time, zone);
    at += conversion.length;
  }
  pushLatin1(L, text);
  return 1;
}
