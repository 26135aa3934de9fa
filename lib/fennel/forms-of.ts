/**
 * Small questions about forms, and small forms made by the compiler.
 *
 * Must not know: scopes or Lua.
 */
import type { Form, ListForm, Place, SequenceForm, StringForm, SymbolForm } from './forms.ts';
import { bytesOfText, multiSymbol, textOfBytes } from './names.ts';
import { printForm } from './print.ts';

export const symbol = (name: string, span: Place): SymbolForm => ({ type: 'symbol', name, span });
export const list = (span: Place, ...items: readonly Form[]): ListForm => ({ type: 'list', items, span });
export const sequence = (span: Place, items: readonly Form[]): SequenceForm => ({
  type: 'sequence',
  items,
  span,
});
export const text = (words: string, span: Place): StringForm => ({
  type: 'string',
  bytes: bytesOfText(words),
  span,
});
export const nilForm = (span: Place): Form => ({ type: 'nil', span });
export const trueForm = (span: Place): Form => ({ type: 'boolean', value: true, span });
export const integer = (value: number, span: Place): Form => ({ type: 'number', value, float: false, span });

/** Whether a form is a symbol, or the one of this name. */
export function isSymbol(form: Form | undefined): form is SymbolForm;
export function isSymbol<N extends string>(
  form: Form | undefined,
  name: N,
): form is SymbolForm & { readonly name: N };
export function isSymbol(form: Form | undefined, name?: string): boolean {
  return form?.type === 'symbol' && (name === undefined || form.name === name);
}

/** A symbol that names something: not `...`. */
export const isName = (form: Form | undefined): form is SymbolForm => isSymbol(form) && form.name !== '...';

/** A list whose first item is a symbol. */
export type CallForm = ListForm & { readonly items: readonly [SymbolForm, ...Form[]] };

/** Whether a form is a list whose first item is the symbol of this name. */
export const isCallOf = (form: Form | undefined, name: string): form is CallForm =>
  form?.type === 'list' && isSymbol(form.items[0], name);

export const isTable = (form: Form | undefined): form is Extract<Form, { type: 'sequence' | 'table' }> =>
  form?.type === 'sequence' || form?.type === 'table';

/** A symbol without dots. */
export const isPlainSymbol = (form: Form | undefined): form is SymbolForm =>
  isName(form) && multiSymbol(form.name) === null;

/** What Lua's `type` would say of a form in a message. */
export function typeName(form: Form): string {
  switch (form.type) {
    case 'list':
    case 'sequence':
    case 'table':
      return 'table';
    default:
      return form.type;
  }
}

/** A form in a message: scalars as they are, strings bare, a table as no more than one. */
export function plainText(form: Form): string {
  switch (form.type) {
    case 'nil':
      return 'nil';
    case 'boolean':
      return String(form.value);
    case 'number':
      return String(form.value);
    case 'string':
      return textOfBytes(form.bytes);
    case 'symbol':
      return form.name;
    case 'list':
      return printForm(form);
    default:
      return 'table';
  }
}
