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
  /** Whether a symbol names a local (or a macro) where the macro was called. */
  inScope(symbol: SymbolForm): boolean;
  gensym(base: string | null): SymbolForm;
  macroexpand(form: Form): Result<Form, Diagnostic[]>;
  /** Compile a module of macros that a macro module requires. */
  loadMacroModule(name: string): Result<HostValue, Diagnostic[]>;
}

export interface MacroHost {
  /**
   * Runs a chunk in a compile-time environment of its own: the base library and the compiler's helpers
   * (`list sym gensym …`). `args` are what `...` gives. Answers with the first value, `nil` included.
   */
  run(chunk: Chunk, args: readonly string[], bridge: CompilerBridge): Result<HostValue, HostFailure>;
  /** The macros in a table that `run` gave, or null when it is no table of functions. */
  macrosIn(value: HostValue): ReadonlyMap<string, HostValue> | null;
  /** Calls a macro. Forms made by it without a place of their own get `call`'s. */
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
