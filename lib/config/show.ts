/**
 * A config file's value as JSON that anyone may see: the texts of secrets are hidden, wherever they appear.
 *
 * Pure. Must not know: which settings there are, `:secrets` aside.
 */
import { LuaFloat, type Plain } from '../base/plain.ts';
import { maskOf } from '../secrets/secrets.ts';
import { isMap } from './kinds.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Of a secret's table these say where its value is, and nothing of the value. */
const openKeys = new Set(['file', 'env', 'refs']);

/** A text this short may be a part of anything; it is hidden only where it stands alone. */
const shortest = 4;

/** The value as JSON, each secret's text replaced by `{{ name }}`. */
export function shownConfig(value: Plain): Json {
  const secrets = isMap(value) ? value.secrets : null;
  const hidden = new Map<string, string>();
  if (secrets !== undefined && isMap(secrets)) {
    for (const [name, source] of Object.entries(secrets)) collect(name, source, hidden);
  }
  // Longer ones first: no part of one may be left because another one is its beginning.
  const texts = [...hidden].sort(([a], [b]) => b.length - a.length);
  const hide = (text: string): string => {
    const whole = hidden.get(text);
    if (whole !== undefined) return whole;
    const parts = texts.filter(([secret]) => secret.length >= shortest);
    return parts.reduce((shown, [secret, name]) => shown.replaceAll(secret, name), text);
  };
  return toJson(value, hide);
}

function collect(name: string, source: Plain, into: Map<string, string>): void {
  if (typeof source === 'string' && source !== '') into.set(source, maskOf(name));
  if (source instanceof Uint8Array) into.set(Buffer.from(source).toString(), maskOf(name));
  if (Array.isArray(source)) for (const item of source) collect(name, item, into);
  if (!isMap(source)) return;
  for (const [key, item] of Object.entries(source)) if (!openKeys.has(key)) collect(name, item, into);
}

function toJson(value: Plain, hide: (text: string) => string): Json {
  if (typeof value === 'string') return hide(value);
  if (value instanceof LuaFloat) return value.value;
  if (value instanceof Uint8Array) return hide(Buffer.from(value).toString());
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: Plain) => toJson(item, hide));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [hide(key), toJson(item, hide)]));
}
