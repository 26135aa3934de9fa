/**
 * Plain data out of a VM: what one job gives to another.
 *
 * A copy shares nothing with the VM. Keys 1…n make a sequence, string keys a map; an empty table is an empty map.
 * Must not know: what the data is for.
 */
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import { type ByteString, Float, LuaTable, type LuaValue, numberOf, textOf, typeOf } from './values.ts';

/** Bytes stay bytes, and floats floats; `Float` is a whole one. */
export type Plain = boolean | number | Float | ByteString | readonly Plain[] | ReadonlyMap<ByteString, Plain>;

/** What can't be copied, and the way to it: `["steps", "2", "run"]`. */
export type PlainProblem = {
  readonly reason: 'type' | 'cycle' | 'mixed-keys' | 'key-type' | 'not-finite' | 'too-deep';
  readonly path: readonly string[];
  /** The Lua type that is at fault. */
  readonly type: string;
};

const deepest = 200;

/** A deep copy of a value other than nil. */
export function plainOf(value: LuaValue): Result<Plain, PlainProblem> {
  const path: string[] = [];
  const open = new Set<LuaTable>();
  const fail = (reason: PlainProblem['reason'], at: LuaValue): Result<Plain, PlainProblem> =>
    err({ reason, path: [...path], type: typeOf(at) });

  const copyTable = (table: LuaTable): Result<Plain, PlainProblem> => {
    const entries = [...table.entries()];
    const keys = entries.map(([key]) => key);
    const wrong = keys.find((key) => typeof key !== 'string' && typeof key !== 'number');
    if (wrong !== undefined) return fail('key-type', wrong);
    const numbers = keys.filter((key) => typeof key === 'number');
    if (numbers.length === 0) return copyMap(entries);
    // n different whole numbers from 1 to n are a sequence; anything else is not.
    const whole = numbers.every((key) => Number.isInteger(key) && key >= 1 && key <= keys.length);
    return numbers.length === keys.length && whole
      ? copySequence(table, keys.length)
      : fail('mixed-keys', table);
  };

  const copySequence = (table: LuaTable, count: number): Result<Plain, PlainProblem> => {
    const items: Plain[] = [];
    for (let i = 1; i <= count; i += 1) {
      const item = inside(String(i), table.get(i));
      if (!item.ok) return item;
      items.push(item.value);
    }
    return ok(items);
  };

  const copyMap = (entries: readonly [LuaValue, LuaValue][]): Result<Plain, PlainProblem> => {
    const map = new Map<ByteString, Plain>();
    for (const [key, item] of entries) {
      if (typeof key !== 'string') return fail('key-type', key);
      const copied = inside(textOf(key), item);
      if (!copied.ok) return copied;
      map.set(key, copied.value);
    }
    return ok(map);
  };

  const inside = (step: string, item: LuaValue): Result<Plain, PlainProblem> => {
    path.push(step);
    const copied = copy(item);
    path.pop();
    return copied;
  };

  const copy = (item: LuaValue): Result<Plain, PlainProblem> => {
    if (typeof item === 'boolean' || typeof item === 'string') return ok(item);
    if (typeof item === 'number' || item instanceof Float) {
      return Number.isFinite(numberOf(item)) ? ok(item) : fail('not-finite', item);
    }
    if (!(item instanceof LuaTable)) return fail('type', item);
    if (open.has(item)) return fail('cycle', item);
    if (path.length >= deepest) return fail('too-deep', item);
    open.add(item);
    const copied = copyTable(item);
    open.delete(item);
    return copied;
  };

  return copy(value);
}
