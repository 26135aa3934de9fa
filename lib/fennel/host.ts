/**
 * What the compiler needs from someone who can run Lua: macros run while their callers are compiled.
 *
 * The knot of every Fennel compiler, cut by an interface: the compiler is given a host, and never meets a VM.
 * Must not know: fengari, how a form looks to Lua.
 */
import type { Diagnostic, Span } from '../base/diagnostic.ts';
import type { Result } from '../base/result.ts';
import type { Form, Place, SymbolForm } from './forms.ts';

/** A value that lives in the host's VM; the compiler only hands it back. */
export type HostValue = { readonly __hostValue: unique symbol };

/** Lua text made from Fennel, with the Fennel place of each of its lines (index 0 is line 1). */
export type Chunk = {
  readonly name: string;
  readonly lua: string;
  readonly lines: readonly Place[];
};

/** Why code that ran at compile time gave no value. */
export type HostFailure = {
  /** `limit` is final: evaluation as a whole is over. `rejected` came from `assert-compile`. */
  readonly reason: 'raised' | 'rejected' | 'limit' | 'not-a-form';
  readonly message: string;
  /** The form that was rejected, or the line of the macro that raised, when known. */
  readonly span: Place;
};

/** What a running macro may ask of the compiler that called it. */
export interface CompilerBridge {
  /** Whether a symbol names a local where the macro was called. */
  inScope(symbol: SymbolForm): boolean;
  gensym(base: string | null): SymbolForm;
  macroexpand(form: Form): Result<Form, Diagnostic[]>;
  /** Compile a module of macros that a macro module requires. */
  loadMacroModule(name: string): Result<HostValue, Diagnostic[]>;
}

/** What a table of macros holds under one name. A function or a table that can be called is a macro. */
export type MacroEntry =
  | { readonly kind: 'macro'; readonly value: HostValue }
  | { readonly kind: 'table'; readonly value: HostValue }
  | { readonly kind: 'other' };

/**
 * The name of the one global that quoted forms in a compile-time chunk are built with. No name of a user's
 * program is ever mangled to it. The host sets it, in the environment of every chunk it runs, to a table of:
 *
 * | call | gives |
 * | --- | --- |
 * | `list(place, ...)` | a list of the values (`select('#', ...)` of them, nils included) |
 * | `sequence(place, ...)` | a sequence of the values |
 * | `table(place, k1, v1, k2, v2, ...)` | a table form whose entries keep this order |
 * | `sym(name, place)` | a symbol whose `quoted` is true (a user's own `(sym :x)` makes one that isn't) |
 *
 * A `place` is a string, `line:column:endLine:endColumn:file`, as `placeText` and `parsePlace` write and read it.
 * Numbers, strings and booleans stand for themselves; a quoted nil is `sym("nil", place)`.
 */
export const quoteTable = '__fnl';

/** A span in one string, for a chunk to hand to the functions of `quoteTable`. */
export const placeText = (span: Span): string =>
  `${span.start.line}:${span.start.column}:${span.end.line}:${span.end.column}:${span.file}`;

/** What `placeText` wrote, or null for anything else. */
export function parsePlace(text: string): Place {
  const [, line, column, endLine, endColumn, file] = /^(\d+):(\d+):(\d+):(\d+):(.*)$/s.exec(text) ?? [];
  if (file === undefined) return null;
  return {
    file,
    start: { line: Number(line), column: Number(column) },
    end: { line: Number(endLine), column: Number(endColumn) },
  };
}

export interface MacroHost {
  /**
   * Runs a chunk in a compile-time environment of its own: the base library and the compiler's helpers
   * (`list sym gensym …`, `quoteTable`). `args` are what `...` gives. Answers with the first value, `nil` included.
   */
  run(chunk: Chunk, args: readonly string[], bridge: CompilerBridge): Result<HostValue, HostFailure>;
  /** What is in a table that `run` gave, string keys only, or null when it is no table. */
  entries(table: HostValue): ReadonlyMap<string, MacroEntry> | null;
  /**
   * Calls a macro. Forms in its answer that have no place of their own, or one in another file than the call's,
   * get `call`'s place.
   */
  call(
    macro: HostValue,
    args: readonly Form[],
    call: Span | null,
    bridge: CompilerBridge,
  ): Result<Form, HostFailure>;
  /** The value of `run` as a form, for `eval-compiler`. */
  asForm(value: HostValue, place: Place): Result<Form, HostFailure>;
}

/** Other files of the same tree. */
export interface ModuleFinder {
  /** `name` as in `(require :a.b)`; what kinds of file are looked at, in which order, is the finder's. */
  find(name: string, kind: 'module' | 'macros'): { readonly file: string; readonly text: string } | null;
}
