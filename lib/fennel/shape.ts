/**
 * Questions about Lua expressions that decide how they are printed: what binds tighter, what needs brackets.
 *
 * Must not know: the printed text.
 */
import { isLuaIdentifier } from './names.ts';
import type { Expr } from './tree.ts';

export const levels: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  '<': 3,
  '>': 3,
  '<=': 3,
  '>=': 3,
  '~=': 3,
  '==': 3,
  '|': 4,
  '~': 5,
  '&': 6,
  '<<': 7,
  '>>': 7,
  '..': 9,
  '+': 10,
  '-': 10,
  '*': 11,
  '/': 11,
  '//': 11,
  '%': 11,
  '^': 14,
};
export const unaryLevel = 12;
export const primaryLevel = 20;

export const isComparison = (operator: string): boolean => levels[operator] === 3;

export function levelOf(expr: Expr): number {
  if (expr.kind === 'binary') return levels[expr.operator] ?? 0;
  if (expr.kind === 'unary') return unaryLevel;
  return expr.kind === 'raw' ? 0 : primaryLevel;
}

export const isPrefix = (expr: Expr): boolean =>
  expr.kind === 'name' ||
  expr.kind === 'index' ||
  expr.kind === 'call' ||
  expr.kind === 'method' ||
  expr.kind === 'paren';

export function startsWithParen(expr: Expr): boolean {
  switch (expr.kind) {
    case 'paren':
      return true;
    case 'index':
    case 'method':
      return !isPrefix(expr.object) || startsWithParen(expr.object);
    case 'call':
      return !isPrefix(expr.callee) || startsWithParen(expr.callee);
    case 'raw':
      return expr.text.trimStart().startsWith('(');
    default:
      return false;
  }
}

export function startsWithMinus(expr: Expr): boolean {
  if (expr.kind === 'number') return expr.text.startsWith('-');
  if (expr.kind === 'unary') return expr.operator === '-';
  const [first] = expr.kind === 'binary' ? expr.operands : [];
  return first !== undefined && startsWithMinus(first);
}

/** Whether `function a.b.c()` can be written for a target. */
export const isFunctionName = (target: Expr): boolean =>
  target.kind === 'name' ||
  (target.kind === 'index' &&
    target.key.kind === 'string' &&
    isLuaIdentifier(target.key.bytes) &&
    isFunctionName(target.object));

/** What is left of a budget of nodes after an expression, or 0 when it is too much for one line. */
export function leftAfter(expr: Expr, budget: number): number {
  const all = (children: readonly Expr[]): number =>
    children.reduce((left, child) => (left > 0 ? leftAfter(child, left) : 0), budget - 1);
  switch (expr.kind) {
    case 'function':
    case 'raw':
      return 0;
    case 'string':
      return expr.bytes.length > 40 ? 0 : budget - 1;
    case 'index':
      return all([expr.object, expr.key]);
    case 'call':
      return all([expr.callee, ...expr.args]);
    case 'method':
      return all([expr.object, ...expr.args]);
    case 'binary':
      return all(expr.operands);
    case 'unary':
      return all([expr.operand]);
    case 'paren':
      return all([expr.inner]);
    case 'table':
      return all(expr.items.flatMap((item) => (item.key === null ? [item.value] : [item.key, item.value])));
    default:
      return budget - 1;
  }
}
