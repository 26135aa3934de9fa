/**
 * Short ways to write other forms: `when ?. partial pick-args macro macrodebug assert-repl`.
 *
 * Must not know: how those other forms are compiled.
 */
import { freshSymbol } from '../blocks.ts';
import { type Rewrite, refuse } from '../context.ts';
import type { Form } from '../forms.ts';
import { isName, list, nilForm, plainText, sequence, symbol, text } from '../forms-of.ts';
import { printForm } from '../print.ts';
import { isSteady } from './threading.ts';

const when: Rewrite = (call, cx) => {
  const { span } = call;
  const [condition, ...body] = call.items.slice(1);
  if (condition === undefined || body.length === 0) return refuse(cx, 'macro-usage', span, 'expected body');
  return list(span, symbol('if', span), condition, list(span, symbol('do', span), ...body));
};

/** `?.`: one variable walks down, and stops at nil. */
const lookUpSafely: Rewrite = (call, cx) => {
  const { span } = call;
  const [table, ...keys] = call.items.slice(1);
  const here = freshSymbol(cx, span, 't');
  const word = (name: string) => symbol(name, span);
  const steps = keys.map((key) =>
    list(
      span,
      word('if'),
      list(span, word('not='), here, nilForm(span)),
      list(span, word('set'), here, list(span, word('.'), here, key)),
    ),
  );
  return list(span, word('do'), list(span, word('var'), here, table ?? nilForm(span)), ...steps, here);
};

const partial: Rewrite = (call, cx) => {
  const { span } = call;
  const [callee, ...given] = call.items.slice(1);
  if (callee === undefined) {
    return refuse(cx, 'macro-usage', span, 'expected a function to partially apply');
  }
  const bindings: Form[] = [];
  const args = given.map((arg) => {
    if (isSteady(arg)) return arg;
    const name = freshSymbol(cx, span);
    bindings.push(name, arg);
    return name;
  });
  const rest = symbol('...', span);
  const made = list(span, symbol('fn', span), sequence(span, [rest]), list(span, callee, ...args, rest));
  return bindings.length === 0 ? made : list(span, symbol('let', span), sequence(span, bindings), made);
};

const pickArgs: Rewrite = (call, cx) => {
  const { span } = call;
  const [count, callee] = call.items.slice(1);
  if (count?.type !== 'number' || !Number.isInteger(count.value) || count.value < 0) {
    const shown = count === undefined ? 'nil' : plainText(count);
    return refuse(cx, 'macro-usage', span, `Expected n to be an integer literal >= 0, got ${shown}`);
  }
  if (count.value > 180) return refuse(cx, 'too-many-parameters', span);
  const names = Array.from({ length: count.value }, () => freshSymbol(cx, span));
  return list(span, symbol('fn', span), sequence(span, names), list(span, callee ?? nilForm(span), ...names));
};

/** `(macro name [x] …)` is `(macros {:name (fn [x] …)})`. */
const macro: Rewrite = (call, cx) => {
  const { span } = call;
  const [name, ...definition] = call.items.slice(1);
  if (!isName(name)) return refuse(cx, 'macro-name', span);
  const made = list(span, symbol('fn', span), ...definition);
  return list(span, symbol('macros', span), {
    type: 'table',
    entries: [[text(name.name, name.span), made]],
    span,
  });
};

/** Shows what a form expands to: printed, or with a second argument as a string. */
const macrodebug: Rewrite = (call, cx) => {
  const { span } = call;
  const [form, asString] = call.items.slice(1);
  const expanded = cx.unit.expand(form ?? nilForm(span), cx);
  if (expanded === null) return null;
  const shown = text(printForm(expanded), span);
  const wanted = asString !== undefined && asString.type !== 'nil';
  return wanted ? shown : list(span, symbol('print', span), shown);
};

/** Nobody sits before a repl here: a failed assertion raises. */
const assertRepl: Rewrite = (call) => list(call.span, symbol('assert', call.span), ...call.items.slice(1));

export const shorthandMacros: Readonly<Record<string, Rewrite>> = {
  when,
  '?.': lookUpSafely,
  partial,
  'pick-args': pickArgs,
  macro,
  macrodebug,
  'assert-repl': assertRepl,
};
