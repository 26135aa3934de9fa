/**
 * Several values, and Lua as it is: `values pick-values tail! comment lua`.
 *
 * Must not know: where the values go.
 */
import { temporary } from '../blocks.ts';
import { type Context, fault, type Special, wantDrop } from '../context.ts';
import { argumentsOf, deliver, emit, one } from '../deliver.ts';
import type { Form } from '../forms.ts';
import { isSymbol, list, plainText, symbol } from '../forms-of.ts';
import { textOfBytes } from '../names.ts';
import { printForm } from '../print.ts';
import { nil, truncated } from '../tree.ts';

const values: Special = (call, cx, want) => {
  const [first, ...others] = call.items.slice(1);
  if (want.kind === 'one') {
    const value = first === undefined ? nil : one(cx, first);
    for (const other of others) cx.unit.compile(other, cx, wantDrop);
    return [value];
  }
  if (want.kind === 'drop') {
    for (const form of call.items.slice(1)) cx.unit.compile(form, cx, wantDrop);
    return [];
  }
  return deliver(cx, want, argumentsOf(cx, call.items.slice(1)), call.span);
};

/** Each picked value is a local for a while. */
const mostPicked = 150;

const pickValues: Special = (call, cx, want) => {
  const [, count, ...forms] = call.items;
  if (count?.type !== 'number' || count.value < 0 || !Number.isInteger(count.value)) {
    const shown = count === undefined ? 'nil' : plainText(count);
    return deliver(cx, want, fault(cx, 'pick-count', call.span, shown), call.span);
  }
  if (count.value > mostPicked) return deliver(cx, want, fault(cx, 'too-many-values', call.span), call.span);
  const all = list(call.span, symbol('values', call.span), ...forms);
  if (count.value === 0) {
    for (const form of forms) cx.unit.compile(form, cx, wantDrop);
    return deliver(cx, want, [], call.span);
  }
  if (count.value === 1) return deliver(cx, want, [truncated(one(cx, all))], call.span);
  const targets = Array.from({ length: count.value }, () => temporary(cx));
  cx.unit.compile(all, cx, { kind: 'assign', targets, state: 'undeclared' });
  return deliver(cx, want, targets, call.span);
};

const tailCall: Special = (call, cx, want) => {
  const [, form] = call.items;
  if (call.items.length !== 2 || form === undefined) {
    return deliver(cx, want, fault(cx, 'tail-argument', call.span), call.span);
  }
  const expanded = cx.unit.expand(form, cx);
  if (expanded === null) return deliver(cx, want, [nil], call.span);
  if (expanded.type !== 'list' || isSpecialCall(expanded.items[0], cx)) {
    return deliver(cx, want, fault(cx, 'tail-call', call.span), call.span);
  }
  if (want.kind !== 'return') return deliver(cx, want, fault(cx, 'tail-position', call.span), call.span);
  return cx.unit.compile(expanded, cx, want);
};

const isSpecialCall = (head: Form | undefined, cx: Context): boolean =>
  isSymbol(head) && cx.unit.specials.has(head.name);

const comment: Special = (call, cx, want) => {
  const text = call.items
    .slice(1)
    .map((form) => printForm(form))
    .join(' ');
  emit(cx, { kind: 'comment', text: text.replaceAll(']]', ']\\]'), at: call.span });
  return deliver(cx, want, [nil], call.span);
};

/** The user's own Lua text; null for `nil`. */
function luaText(form: Form | undefined): string | null {
  if (form === undefined || form.type === 'nil' || isSymbol(form, 'nil')) return null;
  return form.type === 'string' ? textOfBytes(form.bytes) : printForm(form);
}

const lua: Special = (call, cx, want) => {
  if (call.items.length !== 2 && call.items.length !== 3) {
    return deliver(cx, want, fault(cx, 'lua-arguments', call.span), call.span);
  }
  const statement = luaText(call.items[1]);
  const expression = luaText(call.items[2]);
  if (statement !== null) emit(cx, { kind: 'raw', text: statement, file: null, at: call.span });
  if (expression !== null) return deliver(cx, want, [{ kind: 'raw', text: expression }], call.span);
  // Nothing may follow a `return`, so that the user's own one stands for the value.
  if (want.kind === 'return' && /^\s*(return|goto)\b/.test(statement ?? '')) return [];
  return deliver(cx, want, [nil], call.span);
};

export const valueSpecials: Readonly<Record<string, Special>> = {
  values,
  'pick-values': pickValues,
  'tail!': tailCall,
  comment,
  lua,
};
