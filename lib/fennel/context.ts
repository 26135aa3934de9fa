/**
 * What a special form is given: where it stands, what is wanted of it, and how to compile the forms inside it.
 *
 * Must not know: any particular special or macro.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import type { Result } from '../base/result.ts';
import type { Form, ListForm, Place } from './forms.ts';
import type { Chunk, HostValue, MacroHost, ModuleFinder } from './host.ts';
import { type Code, problem, type Words } from './problems.ts';
import type { Scopes } from './scope.ts';
import { type Expr, nil, type Stat } from './tree.ts';

/** What becomes of the values of a form. */
export type Want =
  /** Nobody looks at them: a statement. */
  | { readonly kind: 'drop' }
  /** The first one, as an expression. */
  | { readonly kind: 'one' }
  /** As many as there are, as expressions: the end of an argument list. */
  | { readonly kind: 'many' }
  /** They are what the function returns. */
  | { readonly kind: 'return' }
  /** They are stored. `undeclared`: the targets still need their `local`; `fresh`: they still hold nil. */
  | {
      readonly kind: 'assign';
      readonly targets: readonly Expr[];
      readonly state: 'undeclared' | 'fresh' | 'declared';
    };

export const wantDrop: Want = { kind: 'drop' };
export const wantOne: Want = { kind: 'one' };
export const wantMany: Want = { kind: 'many' };
export const wantReturn: Want = { kind: 'return' };

/** A macro of the compiler's own: one form becomes another, or null after a fault was reported. */
export type Rewrite = (call: ListForm, cx: Context) => Form | null;

export type Macro =
  | { readonly kind: 'native'; readonly rewrite: Rewrite }
  | { readonly kind: 'host'; readonly value: HostValue }
  /** A module of macros under one name. */
  | { readonly kind: 'table'; readonly value: HostValue };

export type Special = (call: ListForm, cx: Context, want: Want) => readonly Expr[];

/** The `$1 … $9` and `$...` of a hash function. */
export type HashState = { readonly usesRest: boolean };

/** One Lua function in the making. */
export type Frame = {
  /** Locals that are alive: Lua allows 200. */
  active: number;
  readonly vararg: boolean;
  usesVararg: boolean;
  readonly hash: HashState | null;
  readonly insideHash: boolean;
};

export const newFrame = (parts: Partial<Frame>): Frame => ({
  active: 0,
  vararg: false,
  usesVararg: false,
  hash: null,
  insideHash: false,
  ...parts,
});

/** One Lua block in the making. `more` names the table that holds locals past Lua's limit. */
export type Block = { readonly stats: Stat[]; more: string | null };

/** Names that the compiler makes up, never one that a program it has read uses. */
export type NameSource = { count: number; readonly taken: Set<string>; readonly made: Set<string> };

/** State of one compilation; included modules and macro modules share parts of it. */
/** Code to be made a chunk of its own: a module's text, or forms that run while a program is compiled. */
export type Program = {
  readonly file: string;
  readonly content: { readonly text: string } | { readonly forms: readonly Form[] };
  readonly moduleName: string | null;
  readonly compileTime: boolean;
};

export type Unit = {
  readonly file: string;
  readonly scopes: Scopes<Macro>;
  readonly faults: Diagnostic[];
  /** The names the strict check knows, or null for no check. */
  readonly globals: Set<string> | null;
  readonly host: MacroHost | null;
  readonly modules: ModuleFinder | null;
  readonly moduleName: string | null;
  /** Whether the code runs while a program is compiled, so that quoted lists and symbols have a meaning. */
  readonly compileTime: boolean;
  readonly names: NameSource;
  /** Macro modules that were loaded, and those that are being loaded. */
  readonly macroModules: Map<string, HostValue | 'loading'>;
  /** Modules that `include` has embedded: their Lua functions, by module name. */
  readonly includes: Map<string, 'loading' | 'done'>;
  /** Small functions of the compiler's that the program uses, and their text. */
  readonly helpers: Set<string>;
  readonly helperStats: Stat[];
  /** Statements before the program: the embedded modules. */
  readonly prelude: Stat[];
  readonly specials: ReadonlyMap<string, Special>;
  /** The specials that are macros to the language: a macro of the user's may take their names. */
  readonly macroLike: ReadonlySet<string>;
  readonly macros: ReadonlyMap<string, Rewrite>;
  readonly compile: (form: Form, cx: Context, want: Want) => readonly Expr[];
  readonly valueOfForm: (form: Exclude<Form, ListForm>, cx: Context) => Expr;
  readonly expand: (form: Form, cx: Context) => Form | null;
  /** Compiles other code of the same compilation: its names and modules are shared. */
  readonly toChunk: (program: Program) => Result<Chunk, Diagnostic[]>;
  /** Compiles a module's text into the body of a function, for `include`. */
  readonly toBody: (program: Program) => Stat[];
  depth: number;
};

/** Forms inside forms, expansions included: more than this is a diagnostic. */
export const deepest = 360;

export type Context = { readonly unit: Unit; readonly frame: Frame; readonly block: Block };

/** Reports a fault; the compilation goes on with nil for the form, to find the next one. */
export function fault<C extends Code>(cx: Context, code: C, place: Place, ...words: Words<C>): Expr[] {
  report(cx, problem(code, place, [], ...words));
  return [nil];
}

const mostFaults = 50;

export function report(cx: Context, found: Diagnostic): void {
  const { faults } = cx.unit;
  if (faults.length >= mostFaults) return;
  // Once evaluation is over, or the nesting too deep, what follows only says so again.
  const final = found.code === 'macro-limit' || found.code === 'too-deep';
  if (final && faults.some((fault) => fault.code === found.code)) return;
  faults.push(found);
}

/** Reports a fault of a macro call. */
export function refuse<C extends Code>(cx: Context, code: C, place: Place, ...words: Words<C>): null {
  fault(cx, code, place, ...words);
  return null;
}
