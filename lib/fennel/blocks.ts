/**
 * Lua blocks in the making: their locals and temporaries, the functions and scopes they open.
 *
 * Must not know: any particular special or macro.
 */
import { type Block, type Context, type Frame, newFrame, type Want, wantReturn } from './context.ts';
import { deliver, emit, settle } from './deliver.ts';
import type { Place, SymbolForm } from './forms.ts';
import { callExpr, type Expr, nameExpr, type Stat, stringExpr, varargs } from './tree.ts';

/** Lua allows 200 locals in a function; the rest is for temporaries and the tables of what did not fit. */
const mostLocals = 150;

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

/** Compiles into a block of its own, with a scope of its own, or one that Lua alone knows of. */
export function inBlock(cx: Context, work: (inner: Context) => void, isScope = true): Stat[] {
  const block: Block = { stats: [], more: null };
  const { active } = cx.frame;
  cx.unit.scopes.open(isScope);
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
