/**
 * Destructuring: a pattern and a value → stores into the names of the pattern.
 *
 * One walk for all forms that bind; what happens at a name is up to the `Targets` it is given (`targets.ts`).
 * Must not know: which form binds.
 */
import type { Span } from '../base/diagnostic.ts';
import { allocate, freshName, keep } from './blocks.ts';
import { type Context, fault, type Want } from './context.ts';
import { deliver, one } from './deliver.ts';
import type { Form, ListForm, Place, SequenceForm, TableForm } from './forms.ts';
import { isCallOf, isName, isSymbol, isTable, plainText, sequence, typeName } from './forms-of.ts';
import { luaNumber } from './numbers.ts';
import { helper } from './prelude.ts';
import { callExpr, type Expr, indexExpr, nil, numberExpr, stringExpr, type TableItem } from './tree.ts';

/** What to do with the names in a pattern. */
export interface Targets {
  /** Where the value of a symbol goes; null after a fault. `owner` is what the symbol stands in. */
  of(symbol: Extract<Form, { type: 'symbol' }>, owner: Place): Expr | null;
  /** Where the value of `(. t k)` goes; null after a fault or where that can't be bound. */
  ofField(form: ListForm): Expr | null;
  /** Whether stores declare. */
  readonly state: 'undeclared' | 'declared';
  /** Called once everything is stored: from now on the new names are visible. */
  finish(): void;
}

/** Binds the values of `value` to a pattern. `call` is the form that binds, for faults that name it. */
export function bind(cx: Context, pattern: Form, value: Form, targets: Targets, call: Form): void {
  if (isName(pattern)) bindName(cx, pattern, value, targets, call);
  else if (isTable(pattern)) bindTable(cx, pattern, value, targets, call);
  else if (isCallOf(pattern, '.')) bindField(cx, pattern, value, targets);
  else if (pattern.type === 'list') bindValues(cx, pattern, pattern.items, value, targets, call);
  else cannotBind(cx, pattern, call);
  targets.finish();
}

/** Binds an expression to a pattern: the parameter of a function, the variable of a loop. */
export function bindExpr(cx: Context, pattern: Form, value: Expr, targets: Targets, owner: Form): void {
  if (isName(pattern)) {
    const target = targets.of(pattern, owner.span);
    if (target !== null) storeIn(cx, [target], targets, [value], pattern.span);
  } else if (isTable(pattern)) takeApart(cx, pattern, value, targets);
  else if (isCallOf(pattern, '.')) {
    const target = targets.ofField(pattern);
    if (target !== null) storeIn(cx, [target], targets, [value], pattern.span);
  } else if (pattern.type === 'list') fault(cx, 'nested-values', pattern.span);
  else cannotBind(cx, pattern, owner);
}

const wantIn = (targets: readonly Expr[], state: Targets['state']): Want => ({
  kind: 'assign',
  targets,
  state,
});

const storeIn = (
  cx: Context,
  places: readonly Expr[],
  targets: Targets,
  values: readonly Expr[],
  at: Place,
): void => {
  deliver(cx, wantIn(places, targets.state), values, at);
};

function bindName(
  cx: Context,
  pattern: Extract<Form, { type: 'symbol' }>,
  value: Form,
  targets: Targets,
  call: Form,
): void {
  const target = targets.of(pattern, call.span);
  if (target === null) one(cx, value);
  else cx.unit.compile(value, cx, wantIn([target], targets.state));
}

function bindField(cx: Context, pattern: ListForm, value: Form, targets: Targets): void {
  const target = targets.ofField(pattern);
  if (target === null) one(cx, value);
  else cx.unit.compile(value, cx, wantIn([target], targets.state));
}

function bindTable(
  cx: Context,
  pattern: SequenceForm | TableForm,
  value: Form,
  targets: Targets,
  call: Form,
): void {
  if (isScalar(value)) {
    fault(cx, 'literal-destructured', pattern.span);
    return;
  }
  if (pattern.type === 'sequence' && value.type === 'sequence' && isFlat(pattern)) {
    const spread: ListForm = {
      type: 'list',
      items: [{ type: 'symbol', name: 'values', span: value.span }, ...value.items],
      span: value.span,
    };
    bindValues(cx, pattern, pattern.items, spread, targets, call);
    return;
  }
  const whole = one(cx, value);
  takeApart(
    cx,
    pattern,
    isName(value) && whole.kind === 'name' ? whole : keep(cx, whole, pattern.span),
    targets,
  );
}

const isScalar = (form: Form): boolean =>
  form.type === 'nil' ||
  form.type === 'boolean' ||
  form.type === 'number' ||
  form.type === 'string' ||
  isSymbol(form, 'nil');

/** Whether a sequence of names can be stored in one multiple assignment, which also makes a swap work. */
const isFlat = (pattern: SequenceForm): boolean =>
  pattern.items.length > 0 &&
  pattern.items.every((item) => (isName(item) && !item.name.startsWith('&')) || isCallOf(item, '.'));

function bindValues(
  cx: Context,
  pattern: Form,
  names: readonly Form[],
  value: Form,
  targets: Targets,
  call: Form,
): void {
  if (names.length === 0) {
    fault(cx, 'no-values', pattern.span);
    return;
  }
  const places: Expr[] = [];
  const later: (() => void)[] = [];
  const temporaries: Expr[] = [];
  for (const name of names) {
    if (isName(name)) places.push(targets.of(name, call.span) ?? allocate(cx, freshName(cx)));
    else if (isCallOf(name, '.')) places.push(targets.ofField(name) ?? allocate(cx, freshName(cx)));
    else {
      const place = allocate(cx, freshName(cx));
      places.push(place);
      temporaries.push(place);
      later.push(() => bindExpr(cx, name, place, targets, pattern));
    }
  }
  // Parts of an assignment that are tables land in locals first, which still have to be declared.
  if (targets.state === 'declared' && temporaries.length > 0) {
    storeInTemporaries(cx, temporaries, pattern.span);
  }
  cx.unit.compile(value, cx, wantIn(places, targets.state));
  for (const bindPart of later) bindPart();
}

function storeInTemporaries(cx: Context, temporaries: readonly Expr[], at: Place): void {
  deliver(cx, { kind: 'assign', targets: temporaries, state: 'undeclared' }, [nil], at);
}

function takeApart(cx: Context, pattern: SequenceForm | TableForm, value: Expr, targets: Targets): void {
  const whole = value.kind === 'name' ? value : keep(cx, value, pattern.span);
  if (pattern.type === 'sequence') takeSequence(cx, pattern, whole, targets);
  else takeKeys(cx, pattern, whole, targets);
}

function takeSequence(cx: Context, pattern: SequenceForm, whole: Expr, targets: Targets): void {
  const { items } = pattern;
  for (let i = 0; i < items.length; i += 1) {
    const item = items[i];
    if (item === undefined) continue;
    if (isSymbol(item, '&')) {
      const rest = items[i + 1];
      const after = items[i + 2];
      if (rest === undefined || (after !== undefined && !isSymbol(after, '&as'))) {
        fault(cx, 'rest-not-last', pattern.span);
        return;
      }
      const tail = callExpr(helper(cx, 'rest', rest.span), [whole, position(i + 1)]);
      bindExpr(cx, rest, tail, targets, pattern);
      i += 1;
    } else if (isSymbol(item, '&as')) {
      const name = items[i + 1];
      if (name === undefined || items[i + 2] !== undefined) {
        fault(cx, 'as-not-last', pattern.span);
        return;
      }
      bindExpr(cx, name, whole, targets, pattern);
      i += 1;
    } else bindExpr(cx, item, indexExpr(whole, position(i + 1)), targets, pattern);
  }
}

const position = (n: number): Expr => numberExpr(String(n));

function takeKeys(cx: Context, pattern: TableForm, whole: Expr, targets: Targets): void {
  const named: TableItem[] = [];
  for (const [key, part] of pattern.entries) {
    if (isSymbol(key, '&')) {
      const keys: Expr = { kind: 'table', items: [...named] };
      const rest = callExpr(helper(cx, 'without', pattern.span), [whole, keys]);
      bindExpr(cx, part, rest, targets, pattern);
    } else if (isSymbol(key, '&as')) bindExpr(cx, part, whole, targets, pattern);
    else {
      const at = literalKey(key);
      if (at === null) {
        fault(cx, 'computed-key', key.span ?? pattern.span);
        continue;
      }
      if (key.type === 'string') named.push({ key: at, value: { kind: 'true' } });
      bindExpr(cx, part, indexExpr(whole, at), targets, pattern);
    }
  }
}

function literalKey(key: Form): Expr | null {
  if (key.type === 'string') return stringExpr(key.bytes);
  if (key.type === 'number') return numberExpr(luaNumber(key.value, key.float));
  if (key.type === 'boolean') return { kind: key.value ? 'true' : 'false' };
  return null;
}

function cannotBind(cx: Context, pattern: Form, owner: Form): void {
  const second = owner.type === 'list' || owner.type === 'sequence' ? owner.items[1] : undefined;
  const inside = second !== undefined && (isTable(second) || second.type === 'list' || isName(second));
  const place = inside ? second.span : owner.span;
  const type = pattern.type === 'nil' || pattern.type === 'symbol' ? 'table' : typeName(pattern);
  fault(cx, 'unable-to-bind', nearer(pattern.span, place), type, plainText(pattern));
}

/** The exact place of a fault, if it is on the line where the fault is expected; else that place. */
export const nearer = (exact: Place, expected: Place): Place =>
  exact !== null &&
  expected !== null &&
  exact.file === expected.file &&
  exact.start.line === expected.start.line
    ? exact
    : (expected ?? exact);

/** A form that stands for the arguments a function got beyond its parameters. */
export const restOfArguments = (span: Span | null): Form =>
  sequence(span, [{ type: 'symbol', name: '...', span }]);
