/**
 * What a special form is given: where it stands, what is wanted of it, and how to compile the forms inside it.
 *
 * Must not know: any particular special or macro.
 */
import type { Diagnostic, Note } from '../base/diagnostic.ts';
import type { Result } from '../base/result.ts';
import type { Form, ListForm, Place, SymbolForm } from './forms.ts';
import type { Chunk, HostValue, MacroHost, ModuleFinder } from './host.ts';
import { type Code, problem, type Words } from './problems.ts';
import type { Scopes } from './scope.ts';
import { callExpr, type Expr, isPure, nameExpr, nil, type Stat, stringExpr, varargs } from './tree.ts';

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
  readonly scopes: Scopes;
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

export type Context = { readonly unit: Unit; readonly frame: Frame; readonly block: Block };

/** Lua allows 200 locals in a function; the rest is for temporaries and the tables of what did not fit. */
const mostLocals = 150;

/** Compiles a form for its first value. */
export const one = (cx: Context, form: Form): Expr =>
  form.type === 'list' ? (cx.unit.compile(form, cx, wantOne)[0] ?? nil) : cx.unit.valueOfForm(form, cx);

/** Compiles a form for all its values. */
export const many = (cx: Context, form: Form): readonly Expr[] => cx.unit.compile(form, cx, wantMany);

/** Compiles forms for one value each, the last one for all of its. */
export function argumentsOf(cx: Context, forms: readonly Form[]): Expr[] {
  const last = forms.at(-1);
  if (last === undefined) return [];
  const values = forms.slice(0, -1).map((form) => one(cx, form));
  values.push(...many(cx, last));
  return values;
}

export const emit = (cx: Context, stat: Stat): void => {
  cx.block.stats.push(stat);
};

/** Reports a fault; the compilation goes on with nil for the form, to find the next one. */
export function fault<C extends Code>(cx: Context, code: C, place: Place, ...words: Words<C>): Expr[] {
  report(cx, problem(code, place, [], ...words));
  return [nil];
}

export function faultWithNotes<C extends Code>(
  cx: Context,
  code: C,
  place: Place,
  notes: readonly Note[],
  ...words: Words<C>
): Expr[] {
  report(cx, problem(code, place, notes, ...words));
  return [nil];
}

const mostFaults = 50;

export function report(cx: Context, found: Diagnostic): void {
  const { faults } = cx.unit;
  if (faults.length >= mostFaults) return;
  // Once evaluation is over, every macro that follows only says so again.
  if (found.code === 'macro-limit' && faults.some((fault) => fault.code === found.code)) return;
  faults.push(found);
}

/** Reports a fault of a macro call. */
export function refuse<C extends Code>(cx: Context, code: C, place: Place, ...words: Words<C>): null {
  fault(cx, code, place, ...words);
  return null;
}

/** Evaluates an expression for what it does, not for what it gives. */
export function keepEffects(cx: Context, expr: Expr, at: Place): void {
  if (expr.kind === 'paren') keepEffects(cx, expr.inner, at);
  else if (expr.kind === 'call' || expr.kind === 'method') emit(cx, { kind: 'call', call: expr, at });
  else if (!isPure(expr)) {
    emit(cx, { kind: 'do', body: [{ kind: 'local', names: ['_'], values: [expr], at }], at });
  }
}

/** Hands the values of a form to whoever wants them. */
export function deliver(cx: Context, want: Want, values: readonly Expr[], at: Place): readonly Expr[] {
  switch (want.kind) {
    case 'drop':
      for (const value of values) keepEffects(cx, value, at);
      return [];
    case 'one': {
      if (values.length === 1) return values;
      for (const extra of values.slice(1)) keepEffects(cx, extra, at);
      return [values[0] ?? nil];
    }
    case 'many':
      return values;
    case 'return':
      emit(cx, { kind: 'return', values, at });
      return [];
    case 'assign':
      store(cx, want, values, at);
      return [];
  }
}

function store(
  cx: Context,
  want: Extract<Want, { kind: 'assign' }>,
  values: readonly Expr[],
  at: Place,
): void {
  const given = values.length === 0 ? [nil] : withoutExtras(values, want.targets.length);
  const allNil = given.every((value) => value.kind === 'nil');
  if (want.state === 'fresh' && allNil) return;
  const names = want.targets.flatMap((target) => (target.kind === 'name' ? [target.name] : []));
  if (want.state === 'undeclared' && names.length === want.targets.length) {
    emit(cx, { kind: 'local', names, values: allNil ? [nil] : given, at });
    return;
  }
  settle(cx, want, at);
  emit(cx, { kind: 'assign', targets: want.targets, values: given, at });
}

function withoutExtras(values: readonly Expr[], count: number): readonly Expr[] {
  let length = values.length;
  while (length > count) {
    const last = values[length - 1];
    if (last === undefined || !isPure(last)) break;
    length -= 1;
  }
  return values.slice(0, length);
}

/** Declares the targets of a want that are not yet, for a form that stores in several places. */
export function settle(cx: Context, want: Want, at: Place): Want {
  if (want.kind !== 'assign' || want.state !== 'undeclared') return want;
  const names = want.targets.flatMap((target) => (target.kind === 'name' ? [target.name] : []));
  if (names.length > 0) emit(cx, { kind: 'local', names, values: [], at });
  return { ...want, state: 'fresh' };
}

/** A real Lua local, where a table's field can't stand in: a parameter, a loop's variable. */
export function allocateName(cx: Context, name: string): string {
  cx.frame.active += 1;
  return cx.unit.scopes.reserve(name);
}

/** A place to keep a value for the rest of the block, under a name like this one. */
export function allocate(cx: Context, name: string): Expr {
  const luaName = cx.unit.scopes.reserve(name);
  if (cx.frame.active < mostLocals) {
    cx.frame.active += 1;
    return nameExpr(luaName);
  }
  if (cx.block.more === null) {
    cx.block.more = cx.unit.scopes.reserve('_more');
    cx.frame.active += 1;
    emit(cx, {
      kind: 'local',
      names: [cx.block.more],
      values: [{ kind: 'table', items: [] }],
      at: null,
    });
  }
  return { kind: 'index', object: nameExpr(cx.block.more), key: stringExpr(luaName) };
}

/** A name that no program uses: `_1_`, or with a base `_name_1_`. */
export const freshName = (cx: Context, base = ''): string =>
  makeName(cx, (n) => (base === '' ? `_${n}_` : `_${base}_${n}_`));

/** What `base#` in a template stands for. */
export const freshAutoName = (cx: Context, base: string): string => makeName(cx, (n) => `${base}_${n}_auto`);

function makeName(cx: Context, spell: (n: number) => string): string {
  const { names, scopes } = cx.unit;
  for (;;) {
    names.count += 1;
    const name = spell(names.count);
    if (names.taken.has(name) || scopes.isTaken(name)) continue;
    names.made.add(name);
    return name;
  }
}

/** A fresh symbol, as a macro would make one. */
export const freshSymbol = (cx: Context, span: Place, base = ''): SymbolForm => ({
  type: 'symbol',
  name: freshName(cx, base),
  span,
});

/** A temporary local without a value yet. */
export const temporary = (cx: Context): Expr => allocate(cx, freshName(cx));

/** Keeps a value under a temporary name, so that it is computed now and once. */
export function keep(cx: Context, value: Expr, at: Place): Expr {
  const target = temporary(cx);
  deliver(cx, { kind: 'assign', targets: [target], state: 'undeclared' }, [value], at);
  return target;
}

/** Compiles into a block of its own, with a scope of its own. */
export function inBlock(cx: Context, work: (inner: Context) => void): Stat[] {
  const block: Block = { stats: [], more: null };
  const { active } = cx.frame;
  cx.unit.scopes.open();
  work({ ...cx, block });
  cx.unit.scopes.close();
  cx.frame.active = active;
  unwrapLast(block.stats);
  return block.stats;
}

/** A block at the end of a block needs no bounds of its own. */
function unwrapLast(stats: Stat[]): void {
  for (let last = stats.at(-1); last?.kind === 'do'; last = stats.at(-1)) {
    stats.pop();
    stats.push(...last.body);
    if (last.body.length === 0) return;
  }
}

/** Compiles the body of a Lua function. */
export function inFunction(cx: Context, frame: Frame, work: (inner: Context) => void): Stat[] {
  return inBlock({ ...cx, frame }, work);
}

/** Whether statements leave no local behind, so that they can stand in another block. */
export const declaresNothing = (stats: readonly Stat[]): boolean =>
  stats.every((stat) => stat.kind !== 'local' && stat.kind !== 'local-function' && stat.kind !== 'raw');

/**
 * Runs `work` with a want that a form with branches or a body can fulfil by statements. Where values are wanted
 * as an expression, they go through temporaries, or through a function when nobody knows how many they are.
 */
export function throughStatements(
  cx: Context,
  want: Want,
  at: Place,
  single: () => boolean,
  work: (inner: Context, want: Want) => void,
): Expr[] {
  if (want.kind === 'one' || (want.kind === 'many' && single())) {
    const target = temporary(cx);
    work(cx, settle(cx, { kind: 'assign', targets: [target], state: 'undeclared' }, at));
    return [target];
  }
  if (want.kind === 'many') return [inOwnFunction(cx, at, (inner) => work(inner, wantReturn))];
  work(cx, settle(cx, want, at));
  return [];
}

/** A call of a local function made on the spot, so that `return` ends the form and not the function around it. */
export function inOwnFunction(cx: Context, at: Place, work: (inner: Context) => void): Expr {
  const outer = cx.frame;
  const target = temporary(cx);
  const frame = newFrame({ vararg: outer.vararg, hash: outer.hash, insideHash: outer.insideHash });
  const body = inFunction(cx, frame, work);
  const usesVararg = frame.usesVararg;
  if (usesVararg) outer.usesVararg = true;
  const value = { kind: 'function', parameters: usesVararg ? ['...'] : [], body, at } as const;
  if (target.kind === 'name') emit(cx, { kind: 'local-function', name: target.name, value, at });
  else emit(cx, { kind: 'assign', targets: [target], values: [value], at });
  return callExpr(target, usesVararg ? [varargs] : []);
}

/** Like `throughStatements`, in a Lua block of its own when the statements declare anything. */
export function scoped(
  cx: Context,
  want: Want,
  at: Place,
  single: () => boolean,
  work: (inner: Context, want: Want) => void,
): Expr[] {
  return throughStatements(cx, want, at, single, (outer, settled) => {
    const body = inBlock(outer, (inner) => work(inner, settled));
    if (settled.kind === 'return' || declaresNothing(body)) outer.block.stats.push(...body);
    else emit(outer, { kind: 'do', body, at });
  });
}

/** Compiles forms one after the other; the last one's values are wanted. */
export function compileBody(cx: Context, forms: readonly Form[], want: Want, at: Place): void {
  for (const form of forms.slice(0, -1)) cx.unit.compile(form, cx, wantDrop);
  const last = forms.at(-1);
  if (last === undefined) deliver(cx, want, [nil], at);
  else cx.unit.compile(last, cx, want);
}
