/**
 * What a value that a pipeline gave must be: each check answers with the value in our words, or with what is wrong.
 *
 * Must not know: whether a fault is raised or collected.
 */
import { err, ok, type Result } from '../base/result.ts';
import { parseDuration } from '../base/text.ts';
import {
  bytesOf,
  type Float,
  LuaFunction,
  LuaTable,
  type LuaValue,
  numberOf,
  textOf,
  typeOf,
} from '../lua/vm.ts';

/** `says` reads after the name of the thing: "must be a string, not a number". */
export type Unfit = { readonly reason: 'type' | 'value'; readonly says: string };

export type Check<T> = (value: LuaValue) => Result<T, Unfit>;

export const unfit = (says: string): Result<never, Unfit> => err({ reason: 'value', says });

const article = (type: string): string => (type === 'nil' ? 'nil' : `a ${type}`);

const not = (value: LuaValue, wanted: string): Result<never, Unfit> =>
  err({ reason: 'type', says: `must be ${wanted}, not ${article(typeOf(value))}` });

/** UTF-8 without NUL: what can be a name, a path or an argument. */
export const text: Check<string> = (value) => {
  if (typeof value !== 'string') return not(value, 'a string');
  const decoded = textOf(value);
  if (decoded.includes('\0')) return unfit('must not hold a NUL byte');
  return bytesOf(decoded) === value ? ok(decoded) : unfit('must be UTF-8');
};

export const filledText: Check<string> = (value) => {
  const checked = text(value);
  return checked.ok && checked.value === '' ? unfit('must not be empty') : checked;
};

/** Any bytes. */
export const bytes: Check<Uint8Array> = (value) =>
  typeof value === 'string' ? ok(Buffer.from(value, 'latin1')) : not(value, 'a string');

export const yesOrNo: Check<boolean> = (value) =>
  typeof value === 'boolean' ? ok(value) : not(value, 'true or false');

export const runFunction: Check<LuaFunction> = (value) =>
  value instanceof LuaFunction ? ok(value) : not(value, 'a function');

export const table: Check<LuaTable> = (value) =>
  value instanceof LuaTable ? ok(value) : not(value, 'a table');

const isNumber = (value: LuaValue): value is number | Float => typeOf(value) === 'number';

/** A whole number from 0 on. */
export const count: Check<number> = (value) => {
  if (!isNumber(value)) return not(value, 'a whole number');
  const number = numberOf(value);
  return Number.isInteger(number) && number >= 0 ? ok(number) : unfit('must be a whole number from 0 on');
};

/** Milliseconds of `"90s"`, `"1h30m"` or a number of seconds; more than none. */
export const duration: Check<number> = (value) => {
  if (!isNumber(value) && typeof value !== 'string') {
    return not(value, 'a duration such as "90s", "5m" or a number of seconds');
  }
  const milliseconds = parseDuration(typeof value === 'string' ? textOf(value) : numberOf(value));
  return milliseconds === null || milliseconds <= 0
    ? unfit('must be a duration such as "90s", "5m" or "1h30m", or a number of seconds')
    : ok(milliseconds);
};

/** A sequence, each of its items checked. An empty table is an empty one. */
export function sequence<T>(of: string, check: Check<T>): Check<T[]> {
  return (value) => {
    if (!(value instanceof LuaTable)) return not(value, `a sequence of ${of}`);
    const entries = [...value.entries()];
    const items = value.items();
    if (entries.length !== items.length)
      return unfit(`must be a sequence of ${of}, without other keys or gaps`);
    const checked: T[] = [];
    for (const [index, item] of items.entries()) {
      const one = check(item);
      if (!one.ok) {
        return err({
          ...one.error,
          says: `must be a sequence of ${of}: item ${index + 1} ${one.error.says}`,
        });
      }
      checked.push(one.value);
    }
    return ok(checked);
  };
}

export const names: Check<string[]> = sequence('names', text);

/** Names and values that may go into a command's environment; a number is written as text. */
export function environment(numberText: (value: LuaValue) => string): Check<Record<string, string>> {
  return (value) => {
    if (!(value instanceof LuaTable)) return not(value, 'a table of names and strings');
    const found: [string, string][] = [];
    for (const [key, item] of value.entries()) {
      const name = text(key);
      if (!name.ok) return err({ ...name.error, says: `has a name that ${name.error.says}` });
      const bad = badVariable(name.value);
      if (bad !== null) return unfit(bad);
      const written = text(isNumber(item) ? numberText(item) : item);
      if (!written.ok) {
        return err({ ...written.error, says: `has a value for ${name.value} that ${written.error.says}` });
      }
      found.push([name.value, written.value]);
    }
    return ok(Object.fromEntries(found));
  };
}

/** Why a name can't be a variable of a command's environment, or null. */
export function badVariable(name: string): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return `has the name ${JSON.stringify(name)}, which is no identifier`;
  }
  return name.startsWith('QUIRE_') ? `has the name ${name}: QUIRE_ is kept for quire itself` : null;
}

/** The address of a remote: it becomes an argument of git. */
export const remoteUrl: Check<string> = (value) => {
  const checked = filledText(value);
  return checked.ok && /^-|[\s\p{Cc}]/u.test(checked.value)
    ? unfit('must be the address of a remote')
    : checked;
};
