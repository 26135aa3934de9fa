/**
 * Forms → Fennel text that reads as the same forms.
 *
 * Must not know: what any form means.
 */
import type { ByteString, Form } from './forms.ts';
import { textOfBytes } from './names.ts';
import { luaNumber } from './numbers.ts';

/** Deeper than any program that is read; a macro may have made it. */
const deepest = 1000;

/** One form as Fennel text, on one line but for newlines in strings. */
export function printForm(form: Form, depth = 0): string {
  if (depth > deepest) return '...';
  const inner = (part: Form): string => printForm(part, depth + 1);
  switch (form.type) {
    case 'nil':
      return 'nil';
    case 'boolean':
      return String(form.value);
    case 'number':
      return printNumber(form.value, form.float);
    case 'string':
      return printString(form.bytes);
    case 'symbol':
      return form.name;
    case 'list':
      return printList(form.items, inner);
    case 'sequence':
      return `[${form.items.map(inner).join(' ')}]`;
    case 'table':
      return `{${form.entries.map(([key, value]) => `${printKey(key, inner)} ${inner(value)}`).join(' ')}}`;
  }
}

/** Keys that are words are written as such, as everyone writes them. */
const printKey = (key: Form, inner: (part: Form) => string): string =>
  key.type === 'string' && /^[A-Za-z_][\w?!*<>=+/-]*$/.test(key.bytes) ? `:${key.bytes}` : inner(key);

const marks: Readonly<Record<string, string>> = { quote: '`', unquote: ',', hashfn: '#' };

function printList(items: readonly Form[], inner: (part: Form) => string): string {
  const [head, body] = items;
  const mark = head?.type === 'symbol' && Object.hasOwn(marks, head.name) ? marks[head.name] : undefined;
  if (items.length === 2 && body !== undefined && mark !== undefined) return `${mark}${inner(body)}`;
  return `(${items.map(inner).join(' ')})`;
}

function printNumber(value: number, float: boolean): string {
  if (Number.isNaN(value)) return '.nan';
  if (value === Number.POSITIVE_INFINITY) return '.inf';
  if (value === Number.NEGATIVE_INFINITY) return '-.inf';
  return float ? luaNumber(value, true) : String(value);
}

function printString(bytes: ByteString): string {
  const text = textOfBytes(bytes);
  const exact = Buffer.from(text, 'utf8').toString('latin1') === bytes;
  const shown = exact ? text : bytes.replace(/[\x80-\xff]/g, (c) => `\\${c.charCodeAt(0)}`);
  const escaped = exact ? escapeText(shown) : bytes.split('').map(escapeByte).join('');
  return `"${escaped}"`;
}

const escapeText = (text: string): string =>
  text.replace(/["\\]/g, (c) => `\\${c}`).replace(/[\x00-\x09\x0b-\x1f\x7f]/g, decimal);

const escapeByte = (byte: string): string => (byte.charCodeAt(0) > 126 ? decimal(byte) : escapeText(byte));

const decimal = (c: string): string => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`;
