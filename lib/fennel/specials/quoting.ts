/**
 * `quote` and `unquote`: templates.
 *
 * In compile-time code a template becomes calls that build forms (`quoteTable` in `host.ts` says which); in a
 * program only data can be quoted, and a template is that data.
 * Must not know: what the forms are for.
 */
import { fitting } from '../arguments.ts';
import { freshAutoName } from '../blocks.ts';
import { type Context, fault, type Special } from '../context.ts';
import { deliver, many, one } from '../deliver.ts';
import type { Form, Place, SymbolForm } from '../forms.ts';
import { type CallForm, isCallOf } from '../forms-of.ts';
import { placeText, quoteTable } from '../host.ts';
import { bytesOfText } from '../names.ts';
import { luaNumber } from '../numbers.ts';
import { callExpr, type Expr, indexExpr, nameExpr, nil, numberExpr, stringExpr, truncated } from '../tree.ts';

const quote: Special = (call, cx, want) => {
  const [, form] = call.items;
  if (call.items.length !== 2 || form === undefined) {
    return deliver(cx, want, fault(cx, 'one-argument', call.span), call.span);
  }
  if (isUnquote(form)) {
    const [, inner] = form.items;
    if (inner !== undefined) return cx.unit.compile(inner, cx, want);
  }
  return deliver(cx, want, [template(form, cx)], call.span);
};

const unquote: Special = (call, cx, want) =>
  deliver(cx, want, fault(cx, 'unquote-outside', call.span), call.span);

const isUnquote = (form: Form): form is CallForm => isCallOf(form, 'unquote') && form.items.length === 2;

function template(form: Form, cx: Context): Expr {
  switch (form.type) {
    case 'nil':
      return cx.unit.compileTime ? build('sym', [stringExpr('nil'), placeExpr(form.span)]) : nil;
    case 'boolean':
      return { kind: form.value ? 'true' : 'false' };
    case 'number':
      return numberExpr(luaNumber(form.value, form.float));
    case 'string':
      return stringExpr(form.bytes);
    case 'symbol':
      return templateSymbol(form, cx);
    case 'list': {
      if (isUnquote(form)) {
        const [, inner] = form.items;
        return inner === undefined ? nil : one(cx, inner);
      }
      if (!cx.unit.compileTime) {
        fault(cx, 'quoted-list', form.span);
        return nil;
      }
      return build('list', [placeExpr(form.span), ...fitting(items(form.items, cx), form, cx)]);
    }
    case 'sequence': {
      const values = items(form.items, cx);
      if (cx.unit.compileTime) return build('sequence', [placeExpr(form.span), ...fitting(values, form, cx)]);
      return { kind: 'table', items: values.map((value) => ({ key: null, value })) };
    }
    case 'table': {
      const pairs = form.entries.map(([key, value]) => ({
        key: template(key, cx),
        value: truncated(template(value, cx)),
      }));
      if (!cx.unit.compileTime) return { kind: 'table', items: pairs };
      const flat = pairs.flatMap(({ key, value }) => [truncated(key), value]);
      return build('table', [placeExpr(form.span), ...fitting(flat, form, cx)]);
    }
  }
}

/** The parts of a list or sequence; an unquote at the end gives all its values. */
function items(forms: readonly Form[], cx: Context): Expr[] {
  return forms.flatMap((form, i) => {
    if (!isUnquote(form)) return [template(form, cx)];
    const [, inner] = form.items;
    if (inner === undefined) return [];
    return i === forms.length - 1 ? many(cx, inner) : [one(cx, inner)];
  });
}

function templateSymbol(form: SymbolForm, cx: Context): Expr {
  if (!cx.unit.compileTime) {
    fault(cx, form.name === '...' ? 'quoted-vararg' : 'quoted-symbol', form.span);
    return nil;
  }
  const name = stringExpr(bytesOfText(withFreshName(form.name, cx)));
  return build('sym', [name, placeExpr(form.span)]);
}

/** `x#` and `x#.field` are fresh names, the same ones all over a template. */
function withFreshName(name: string, cx: Context): string {
  const parts = /^([^#]+)#((?:[.:].*)?)$/s.exec(name);
  const base = parts?.[1];
  if (base === undefined) return name;
  const fresh = cx.unit.scopes.autoGensym(base, () => freshAutoName(cx, base));
  return `${fresh}${parts?.[2] ?? ''}`;
}

const placeExpr = (span: Place): Expr => (span === null ? nil : stringExpr(bytesOfText(placeText(span))));

const build = (what: string, args: readonly Expr[]): Expr =>
  callExpr(indexExpr(nameExpr(quoteTable), stringExpr(what)), args);

export const quotingSpecials: Readonly<Record<string, Special>> = { quote, unquote };
