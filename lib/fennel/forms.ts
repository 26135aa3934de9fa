/**
 * What a Fennel program is made of once it is read: forms, each with its place.
 *
 * Must not know: what any form means.
 */
import type { Span } from '../base/diagnostic.ts';

/**
 * The bytes of a Lua string, one code unit (0–255) a byte. Source text is UTF-8, escapes may be any byte,
 * so a string of the program is not text until someone says so.
 */
export type ByteString = string;

/** Where a form was written; null for one that a macro made from nothing. */
export type Place = Span | null;

export type NilForm = { readonly type: 'nil'; readonly span: Place };
export type BooleanForm = { readonly type: 'boolean'; readonly value: boolean; readonly span: Place };
/** `float` keeps `1.0` apart from `1`. An integer fits 32 bits; a larger literal is a float. */
export type NumberForm = {
  readonly type: 'number';
  readonly value: number;
  readonly float: boolean;
  readonly span: Place;
};
export type StringForm = { readonly type: 'string'; readonly bytes: ByteString; readonly span: Place };
/**
 * `name` is ordinary text. The vararg `...` is the symbol of that name.
 * `quoted` marks a name written in a macro's template: it may be used, but not bound, lest it captures a user's.
 */
export type SymbolForm = {
  readonly type: 'symbol';
  readonly name: string;
  readonly span: Place;
  readonly quoted?: boolean;
};
export type ListForm = { readonly type: 'list'; readonly items: readonly Form[]; readonly span: Place };
export type SequenceForm = {
  readonly type: 'sequence';
  readonly items: readonly Form[];
  readonly span: Place;
};
/** Entries in the order of the source; `{: x}` is already `{:x x}`. */
export type TableForm = {
  readonly type: 'table';
  readonly entries: readonly (readonly [key: Form, value: Form])[];
  readonly span: Place;
};

export type Form =
  | NilForm
  | BooleanForm
  | NumberForm
  | StringForm
  | SymbolForm
  | ListForm
  | SequenceForm
  | TableForm;
