/**
 * Operators: arithmetic, bits, concatenation, comparison, `and or not length`.
 *
 * Must not know: how an operator is printed.
 */
import { inBlock, keep, temporary } from '../blocks.ts';
import { type Context, fault, type Special } from '../context.ts';
import { deliver, emit, one } from '../deliver.ts';
import type { Form, ListForm, Place } from '../forms.ts';
import { isCallOf, isSymbol, isTable } from '../forms-of.ts';
import {
  binaryExpr,
  type Expr,
  isRepeatable,
  numberExpr,
  type Stat,
  stringExpr,
  unaryExpr,
} from '../tree.ts';

/** The operands, those of a last `(values …)` included. */
function operandsOf(call: ListForm): readonly Form[] {
  const forms = call.items.slice(1);
  const last = forms.at(-1);
  return isCallOf(last, 'values') ? [...forms.slice(0, -1), ...last.items.slice(1)] : forms;
}

const isLoneVararg = (call: ListForm): boolean =>
  call.items.length === 2 && (isSymbol(call.items[1], '...') || isSymbol(call.items[1], '$...'));

type Arity = {
  readonly operator: string;
  /** What no operand gives, or null when there must be one. */
  readonly none: Expr | null;
  /** The left operand that one operand gets; `minus` and null are the unary operator and the operand itself. */
  readonly lone: Expr | 'minus' | null;
};

const folding =
  (arity: Arity): Special =>
  (call, cx, want) => {
    if (isLoneVararg(call)) return deliver(cx, want, fault(cx, 'vararg-operand', call.span), call.span);
    const operands = operandsOf(call).map((form) => one(cx, form));
    return deliver(cx, want, fold(call, cx, arity, operands), call.span);
  };

function fold(call: ListForm, cx: Context, arity: Arity, operands: readonly Expr[]): Expr[] {
  const [first] = operands;
  if (first === undefined) {
    return arity.none === null ? fault(cx, 'some-arguments', call.span) : [arity.none];
  }
  if (operands.length === 1) {
    if (arity.lone === null) return [first];
    if (arity.lone === 'minus') return [unaryExpr('-', first)];
    return [binaryExpr(arity.operator, [arity.lone, first])];
  }
  return [
    arity.operator === '..' ? concatenation(operands, call.span) : binaryExpr(arity.operator, operands),
  ];
}

/** Lua keeps all operands of a concatenation in registers at once. */
const mostConcatenated = 30;

function concatenation(operands: readonly Expr[], at: Place): Expr {
  if (operands.length <= mostConcatenated) return binaryExpr('..', operands);
  const groups: Expr[] = [];
  for (let i = 0; i < operands.length; i += mostConcatenated) {
    const group = operands.slice(i, i + mostConcatenated);
    const [only] = group;
    groups.push(group.length === 1 && only !== undefined ? only : binaryExpr('..', group));
  }
  return concatenation(groups, at);
}

/** `and` and `or`: an operand that needs statements is computed only when it is its turn. */
const lazy =
  (operator: 'and' | 'or'): Special =>
  (call, cx, want) => {
    if (isLoneVararg(call)) return deliver(cx, want, fault(cx, 'vararg-operand', call.span), call.span);
    const forms = operandsOf(call);
    if (forms.length === 0)
      return deliver(cx, want, [{ kind: operator === 'and' ? 'true' : 'false' }], call.span);
    return deliver(cx, want, [shortCircuit(call, cx, operator, forms)], call.span);
  };

function shortCircuit(call: ListForm, cx: Context, operator: 'and' | 'or', forms: readonly Form[]): Expr {
  let operands: Expr[] = [];
  /** Holds what is known so far, once an operand has needed statements. */
  let kept: Expr | null = null;
  const joined = (): Expr => {
    const [only] = operands;
    return operands.length === 1 && only !== undefined ? only : binaryExpr(operator, operands);
  };
  for (const form of forms) {
    if (operands.length === 0 || (form.type !== 'list' && !isTable(form))) {
      operands.push(one(cx, form));
      continue;
    }
    const { active } = cx.frame;
    const target: Expr = kept ?? temporary(cx);
    const { stats, value } = operandInto(cx, form, target);
    if (value !== null) {
      if (kept === null) cx.frame.active = active;
      operands.push(value);
      continue;
    }
    const sofar = joined();
    const state = kept === null ? 'undeclared' : 'declared';
    if (sofar !== target) deliver(cx, { kind: 'assign', targets: [target], state }, [sofar], call.span);
    const condition = operator === 'and' ? target : unaryExpr('not', target);
    emit(cx, { kind: 'if', clauses: [{ condition, body: stats }], otherwise: null, at: form.span });
    kept = target;
    operands = [target];
  }
  return joined();
}

/** An operand stored in a place; its value alone where nothing but the store is needed. */
function operandInto(cx: Context, form: Form, target: Expr): { stats: Stat[]; value: Expr | null } {
  const store = (inner: Context): void => {
    inner.unit.compile(form, inner, { kind: 'assign', targets: [target], state: 'declared' });
  };
  const stats = inBlock(cx, store, false);
  const [only] = stats;
  const alone = stats.length === 1 && only?.kind === 'assign' && only.targets[0] === target;
  return { stats, value: alone ? (only.values[0] ?? null) : null };
}

const unary =
  (operator: string): Special =>
  (call, cx, want) => {
    const [, form] = call.items;
    if (call.items.length !== 2 || form === undefined) {
      return deliver(cx, want, fault(cx, 'one-argument', call.span), call.span);
    }
    return deliver(cx, want, [unaryExpr(operator, one(cx, form))], call.span);
  };

const comparing =
  (operator: string, chain: 'and' | 'or'): Special =>
  (call, cx, want) => {
    const forms = call.items.slice(1);
    if (forms.length < 2) return deliver(cx, want, fault(cx, 'two-arguments', call.span), call.span);
    return deliver(cx, want, [comparison(call, cx, operator, chain, forms)], call.span);
  };

function comparison(
  call: ListForm,
  cx: Context,
  operator: string,
  chain: 'and' | 'or',
  forms: readonly Form[],
): Expr {
  const values = forms.map((form) => one(cx, form));
  if (values.length === 2) return binaryExpr(operator, values);
  // An operand takes part in two comparisons and is computed once, whatever the first of them gives.
  const steady = values.every((value, i) => i === 0 || i === values.length - 1 || isRepeatable(value));
  const operands =
    steady && isRepeatable(values.at(-1) ?? { kind: 'nil' })
      ? values
      : values.map((value) => (isRepeatable(value) ? value : keep(cx, value, call.span)));
  const pairs: Expr[] = [];
  for (let i = 0; i + 1 < operands.length; i += 1) {
    pairs.push(binaryExpr(operator, operands.slice(i, i + 2)));
  }
  return binaryExpr(chain, pairs);
}

const zero = numberExpr('0');
const unit = numberExpr('1');
const allBits = numberExpr('-1');

const notEqual = comparing('~=', 'or');
const length = unary('#');

export const operatorSpecials: Readonly<Record<string, Special>> = {
  '+': folding({ operator: '+', none: zero, lone: zero }),
  '-': folding({ operator: '-', none: null, lone: 'minus' }),
  '*': folding({ operator: '*', none: unit, lone: unit }),
  '/': folding({ operator: '/', none: null, lone: unit }),
  '//': folding({ operator: '//', none: null, lone: unit }),
  '%': folding({ operator: '%', none: null, lone: null }),
  '^': folding({ operator: '^', none: null, lone: null }),
  '..': folding({ operator: '..', none: stringExpr(''), lone: null }),
  band: folding({ operator: '&', none: allBits, lone: allBits }),
  bor: folding({ operator: '|', none: zero, lone: zero }),
  bxor: folding({ operator: '~', none: zero, lone: zero }),
  lshift: folding({ operator: '<<', none: null, lone: unit }),
  rshift: folding({ operator: '>>', none: null, lone: unit }),
  and: lazy('and'),
  or: lazy('or'),
  not: unary('not'),
  length,
  '#': length,
  bnot: unary('~'),
  '<': comparing('<', 'and'),
  '>': comparing('>', 'and'),
  '<=': comparing('<=', 'and'),
  '>=': comparing('>=', 'and'),
  '=': comparing('==', 'and'),
  'not=': notEqual,
  '~=': notEqual,
};
