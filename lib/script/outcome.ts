/**
 * How a job ended, once its run function returned: the rules of the contract, first match.
 *
 * Must not know: how a run function is run, or what raised errors look like.
 */
import type { Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';
import { plainData } from '../evaluate/plain-data.ts';
import { type Float, LuaTable, type LuaValue, numberOf, textOf, typeOf } from '../lua/vm.ts';
import type { JobEnd } from './script.ts';

/** What an attempt did so far. */
export type Deeds = {
  /** Whether it ran, wrote or logged anything. */
  acted: boolean;
  /** Commands that did not exit 0 and whose `exit` nobody has looked at, by number. */
  readonly unchecked: Map<number, { readonly exit: number; readonly signal: string | null }>;
};

export const noDeeds = (): Deeds => ({ acted: false, unchecked: new Map() });

const failed = (error: string): JobEnd => ({ state: 'failed', error, diagnostic: null });

/** The end of an attempt that returned `values`. */
export function outcomeOf(values: readonly LuaValue[], deeds: Deeds): JobEnd {
  const [value = null] = values;
  // Reading them is a look at every result among them, so it comes before the question what was never looked at.
  const outputs = copyOf(value);
  for (const other of values.slice(1)) copyOf(other);
  const returned = value instanceof LuaTable ? failedExit(value) : null;
  if (returned !== null) return failed(returned);
  const [unchecked] = deeds.unchecked;
  if (unchecked !== undefined) {
    const [sh, { exit, signal }] = unchecked;
    const how = signal === null ? `exited ${exit}` : `was ended by ${signal}`;
    return failed(`command ${sh} ${how} and its result was never checked`);
  }
  if (value === null && !deeds.acted) return { state: 'skipped' };
  return outputs.ok ? { state: 'complete', outputs: outputs.value } : failed(outputs.error);
}

/** What a returned table that has an `exit` other than 0 says, or null. */
function failedExit(table: LuaTable): string | null {
  const exit = table.get('exit');
  if (exit === null || (isNumber(exit) && numberOf(exit) === 0)) return null;
  const cmd = table.get('cmd');
  const signal = table.get('signal');
  if (typeof cmd !== 'string') return `returned a table whose exit is ${exitText(exit)}`;
  const how = typeof signal === 'string' ? `was ended by ${textOf(signal)}` : `exited ${exitText(exit)}`;
  return `returned the result of \`${textOf(cmd)}\`, which ${how}`;
}

const isNumber = (value: LuaValue): value is number | Float => typeOf(value) === 'number';

function exitText(exit: LuaValue): string {
  if (isNumber(exit)) return String(numberOf(exit));
  if (typeof exit === 'string') return textOf(exit);
  return typeof exit === 'boolean' ? String(exit) : `a ${typeOf(exit)}`;
}

/** A returned table as outputs; null for any other value. */
function copyOf(value: LuaValue): Result<Plain | null, string> {
  if (!(value instanceof LuaTable)) return ok(null);
  const data = plainData(value, 'the returned table');
  return data.ok ? data : err(`outputs must be plain data: ${data.error.says}`);
}
