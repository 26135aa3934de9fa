/**
 * One form → Lua: looks at what kind of form it is and asks the room that knows.
 *
 * Dispatch only. Must not know: what any special form or macro does.
 */
import { unreachable } from '../base/unreachable.ts';
import { fitting } from './arguments.ts';
import { argumentsOf, type Context, deliver, fault, one, type Want } from './context.ts';
import type { Form, ListForm, SymbolForm } from './forms.ts';
import { isSymbol, list, plainText, symbol, text } from './forms-of.ts';
import { multiSymbol } from './names.ts';
import { luaNumber } from './numbers.ts';
import { resolve } from './resolve.ts';
import { compileTable } from './specials/tables.ts';
import { callExpr, type Expr, nil, numberExpr, stringExpr, varargs } from './tree.ts';

/** Forms inside forms, expansions included: more than this is a diagnostic. */
const deepest = 360;

/** Compiles a form in a context; what it returns depends on `want`. */
export function compile(form: Form, cx: Context, want: Want): Expr[] {
  const { unit } = cx;
  if (unit.depth >= deepest) return fault(cx, 'too-deep', form.span);
  unit.depth += 1;
  const values = compileForm(form, cx, want);
  unit.depth -= 1;
  return values;
}

function compileForm(form: Form, cx: Context, want: Want): Expr[] {
  switch (form.type) {
    case 'nil':
      return deliver(cx, want, [{ kind: 'nil' }], form.span);
    case 'boolean':
      return deliver(cx, want, [{ kind: form.value ? 'true' : 'false' }], form.span);
    case 'number':
      return deliver(cx, want, [numberExpr(luaNumber(form.value, form.float))], form.span);
    case 'string':
      return deliver(cx, want, [stringExpr(form.bytes)], form.span);
    case 'symbol':
      return deliver(cx, want, [compileSymbol(form, cx)], form.span);
    case 'sequence':
    case 'table':
      return deliver(cx, want, [compileTable(form, cx)], form.span);
    case 'list':
      return compileList(form, cx, want);
    default:
      return unreachable(form);
  }
}

function compileSymbol(form: SymbolForm, cx: Context): Expr {
  const { name } = form;
  if (name === '...') return compileVararg(form, cx);
  if (name === 'nil') return { kind: 'nil' };
  if (multiSymbol(name)?.method) {
    fault(cx, 'method-as-value', form.span);
    return { kind: 'nil' };
  }
  return resolve(form, cx);
}

function compileVararg(form: SymbolForm, cx: Context): Expr {
  if (!cx.frame.vararg && cx.frame.hash?.usesRest !== true) {
    fault(cx, cx.frame.insideHash ? 'vararg-in-hashfn' : 'unexpected-vararg', form.span);
    return { kind: 'nil' };
  }
  cx.frame.usesVararg = true;
  return varargs;
}

function compileList(form: ListForm, cx: Context, want: Want): Expr[] {
  const expanded = cx.unit.expand(form, cx);
  if (expanded === null) return deliver(cx, want, [{ kind: 'nil' }], form.span);
  if (expanded !== form) return compile(expanded, cx, want);
  const [head, ...rest] = form.items;
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
      return compile(list(form.span, symbol(':', head.span), object, method, ...rest), cx, want);
    }
  }
  return compileCall(form, head, rest, cx, want);
}

function compileCall(form: ListForm, head: Form, rest: readonly Form[], cx: Context, want: Want): Expr[] {
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
