/**
 * Threading: `-> ->> -?> -?>> doto`.
 *
 * Must not know: what the threaded forms mean.
 */
import { freshSymbol } from '../blocks.ts';
import { type Context, type Rewrite, refuse } from '../context.ts';
import type { Form, ListForm, Place } from '../forms.ts';
import { isPlainSymbol, list, nilForm, sequence, symbol } from '../forms-of.ts';

type Where = 'first' | 'last';

/** A step with the value put in; a step that is no list is called with it alone. */
function insert(step: Form, value: Form, where: Where, call: Place): ListForm {
  if (step.type !== 'list') return list(call, step, value);
  const [head, ...rest] = step.items;
  if (head === undefined) return list(call, value);
  return where === 'first' ? list(call, head, value, ...rest) : list(call, head, ...rest, value);
}

const thread =
  (where: Where): Rewrite =>
  (call) => {
    const [value, ...steps] = call.items.slice(1);
    let threaded: Form = value ?? nilForm(call.span);
    for (const step of steps) threaded = insert(step, threaded, where, call.span);
    return threaded;
  };

/** Each step is one `if` inside the one before; what may not be computed twice gets a name first. */
const threadUntilNil =
  (name: string, where: Where): Rewrite =>
  (call, cx) => {
    const { span } = call;
    const [value, step, ...steps] = call.items.slice(1);
    if (value === undefined) return nilForm(span);
    if (step === undefined) return value;
    const go = (from: Form) => list(span, symbol(name, span), insert(step, from, where, span), ...steps);
    if (isSteady(value)) return unlessNil(value, go(value), span);
    const kept = freshSymbol(cx, span);
    return list(span, symbol('let', span), sequence(span, [kept, value]), unlessNil(kept, go(kept), span));
  };

const unlessNil = (value: Form, body: Form, span: Place): Form =>
  list(span, symbol('if', span), list(span, symbol('not=', span), value, nilForm(span)), body);

/** Whether a form may be evaluated twice: a scalar or a plain name. */
export const isSteady = (form: Form): boolean =>
  form.type === 'string' ||
  form.type === 'number' ||
  form.type === 'boolean' ||
  form.type === 'nil' ||
  isPlainSymbol(form);

const doto: Rewrite = (call: ListForm, cx: Context) => {
  const { span } = call;
  const [value, ...steps] = call.items.slice(1);
  if (value === undefined) return refuse(cx, 'macro-usage', span, 'missing subject');
  const name = isPlainSymbol(value) ? value : freshSymbol(cx, span);
  const body = [...steps.map((step) => insert(step, name, 'first', span)), name];
  if (name === value) return list(span, symbol('do', span), ...body);
  return list(span, symbol('let', span), sequence(span, [name, value]), ...body);
};

export const threadingMacros: Readonly<Record<string, Rewrite>> = {
  '->': thread('first'),
  '->>': thread('last'),
  '-?>': threadUntilNil('-?>', 'first'),
  '-?>>': threadUntilNil('-?>>', 'last'),
  doto,
};
