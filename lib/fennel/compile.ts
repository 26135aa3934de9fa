/**
 * One form → Lua: looks at what kind of form it is and asks the room that knows.
 *
 * Dispatch only. Must not know: what any special form or macro does.
 */
import { unreachable } from '../base/unreachable.ts';
import { fitting } from './arguments.ts';
import { type Context, deepest, fault, type Want } from './context.ts';
import { argumentsOf, deliver, one } from './deliver.ts';
import type { Form, ListForm, SequenceForm, SymbolForm, TableForm } from './forms.ts';
import { isSymbol, list, plainText, symbol, text } from './forms-of.ts';
import { multiSymbol } from './names.ts';
import { luaNumber } from './numbers.ts';
import { resolve } from './resolve.ts';
import { compileTable } from './specials/tables.ts';
import { callExpr, type Expr, nil, numberExpr, stringExpr, varargs } from './tree.ts';

/** Compiles a form in a context; what it returns depends on `want`. */
export function compile(form: Form, cx: Context, want: Want): readonly Expr[] {
  if (form.type !== 'list') return deliver(cx, want, [valueOfForm(form, cx)], form.span);
  const { unit } = cx;
  if (unit.depth >= deepest) return deliver(cx, want, fault(cx, 'too-deep', form.span), form.span);
  unit.depth += 1;
  const values = compileList(form, cx, want);
  unit.depth -= 1;
  return values;
}

/** The one value of a form that is no call. */
export function valueOfForm(form: Exclude<Form, ListForm>, cx: Context): Expr {
  switch (form.type) {
    case 'nil':
      return nil;
    case 'boolean':
      return { kind: form.value ? 'true' : 'false' };
    case 'number':
      return numberExpr(luaNumber(form.value, form.float));
    case 'string':
      return stringExpr(form.bytes);
    case 'symbol':
      if (form.name === '...') return compileVararg(form, cx);
      return form.name === 'nil' ? nil : resolve(form, cx);
    case 'sequence':
    case 'table':
      return compileNested(form, cx);
    default:
      return unreachable(form);
  }
}

function compileNested(form: SequenceForm | TableForm, cx: Context): Expr {
  const { unit } = cx;
  if (unit.depth >= deepest) {
    fault(cx, 'too-deep', form.span);
    return nil;
  }
  unit.depth += 1;
  const table = compileTable(form, cx);
  unit.depth -= 1;
  return table;
}

function compileVararg(form: SymbolForm, cx: Context): Expr {
  if (!cx.frame.vararg && cx.frame.hash?.usesRest !== true) {
    fault(cx, cx.frame.insideHash ? 'vararg-in-hashfn' : 'unexpected-vararg', form.span);
    return { kind: 'nil' };
  }
  cx.frame.usesVararg = true;
  return varargs;
}

function compileList(form: ListForm, cx: Context, want: Want): readonly Expr[] {
  const expanded = cx.unit.expand(form, cx);
  if (expanded === null) return deliver(cx, want, [{ kind: 'nil' }], form.span);
  if (expanded !== form) return compile(expanded, cx, want);
  const head = form.items[0];
  if (head === undefined) {
    return deliver(cx, want, fault(cx, 'empty-call', form.span), form.span);
  }
  if (head.type === 'symbol') {
    const special = cx.unit.specials.get(head.name);
    if (special !== undefined) return special(form, cx, want);
    const parts = multiSymbol(head.name);
    if (parts?.method) {
      const object = symbol(parts.parts.slice(0, -1).join('.'), head.span);
      const method = text(parts.parts.at(-1) ?? '', head.span);
      return compile(
        list(form.span, symbol(':', head.span), object, method, ...form.items.slice(1)),
        cx,
        want,
      );
    }
  }
  return compileCall(form, head, form.items.slice(1), cx, want);
}

function compileCall(
  form: ListForm,
  head: Form,
  rest: readonly Form[],
  cx: Context,
  want: Want,
): readonly Expr[] {
  if (head.type !== 'symbol' && head.type !== 'list' && head.type !== 'string') {
    return deliver(cx, want, fault(cx, 'literal-call', form.span, plainText(head)), form.span);
  }
  const before = cx.unit.faults.length;
  const callee = isSymbol(head, '...') ? varargs : one(cx, head);
  if (isLiteral(callee)) {
    // When something inside the head is wrong, that was said already.
    const silent = cx.unit.faults.length > before;
    const values: Expr[] = silent ? [nil] : fault(cx, 'literal-call', form.span, plainText(head));
    return deliver(cx, want, values, form.span);
  }
  const args = argumentsOf(cx, rest);
  return deliver(cx, want, [callExpr(callee, fitting(args, form, cx))], form.span);
}

const isLiteral = (callee: Expr): boolean =>
  callee.kind === 'nil' ||
  callee.kind === 'true' ||
  callee.kind === 'false' ||
  callee.kind === 'varargs' ||
  callee.kind === 'number';
