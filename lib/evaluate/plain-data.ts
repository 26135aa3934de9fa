/**
 * Plain data as the rest of the house has it, from and to plain data as a VM has it: text here, bytes there.
 *
 * Must not know: tables, where the data goes.
 */
import { LuaFloat, type Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import {
  bytesOf,
  Float,
  float,
  type Plain as LuaPlain,
  LuaTable,
  type LuaValue,
  type PlainProblem,
  plainOf,
  textOf,
} from '../lua/vm.ts';

/** Deeper than any data that a person or a program means. */
const deepest = 200;

/** More values than this are no outputs and no settings; the same table counts wherever it stands. */
const mostValues = 1_000_000;

/** A deep copy of a Lua value other than nil; `whole` is what a fault calls it: "the returned table". */
export function plainData(
  value: LuaValue,
  whole: string,
): Result<Plain, { readonly path: readonly string[]; readonly says: string }> {
  const fail = (path: readonly string[], says: string) => err({ path, says });
  // A copy repeats a shared table at each place: a few tables that refer to each other can stand for billions.
  if (copiedSize(value) > mostValues) return fail([], `${whole} holds more than ${mostValues} values`);
  const copied = plainOf(value);
  if (!copied.ok) return fail(copied.error.path, sayPlainProblem(copied.error, whole));
  const data = fromLua(copied.value);
  return data.ok ? data : fail([], data.error);
}

/** How many values a deep copy would have; a cycle or a very deep table counts once, and is refused by the copy itself. */
function copiedSize(value: LuaValue): number {
  const known = new Map<LuaTable, number>();
  const sizeOf = (item: LuaValue, depth: number): number => {
    if (!(item instanceof LuaTable) || depth > deepest) return 1;
    const before = known.get(item);
    if (before !== undefined) return before;
    known.set(item, 1);
    let size = 1;
    for (const [, inner] of item.entries()) size += sizeOf(inner, depth + 1);
    known.set(item, size);
    return size;
  };
  return sizeOf(value, 0);
}

/** Strings become text, or bytes where they are not UTF-8. A key must be text. */
function fromLua(data: LuaPlain): Result<Plain, string> {
  if (typeof data === 'string') return ok(textOrBytes(data));
  if (typeof data === 'number') return ok(isFloat(data) ? new LuaFloat(data) : data);
  if (typeof data !== 'object') return ok(data);
  if (data instanceof Float) return ok(new LuaFloat(data.value));
  if (data instanceof Map) return mapFromLua(data);
  const items: Plain[] = [];
  for (const item of data as readonly LuaPlain[]) {
    const made = fromLua(item);
    if (!made.ok) return made;
    items.push(made.value);
  }
  return ok(items);
}

/** Whole, but past the 32 bits of Lua's integers. */
const isFloat = (number: number): boolean => Number.isInteger(number) && number !== (number | 0);

function mapFromLua(data: ReadonlyMap<string, LuaPlain>): Result<Plain, string> {
  const entries: [string, Plain][] = [];
  for (const [key, item] of data) {
    const name = textOrBytes(key);
    if (typeof name !== 'string') return err('a key is not UTF-8');
    const made = fromLua(item);
    if (!made.ok) return made;
    entries.push([name, made.value]);
  }
  // Unlike assignment, this gives a key called `__proto__` no meaning.
  return ok(Object.fromEntries(entries));
}

/** Bytes that are UTF-8 as text, others as they are. */
function textOrBytes(bytes: string): string | Uint8Array {
  const decoded = textOf(bytes);
  return bytesOf(decoded) === bytes ? decoded : new Uint8Array(Buffer.from(bytes, 'latin1'));
}

/**
 * Plain data as a value of a VM. Null is nil: an entry that is null is absent, an item that is null leaves a gap.
 * Null as an answer of its own stands for data that is nested too deep.
 */
export function toLua(vm: { table(): LuaTable }, data: Plain): { readonly value: LuaValue } | null {
  let tooDeep = false;
  const make = (item: Plain, depth: number): LuaValue => {
    if (item === null || typeof item === 'boolean' || typeof item === 'number') return item;
    if (typeof item === 'string') return bytesOf(item);
    if (item instanceof LuaFloat) return float(item.value);
    if (item instanceof Uint8Array) return Buffer.from(item).toString('latin1');
    if (depth > deepest) {
      tooDeep = true;
      return null;
    }
    const table = vm.table();
    const entries: readonly (readonly [LuaValue, Plain])[] = Array.isArray(item)
      ? item.map((one: Plain, index) => [index + 1, one])
      : Object.entries(item).map(([key, one]) => [bytesOf(key), one]);
    for (const [key, one] of entries) {
      const made = make(one, depth + 1);
      if (made !== null) table.set(key, made);
    }
    return table;
  };
  const value = make(data, 0);
  return tooDeep ? null : { value };
}

/** Why a value is not plain data. */
function sayPlainProblem(problem: PlainProblem, whole: string): string {
  const at = problem.path.length === 0 ? whole : `'${problem.path.join('.')}' in ${whole}`;
  switch (problem.reason) {
    case 'type':
      return `${at} is a ${problem.type === 'thread' ? 'coroutine' : problem.type}`;
    case 'cycle':
      return `${at} contains itself`;
    case 'mixed-keys':
      return `${at} has keys that are neither 1…n nor all strings`;
    case 'key-type':
      return `${at} has a key that is a ${problem.type}`;
    case 'not-finite':
      return `${at} is not a finite number`;
    case 'too-deep':
      return `${at} is nested too deep`;
    default:
      return unreachable(problem.reason);
  }
}
