/**
 * Forms → values, and values to whoever wants them.
 *
 * Must not know: any particular special or macro.
 */
import { type Context, type Want, wantDrop, wantMany, wantOne } from './context.ts';
import type { Form, Place } from './forms.ts';
import { type Expr, isPure, nil, type Stat } from './tree.ts';

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

/** Compiles forms one after the other; the last one's values are wanted. */
export function compileBody(cx: Context, forms: readonly Form[], want: Want, at: Place): void {
  for (const form of forms.slice(0, -1)) cx.unit.compile(form, cx, wantDrop);
  const last = forms.at(-1);
  if (last === undefined) deliver(cx, want, [], at);
  else cx.unit.compile(last, cx, want);
}
