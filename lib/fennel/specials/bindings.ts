/**
 * The forms that bind names: `let local var set set-forcibly! global`.
 *
 * Must not know: how a pattern is taken apart (`bind.ts`).
 */

import type { Targets } from '../bind.ts';
import { bind } from '../bind.ts';
import { scoped } from '../blocks.ts';
import { type Context, fault, type Special, type Want } from '../context.ts';
import { compileBody, deliver } from '../deliver.ts';
import type { Form, ListForm } from '../forms.ts';
import { isPlainSymbol } from '../forms-of.ts';
import { hasOneValue } from '../single.ts';
import { assigning, declare, declaring, globalling } from '../targets.ts';
import { type Expr, nil } from '../tree.ts';

const introduce =
  (isVar: boolean): Special =>
  (call, cx, want) => {
    const special = isVar ? 'var' : 'local';
    if (want.kind !== 'drop' && want.kind !== 'return') {
      return deliver(cx, want, fault(cx, 'local-here', call.span, special), call.span);
    }
    const [, pattern, value] = call.items;
    if (call.items.length !== 3 || pattern === undefined || value === undefined) {
      fault(cx, 'name-and-value', call.span);
      // The name is known from here on, so that its uses are no faults of their own.
      if (isPlainSymbol(pattern)) declare(cx, pattern, call.span);
      return deliver(cx, want, [nil], call.span);
    }
    bind(cx, pattern, value, declaring(cx, isVar, call.span), call);
    return deliver(cx, want, [nil], call.span);
  };

function store(call: ListForm, cx: Context, want: Want, targets: Targets): readonly Expr[] {
  const [, pattern, value] = call.items;
  if (call.items.length !== 3 || pattern === undefined || value === undefined) {
    return deliver(cx, want, fault(cx, 'name-and-value', call.span), call.span);
  }
  bind(cx, pattern, value, targets, call);
  return deliver(cx, want, [nil], call.span);
}

const letSpecial: Special = (call, cx, want) => {
  const [head, bindings, ...body] = call.items;
  const pairs = bindingPairs(bindings);
  if (pairs === null) {
    return deliver(cx, want, fault(cx, 'let-sequence', (bindings ?? head)?.span ?? call.span), call.span);
  }
  if (pairs.length % 2 !== 0) {
    return deliver(cx, want, fault(cx, 'let-odd', bindings?.span ?? call.span), call.span);
  }
  if (body.length === 0) {
    return deliver(cx, want, fault(cx, 'expected-body', head?.span ?? call.span), call.span);
  }
  const single = () => hasOneValue(body.at(-1));
  return scoped(cx, want, call.span, single, (inner, settled) => {
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const pattern = pairs[i];
      const value = pairs[i + 1];
      if (pattern === undefined || value === undefined) continue;
      bind(inner, pattern, value, declaring(inner, false, call.span), call);
    }
    compileBody(inner, body, settled, call.span);
  });
};

function bindingPairs(form: Form | undefined): readonly Form[] | null {
  if (form?.type === 'sequence') return form.items;
  return form?.type === 'table' && form.entries.length === 0 ? [] : null;
}

export const bindingSpecials: Readonly<Record<string, Special>> = {
  let: letSpecial,
  local: introduce(false),
  var: introduce(true),
  set: (call, cx, want) => store(call, cx, want, assigning(cx, { force: false, known: true }, call.span)),
  'set-forcibly!': (call, cx, want) =>
    store(call, cx, want, assigning(cx, { force: true, known: false }, call.span)),
  global: (call, cx, want) => store(call, cx, want, globalling(cx)),
};
