/**
 * A config file that computes nothing, as the data it says: most do, and every push reads one.
 *
 * Starting a VM costs more than all the rest of reading settings. What is not plainly literal is left to the VM, so
 * that there is one meaning and no more. Pure. Must not know: settings.
 */
import { LuaFloat, type Plain } from '../base/plain.ts';
import type { Form } from '../fennel/forms.ts';
import { read } from '../fennel/reader.ts';

/** The value of a text that is one literal table, or undefined when only evaluating it can tell. */
export function literalValue(name: string, text: string): Plain | undefined {
  const forms = read({ name, text });
  const [form, ...more] = forms.ok ? forms.value : [];
  if (form?.type !== 'table' || more.length > 0) return undefined;
  return form.entries.length === 0 ? {} : plainOf(form);
}

function plainOf(form: Form): Plain | undefined {
  switch (form.type) {
    case 'boolean':
      return form.value;
    case 'number':
      return form.float && Number.isInteger(form.value) ? new LuaFloat(form.value) : form.value;
    case 'string':
      return textOf(form.bytes);
    case 'sequence':
      return sequenceOf(form.items);
    case 'table':
      return tableOf(form.entries);
    case 'nil':
    case 'symbol':
    case 'list':
      return undefined;
  }
}

/** An empty one is left to the VM: to Lua it is a sequence and a table. */
function sequenceOf(items: readonly Form[]): Plain | undefined {
  const values = items.map(plainOf);
  const known = values.filter((value): value is Plain => value !== undefined);
  return known.length === values.length && known.length > 0 ? known : undefined;
}

function tableOf(entries: readonly (readonly [key: Form, value: Form])[]): Plain | undefined {
  const table: Record<string, Plain> = {};
  for (const [name, form] of entries) {
    const key = name.type === 'string' ? textOf(name.bytes) : undefined;
    const value = plainOf(form);
    if (key === undefined || key === '__proto__' || value === undefined) return undefined;
    table[key] = value;
  }
  return entries.length > 0 ? table : undefined;
}

/** Bytes that are not UTF-8 are left to the VM. */
function textOf(bytes: string): string | undefined {
  const text = Buffer.from(bytes, 'latin1').toString();
  return text.includes('\ufffd') ? undefined : text;
}
