/**
 * Tables: literals, look-ups, stores and methods: `. tset :`.
 *
 * Must not know: destructuring.
 */
import { fitting } from '../arguments.ts';
import { keep } from '../blocks.ts';
import { type Context, deepest, fault, type Special } from '../context.ts';
import { argumentsOf, deliver, emit, one } from '../deliver.ts';
import type { SequenceForm, TableForm } from '../forms.ts';
import { isName } from '../forms-of.ts';
import { isLuaIdentifier } from '../names.ts';
import { callExpr, type Expr, indexExpr, isRepeatable, nil, type TableItem } from '../tree.ts';

/** A literal `[…]` or `{…}`. */
export function compileTable(form: SequenceForm | TableForm, cx: Context): Expr {
  if (form.type === 'sequence') {
    const items: TableItem[] = argumentsOf(cx, form.items).map((value) => ({ key: null, value }));
    return { kind: 'table', items };
  }
  const items = form.entries.map(([key, value]) => ({ key: one(cx, key), value: one(cx, value) }));
  return { kind: 'table', items };
}

const lookUp: Special = (call, cx, want) => {
  const [, table, ...keys] = call.items;
  if (table === undefined) return deliver(cx, want, fault(cx, 'expected-table', call.span), call.span);
  if (keys.length > deepest) return deliver(cx, want, fault(cx, 'too-deep', call.span), call.span);
  let value = one(cx, table);
  for (const key of keys) value = indexExpr(value, one(cx, key));
  return deliver(cx, want, [value], call.span);
};

const store: Special = (call, cx, want) => {
  const [, table, ...rest] = call.items;
  const value = rest.at(-1);
  if (table === undefined || value === undefined || rest.length < 2) {
    return deliver(cx, want, fault(cx, 'tset-arguments', call.span), call.span);
  }
  if (table.type === 'boolean' || table.type === 'number') {
    return deliver(cx, want, fault(cx, 'tset-literal', call.span), call.span);
  }
  if (rest.length > deepest) return deliver(cx, want, fault(cx, 'too-deep', call.span), call.span);
  let target = one(cx, table);
  for (const key of rest.slice(0, -1)) target = indexExpr(target, one(cx, key));
  const stored = one(cx, value);
  emit(cx, { kind: 'assign', targets: [target], values: [stored], at: call.span });
  return deliver(cx, want, [nil], call.span);
};

const callMethod: Special = (call, cx, want) => {
  const [, object, method, ...rest] = call.items;
  if (object === undefined || method === undefined) {
    return deliver(cx, want, fault(cx, 'method-arguments', call.span), call.span);
  }
  const target = one(cx, object);
  if (method.type === 'string' && isLuaIdentifier(method.bytes)) {
    const args = fitting(argumentsOf(cx, rest), call, cx);
    const value: Expr = { kind: 'method', object: target, method: method.bytes, args };
    return deliver(cx, want, [value], call.span);
  }
  const self = isName(object) || isRepeatable(target) ? target : keep(cx, target, call.span);
  const callee = indexExpr(self, one(cx, method));
  const args = fitting([self, ...argumentsOf(cx, rest)], call, cx);
  return deliver(cx, want, [callExpr(callee, args)], call.span);
};

export const tableSpecials: Readonly<Record<string, Special>> = {
  '.': lookUp,
  tset: store,
  ':': callMethod,
};
