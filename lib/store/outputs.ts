/**
 * What a job returned, as `outputs.yml`, and back.
 *
 * Bytes that are not UTF-8 stand as text with U+FFFD and, beside it, `<key>64`. Must not know: Lua.
 */
import { LuaFloat, type Plain } from '../base/plain.ts';
import { ok } from '../base/result.ts';
import { decodeBase64 } from './fields.ts';
import type { Parsed } from './records.ts';
import { type Data, isMap, parseYaml, writeYaml } from './yaml.ts';

/** Longer strings are cut: outputs are for small facts, logs and caches for the rest. */
export const longestOutput = 64 * 1024;

export const outputsText = (outputs: Plain): string => writeYaml(recorded(outputs));

/** The outputs of a text that `outputsText` wrote, or any YAML. Only within `reading`. */
export const parseOutputs = (text: string): Parsed<Plain> => {
  const data = parseYaml(text);
  return data.ok ? ok(restored(data.value)) : data;
};

function recorded(value: Plain): Data {
  if (typeof value === 'string') return cut(value);
  if (value instanceof Uint8Array) return recordedMap([['bytes', value]]);
  if (Array.isArray(value)) return (value as readonly Plain[]).map(recorded);
  return isMap(value) ? recordedMap(Object.entries(value)) : value;
}

function recordedMap(entries: readonly (readonly [string, Plain])[]): Data {
  const out: [string, Data][] = [];
  for (const [key, value] of entries) {
    if (!(value instanceof Uint8Array)) {
      out.push([key, recorded(value)]);
      continue;
    }
    const bytes = Buffer.from(value.subarray(0, longestOutput));
    const text = bytes.toString('utf8');
    out.push([key, value.length <= longestOutput ? text : cutMark(text, value.length)]);
    out.push([`${key}64`, bytes.toString('base64')]);
  }
  return Object.fromEntries(out);
}

function cut(text: string): string {
  const size = Buffer.byteLength(text);
  if (size <= longestOutput) return text;
  const bytes = Buffer.from(text).subarray(0, longestOutput);
  // The cut may fall within a character, whose first bytes are then left out.
  return cutMark(bytes.toString('utf8').replace(/\ufffd$/, ''), size);
}

/** The beginning of a text of this size, marked as no more than that. */
export const cutMark = (beginning: string, size: number): string =>
  `${beginning}… [cut: ${size} bytes in all]`;

/** Whether a text ends in what `cutMark` adds. */
const isCut = (text: string): boolean => /\u2026 \[cut: \d+ bytes in all\]$/.test(text);

/** Whether recorded outputs are all that the job returned: nothing was cut, and none of these masks stands for a secret. */
export function isWhole(outputs: Plain, masks: readonly string[]): boolean {
  if (typeof outputs === 'string') return !isCut(outputs) && !masks.some((mask) => outputs.includes(mask));
  if (outputs instanceof Uint8Array) {
    const bytes = Buffer.from(outputs);
    return bytes.length < longestOutput && !masks.some((mask) => bytes.includes(mask));
  }
  if (Array.isArray(outputs)) return outputs.every((item: Plain) => isWhole(item, masks));
  if (outputs === null || typeof outputs !== 'object' || outputs instanceof LuaFloat) return true;
  return Object.entries(outputs).every(([key, item]) => isWhole(key, masks) && isWhole(item, masks));
}

function restored(data: Data): Plain {
  if (Array.isArray(data)) return (data as readonly Data[]).map(restored);
  if (!isMap(data) || data instanceof LuaFloat) return data;
  const keys = Object.keys(data);
  const bytes = new Map<string, Buffer>();
  for (const key of keys) {
    const found = bytesBeside(data[key] ?? null, data[`${key}64`] ?? null);
    if (found !== null) bytes.set(key, found);
  }
  const lone = bytes.get('bytes');
  if (lone !== undefined && keys.length === 2) return new Uint8Array(lone);
  const out: [string, Plain][] = [];
  for (const key of keys) {
    if (bytes.has(key.replace(/64$/, '')) && key.endsWith('64')) continue;
    const whole = bytes.get(key);
    out.push([key, whole === undefined ? restored(data[key] ?? null) : new Uint8Array(whole)]);
  }
  return Object.fromEntries(out);
}

/** The bytes when `base64` is what the text was made from: a pipeline may have such a pair of keys of its own. */
function bytesBeside(text: Data, base64: Data): Buffer | null {
  if (typeof text !== 'string' || typeof base64 !== 'string' || !text.includes('\ufffd')) return null;
  const bytes = decodeBase64(base64);
  if (bytes === null) return null;
  return bytes.toString('utf8') === text || bytes.length === longestOutput ? bytes : null;
}
