/**
 * What decides and what loops: `do if each for while`.
 *
 * Must not know: what conditions and bodies hold.
 */
import { bindExpr, nearer } from '../bind.ts';
import { allocateName, freshName, inBlock, scoped, throughStatements } from '../blocks.ts';
import { type Block, type Context, deepest, fault, type Special, type Want, wantDrop } from '../context.ts';
import { compileBody, deliver, emit, many, one } from '../deliver.ts';
import type { Form, ListForm, Place } from '../forms.ts';
import { isName, isTable, plainText, typeName } from '../forms-of.ts';
import { textOfBytes } from '../names.ts';
import { branchesHaveOneValue, hasOneValue } from '../single.ts';
import { declareName, declaring } from '../targets.ts';
import { type Clause, type Expr, nameExpr, nil, type Stat, unaryExpr } from '../tree.ts';

const doSpecial: Special = (call, cx, want) => {
  const body = call.items.slice(1);
  return scoped(
    cx,
    want,
    call.span,
    () => hasOneValue(body.at(-1)),
    (inner, settled) => compileBody(inner, body, settled, call.span),
  );
};

type Branches = {
  readonly pairs: readonly { readonly condition: Form; readonly body: Form }[];
  readonly otherwise: Form | null;
  readonly at: Place;
};

const ifSpecial: Special = (call, cx, want) => {
  const forms = call.items.slice(1);
  if (forms.length < 2) return deliver(cx, want, fault(cx, 'if-body', call.span), call.span);
  const branches = branchesOf(forms, call.span);
  const single = () => branchesHaveOneValue(forms);
  return throughStatements(cx, want, call.span, single, (outer, settled) => {
    const [first] = branches.pairs;
    if (first === undefined) {
      const body = inBlock(outer, (inner) => finishBranch(inner, branches.otherwise, settled, call.span));
      emit(outer, { kind: 'do', body, at: call.span });
      return;
    }
    outer.unit.scopes.open();
    emit(outer, chain(outer, settled, branches, 0, one(outer, first.condition)));
    outer.unit.scopes.close();
  });
};

function branchesOf(forms: readonly Form[], at: Place): Branches {
  const pairs: { condition: Form; body: Form }[] = [];
  for (let i = 0; i + 1 < forms.length; i += 2) {
    const condition = forms[i];
    const body = forms[i + 1];
    if (condition === undefined || body === undefined) continue;
    // A last condition that is literally true is an else.
    const last = i + 2 >= forms.length;
    if (last && condition.type === 'boolean' && condition.value) return { pairs, otherwise: body, at };
    pairs.push({ condition, body });
  }
  const odd = forms.length % 2 === 1 ? forms.at(-1) : undefined;
  return { pairs, otherwise: odd ?? null, at };
}

/** One Lua `if`, from the branch whose condition is compiled already; a condition that needs statements nests. */
function chain(cx: Context, want: Want, branches: Branches, from: number, condition: Expr): Stat {
  const clauses: Clause[] = [];
  let next: Expr = condition;
  for (let i = from; i < branches.pairs.length; i += 1) {
    const pair = branches.pairs[i];
    if (pair === undefined) continue;
    if (i > from) {
      const block: Block = { stats: [], more: null };
      const inner = { ...cx, block };
      next = one(inner, pair.condition);
      if (block.stats.length > 0) {
        emitDeeper(inner, branches.at, () => chain(inner, want, branches, i, next));
        return { kind: 'if', clauses, otherwise: block.stats, at: branches.at };
      }
    }
    const body = inBlock(cx, (inner) => finishBranch(inner, pair.body, want, pair.body.span));
    clauses.push({ condition: next, body });
  }
  const { otherwise } = branches;
  if (otherwise === null && want.kind === 'drop') {
    return { kind: 'if', clauses, otherwise: null, at: branches.at };
  }
  const body = inBlock(cx, (inner) => finishBranch(inner, otherwise, want, branches.at));
  return { kind: 'if', clauses, otherwise: body, at: branches.at };
}

/** Each `else` with an `if` of its own is a level of Lua's. */
function emitDeeper(cx: Context, at: Place, make: () => Stat): void {
  if (cx.unit.depth >= deepest) {
    fault(cx, 'too-deep', at);
    return;
  }
  cx.unit.depth += 1;
  emit(cx, make());
  cx.unit.depth -= 1;
}

function finishBranch(cx: Context, form: Form | null, want: Want, at: Place): void {
  if (form === null) deliver(cx, want, [nil], at);
  else cx.unit.compile(form, cx, want);
}

type Clauses = { readonly bindings: readonly Form[]; readonly until: Form | null };

/** Takes `&until condition` out of a loop's bindings; null after a fault. */
function withoutUntil(cx: Context, forms: readonly Form[], at: Place): Clauses | null {
  const bindings = [...forms];
  let until: Form | null = null;
  for (let i = bindings.length - 2; i >= 2; i -= 1) {
    const clause = clauseName(bindings[i]);
    if (clause === null) continue;
    if (clause !== 'until' || until !== null) {
      fault(cx, 'iterator-clause', at, clause);
      return null;
    }
    until = bindings[i + 1] ?? null;
    bindings.splice(i, 2);
  }
  return { bindings, until };
}

function clauseName(form: Form | undefined): string | null {
  if (form?.type === 'string') return textOfBytes(form.bytes);
  if (isName(form) && form.name.length > 1 && form.name.startsWith('&') && !form.name.includes('.')) {
    return form.name.slice(1);
  }
  return null;
}

function breakIf(cx: Context, until: Form | null): void {
  if (until === null) return;
  const condition = one(cx, until);
  emit(cx, {
    kind: 'if',
    clauses: [{ condition, body: [{ kind: 'break', at: until.span }] }],
    otherwise: null,
    at: until.span,
  });
}

function compileDropped(cx: Context, forms: readonly Form[]): void {
  for (const form of forms) cx.unit.compile(form, cx, wantDrop);
}

const loopFault = (cx: Context, want: Want, call: ListForm, values: readonly Expr[]): readonly Expr[] =>
  deliver(cx, want, values, call.span);

/** A loop's body is a scope inside the scope of its names. */
function compileLoopBody(cx: Context, body: readonly Form[]): void {
  cx.unit.scopes.open();
  compileDropped(cx, body);
  cx.unit.scopes.close();
}

/** Lua keeps three locals of its own for a loop. */
const hiddenLocals = 3;

const each: Special = (call, cx, want) => {
  const [head, table, ...body] = call.items;
  if (body.length === 0)
    return loopFault(cx, want, call, fault(cx, 'expected-body', head?.span ?? call.span));
  if (table?.type !== 'sequence') return loopFault(cx, want, call, fault(cx, 'binding-table', call.span));
  const clauses = withoutUntil(cx, table.items, table.span ?? call.span);
  if (clauses === null) return loopFault(cx, want, call, [nil]);
  const iterator = clauses.bindings.at(-1);
  const [first, ...others] = clauses.bindings.slice(0, -1);
  if (iterator === undefined || first === undefined) {
    return loopFault(cx, want, call, fault(cx, 'each-binding', call.span));
  }
  const names = others.length === 0 && first.type === 'list' ? first.items : [first, ...others];
  const values = many(cx, iterator);
  const luaNames: string[] = [];
  const loop = inBlock(cx, (inner) => {
    inner.frame.active += hiddenLocals;
    const targets = declaring(inner, false, call.span);
    const patterns: { pattern: Form; name: string }[] = [];
    for (const name of names) {
      if (isName(name)) luaNames.push(declareName(inner, name, name.span ?? call.span));
      else {
        const luaName = allocateName(inner, freshName(inner));
        luaNames.push(luaName);
        patterns.push({ pattern: name, name: luaName });
      }
    }
    for (const { pattern, name } of patterns) bindExpr(inner, pattern, nameExpr(name), targets, call);
    targets.finish();
    breakIf(inner, clauses.until);
    compileLoopBody(inner, body);
  });
  emit(cx, { kind: 'for-in', names: luaNames, values, body: loop, at: call.span });
  return deliver(cx, want, [nil], call.span);
};

const forSpecial: Special = (call, cx, want) => {
  const [head, table, ...body] = call.items;
  if (table === undefined || !isTable(table) || table.type !== 'sequence') {
    return loopFault(cx, want, call, fault(cx, 'binding-table', call.span));
  }
  const clauses = withoutUntil(cx, table.items, call.span);
  if (clauses === null) return loopFault(cx, want, call, [nil]);
  const [name, ...range] = clauses.bindings;
  if (!isName(name)) {
    const [type, shown] = name === undefined ? ['nil', 'nil'] : [typeName(name), plainText(name)];
    const place = nearer(name?.span ?? null, table.span ?? call.span);
    return loopFault(cx, want, call, fault(cx, 'unable-to-bind', place, type, shown));
  }
  if (body.length === 0)
    return loopFault(cx, want, call, fault(cx, 'expected-body', head?.span ?? call.span));
  const place = table.span ?? call.span;
  if (range.length > 3) return loopFault(cx, want, call, fault(cx, 'for-arguments', place));
  if (range.length < 2) return loopFault(cx, want, call, fault(cx, 'for-range', place));
  const values = range.map((form) => one(cx, form));
  let luaName = '';
  const loop = inBlock(cx, (inner) => {
    inner.frame.active += hiddenLocals;
    luaName = declareName(inner, name, call.span);
    breakIf(inner, clauses.until);
    compileLoopBody(inner, body);
  });
  emit(cx, { kind: 'for', name: luaName, range: values, body: loop, at: call.span });
  return deliver(cx, want, [nil], call.span);
};

const whileSpecial: Special = (call, cx, want) => {
  const [, form, ...body] = call.items;
  let condition: Expr = nil;
  let inside = false;
  const loop = inBlock(
    cx,
    (inner) => {
      condition = form === undefined ? nil : one(inner, form);
      inside = inner.block.stats.length > 0;
      if (inside) {
        const stop: Stat = { kind: 'break', at: call.span };
        const negated = unaryExpr('not', condition);
        emit(inner, {
          kind: 'if',
          clauses: [{ condition: negated, body: [stop] }],
          otherwise: null,
          at: form?.span ?? call.span,
        });
      }
      inner.block.stats.push(...inBlock(inner, (innermost) => compileLoopBody(innermost, body)));
    },
    false,
  );
  emit(cx, { kind: 'while', condition: inside ? { kind: 'true' } : condition, body: loop, at: call.span });
  return deliver(cx, want, [nil], call.span);
};

export const controlSpecials: Readonly<Record<string, Special>> = {
  do: doSpecial,
  if: ifSpecial,
  each,
  for: forSpecial,
  while: whileSpecial,
};
