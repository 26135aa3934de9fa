/**
 * `with-open`: what is opened is closed again, whatever happens between.
 *
 * Must not know: what is opened.
 */
import { bind } from '../bind.ts';
import { allocate, freshName, inFunction, scoped } from '../blocks.ts';
import { type Context, fault, newFrame, type Special, wantReturn } from '../context.ts';
import { compileBody, deliver, emit } from '../deliver.ts';
import type { Form, ListForm } from '../forms.ts';
import { isName } from '../forms-of.ts';
import { declaring } from '../targets.ts';
import {
  callExpr,
  type Expr,
  type FunctionExpr,
  globalField,
  nameExpr,
  numberExpr,
  type Stat,
  varargs,
} from '../tree.ts';

const withOpen: Special = (call, cx, want) => {
  const [, bindings, ...body] = call.items;
  if (bindings?.type !== 'sequence') {
    return deliver(cx, want, fault(cx, 'let-sequence', call.span), call.span);
  }
  const names = bindings.items.filter((_, i) => i % 2 === 0);
  if (!names.every(isName)) {
    const message = 'with-open only allows symbols in bindings';
    return deliver(cx, want, fault(cx, 'macro-usage', call.span, message), call.span);
  }
  if (bindings.items.length % 2 !== 0) {
    return deliver(cx, want, fault(cx, 'let-odd', bindings.span), call.span);
  }
  return scoped(
    cx,
    want,
    call.span,
    () => false,
    (inner, settled) => {
      for (let i = 0; i + 1 < bindings.items.length; i += 2) bindOne(inner, bindings.items, i, call);
      const targets = names.flatMap((name) => {
        const found = inner.unit.scopes.find(name.name);
        return found?.kind === 'local' ? [found.target] : [];
      });
      const closer = closing(inner, targets, call);
      const { args, value } = bodyFunction(inner, body, call);
      const protectedCall = callExpr(globalField('pcall'), [value, ...args]);
      deliver(inner, settled, [callExpr(closer, [protectedCall])], call.span);
    },
  );
};

function bindOne(cx: Context, items: readonly Form[], at: number, call: ListForm): void {
  const name = items[at];
  const value = items[at + 1];
  if (name === undefined || value === undefined) return;
  bind(cx, name, value, declaring(cx, false, call.span), call);
}

/** `local function close_(ok, ...)`: closes in reverse order, then passes on what came or raises it again. */
function closing(cx: Context, targets: readonly Expr[], call: ListForm): Expr {
  const at = call.span;
  const close = allocate(cx, freshName(cx, 'close'));
  const ok = nameExpr('ok');
  const closes: Stat[] = [...targets].reverse().map((object) => ({
    kind: 'call',
    call: { kind: 'method', object, method: 'close', args: [], at },
    at,
  }));
  const raise = callExpr(globalField('error'), [{ kind: 'paren', inner: varargs }, numberExpr('0')]);
  const value: FunctionExpr = {
    kind: 'function',
    parameters: ['ok', '...'],
    body: [
      ...closes,
      {
        kind: 'if',
        clauses: [{ condition: ok, body: [{ kind: 'return', values: [varargs], at }] }],
        otherwise: null,
        at,
      },
      { kind: 'return', values: [raise], at },
    ],
  };
  if (close.kind === 'name') emit(cx, { kind: 'local-function', name: close.name, value, at });
  else emit(cx, { kind: 'assign', targets: [close], values: [value], at });
  return close;
}

function bodyFunction(
  cx: Context,
  body: readonly Form[],
  call: ListForm,
): { value: FunctionExpr; args: readonly Expr[] } {
  const outer = cx.frame;
  const frame = newFrame({ vararg: outer.vararg, hash: outer.hash, insideHash: outer.insideHash });
  const stats = inFunction(cx, frame, (inner) => compileBody(inner, body, wantReturn, call.span));
  if (frame.usesVararg) outer.usesVararg = true;
  const parameters = frame.usesVararg ? ['...'] : [];
  return {
    value: { kind: 'function', parameters, body: stats },
    args: frame.usesVararg ? [varargs] : [],
  };
}

export const resourceSpecials: Readonly<Record<string, Special>> = { 'with-open': withOpen };
