/**
 * What the value of a setting may be: each kind reads plain data and can say what it wanted.
 *
 * Must not know: which setting has which kind.
 */
import { LuaFloat, type Plain } from '../base/plain.ts';
import { parseDuration } from '../base/text.ts';

export type Kind<T> = {
  /** Completes "must be …". */
  readonly wanted: string;
  read(value: Plain): { readonly value: T } | null;
};

export type PlainMap = { readonly [key: string]: Plain };

/** An empty table is an empty map and an empty sequence. */
export const isMap = (value: Plain): value is PlainMap =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof LuaFloat) &&
  !(value instanceof Uint8Array);

function kind<T>(wanted: string, read: (value: Plain) => T | null): Kind<T> {
  return {
    wanted,
    read: (value) => {
      const found = read(value);
      return found === null ? null : { value: found };
    },
  };
}

const numberIn = (value: Plain): number | null =>
  value instanceof LuaFloat ? value.value : typeof value === 'number' ? value : null;

const whole = (value: Plain, least: number): number | null => {
  const number = numberIn(value);
  return number !== null && Number.isInteger(number) && number >= least ? number : null;
};

export const text = kind('a string', (value) =>
  typeof value === 'string' && value !== '' && !value.includes('\0') ? value : null,
);

export const flag = kind('true or false', (value) => (typeof value === 'boolean' ? value : null));

export const count = kind('a whole number from 0 on', (value) => whole(value, 0));

export const positiveCount = kind('a whole number from 1 on', (value) => whole(value, 1));

export const positive = kind('a number above 0', (value) => {
  const number = numberIn(value);
  return number !== null && number > 0 ? number : null;
});

/** Milliseconds. */
export const duration = kind('a duration such as "90s", "5m", "1h30m" or a number of seconds', (value) => {
  const number = numberIn(value);
  if (number === null && typeof value !== 'string') return null;
  const milliseconds = parseDuration(number ?? (value as string));
  return milliseconds === null || milliseconds <= 0 ? null : milliseconds;
});

const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

export const bytesOfSize = kind('a number of bytes or a size such as "256m" or "2g"', (value) => {
  if (typeof value !== 'string') return whole(value, 1);
  const [, amount, unit = ''] = /^(\d+) ?([kmg]?)(?:i?b)?$/i.exec(value.trim()) ?? [];
  const size = Number(amount) * (units[unit.toLowerCase()] ?? Number.NaN);
  return Number.isSafeInteger(size) && size > 0 ? size : null;
});

export const variableName = kind('the name of a variable', (value) =>
  typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? value : null,
);

export const environmentOf = kind(
  'a table of variables and strings (no name may begin with QUIRE_)',
  (value): Record<string, string> | null => {
    if (!isMap(value)) return null;
    const entries = Object.entries(value).map(([name, item]): [string, string] | null => {
      const number = numberIn(item);
      const written = typeof item === 'string' && !item.includes('\0') ? item : null;
      const is = variableName.read(name) !== null && !name.startsWith('QUIRE_');
      if (!is || (written === null && number === null)) return null;
      return [name, written ?? String(number)];
    });
    return entries.includes(null) ? null : Object.fromEntries(entries.filter((entry) => entry !== null));
  },
);

export function sequenceOf<T>(of: string, item: Kind<T>): Kind<T[]> {
  return kind(`a sequence of ${of}`, (value) => {
    if (isMap(value)) return Object.keys(value).length === 0 ? [] : null;
    if (!Array.isArray(value)) return null;
    const items = value.map((one: Plain) => item.read(one));
    return items.includes(null) ? null : items.flatMap((one) => (one === null ? [] : [one.value]));
  });
}
