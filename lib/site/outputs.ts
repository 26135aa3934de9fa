/**
 * What a job returned, as lines of names and values that a page can show.
 *
 * Pure, and bounded whatever was returned: all of it is in the job's `outputs.yml`. Must not know: YAML, markup.
 */
import { LuaFloat, type Plain } from '../base/plain.ts';
import { counted } from '../base/text.ts';
import { cut } from './row.ts';

/** `artifacts[2].name` and its value. */
export type OutputLine = { readonly name: string; readonly text: string };

export type OutputLines = {
  readonly lines: readonly OutputLine[];
  /** Whether there is more than these. */
  readonly more: boolean;
};

const mostLines = 100;
const longestName = 200;
const longestValue = 2000;

/** Every value by the way that leads to it, as a pipeline would write it. */
export function outputLines(outputs: Plain | null): OutputLines {
  if (outputs === null) return { lines: [], more: false };
  const lines: OutputLine[] = [];
  for (const [name, text] of leaves(outputs, '')) {
    if (lines.length === mostLines) return { lines, more: true };
    lines.push({ name: cut(name, longestName), text: cut(text, longestValue) });
  }
  return { lines, more: false };
}

function* leaves(value: Plain, name: string): Generator<[name: string, text: string]> {
  const parts = partsOf(value);
  if (parts === null) yield [name, sayValue(value)];
  else if (parts.length === 0) yield [name, '{}'];
  else
    for (const [key, part] of parts)
      yield* leaves(part, name === '' ? key.replace(/^\./, '') : `${name}${key}`);
}

/** The parts of a table by what their names add; null for what has none. */
function partsOf(value: Plain): [key: string, part: Plain][] | null {
  if (typeof value !== 'object' || value === null) return null;
  if (value instanceof LuaFloat || value instanceof Uint8Array) return null;
  if (Array.isArray(value)) {
    return (value as readonly Plain[]).map((part, index) => [`[${index + 1}]`, part]);
  }
  return Object.entries(value as { readonly [key: string]: Plain }).map(([key, part]) => [`.${key}`, part]);
}

function sayValue(value: Plain): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return `${counted(value.length, 'byte')} that are not text`;
  if (value instanceof LuaFloat)
    return Number.isInteger(value.value) ? `${value.value}.0` : String(value.value);
  return value === null ? 'nil' : String(value);
}
