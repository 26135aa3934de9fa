/**
 * A small Lua tree: what the compiler makes and `emit.ts` prints.
 *
 * `at` is the Fennel place of a statement: whatever raises in it is traced back to there.
 * Must not know: Fennel forms or scopes.
 */
import type { ByteString, Place } from './forms.ts';

export type Expr =
  | { readonly kind: 'nil' | 'true' | 'false' | 'varargs' }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly bytes: ByteString }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly object: Expr; readonly key: Expr }
  | { readonly kind: 'call'; readonly callee: Expr; readonly args: readonly Expr[] }
  | {
      readonly kind: 'method';
      readonly object: Expr;
      readonly method: string;
      readonly args: readonly Expr[];
    }
  /** One operator over two or more operands: `a + b + c`. */
  | { readonly kind: 'binary'; readonly operator: string; readonly operands: readonly Expr[] }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expr }
  | FunctionExpr
  | { readonly kind: 'table'; readonly items: readonly TableItem[] }
  /** Exactly one value of an expression that may have several. */
  | { readonly kind: 'paren'; readonly inner: Expr }
  /** Lua text of the user's. */
  | { readonly kind: 'raw'; readonly text: string };

export type FunctionExpr = {
  readonly kind: 'function';
  /** `...` may be the last one. */
  readonly parameters: readonly string[];
  readonly body: readonly Stat[];
};

/** `key` is null for the next position of the sequence. */
export type TableItem = { readonly key: Expr | null; readonly value: Expr };

export type Clause = { readonly condition: Expr; readonly body: readonly Stat[] };

export type Stat = { readonly at: Place } & (
  | { readonly kind: 'local'; readonly names: readonly string[]; readonly values: readonly Expr[] }
  | { readonly kind: 'assign'; readonly targets: readonly Expr[]; readonly values: readonly Expr[] }
  | { readonly kind: 'local-function'; readonly name: string; readonly value: FunctionExpr }
  | { readonly kind: 'call'; readonly call: Expr }
  | { readonly kind: 'do'; readonly body: readonly Stat[] }
  | { readonly kind: 'while'; readonly condition: Expr; readonly body: readonly Stat[] }
  | { readonly kind: 'if'; readonly clauses: readonly Clause[]; readonly otherwise: readonly Stat[] | null }
  | {
      readonly kind: 'for';
      readonly name: string;
      readonly range: readonly Expr[];
      readonly body: readonly Stat[];
    }
  | {
      readonly kind: 'for-in';
      readonly names: readonly string[];
      readonly values: readonly Expr[];
      readonly body: readonly Stat[];
    }
  | { readonly kind: 'return'; readonly values: readonly Expr[] }
  | { readonly kind: 'break' }
  | { readonly kind: 'comment'; readonly text: string }
  /** Lua text of the user's. `file` when it is a whole file, whose lines are places of their own. */
  | { readonly kind: 'raw'; readonly text: string; readonly file: string | null }
);

export const nil: Expr = { kind: 'nil' };
export const varargs: Expr = { kind: 'varargs' };

export const nameExpr = (name: string): Expr => ({ kind: 'name', name });
export const stringExpr = (bytes: ByteString): Expr => ({ kind: 'string', bytes });
export const numberExpr = (text: string): Expr => ({ kind: 'number', text });
export const indexExpr = (object: Expr, key: Expr): Expr => ({ kind: 'index', object, key });
export const callExpr = (callee: Expr, args: readonly Expr[]): Expr => ({ kind: 'call', callee, args });
export const binaryExpr = (operator: string, operands: readonly Expr[]): Expr => ({
  kind: 'binary',
  operator,
  operands,
});
export const unaryExpr = (operator: string, operand: Expr): Expr => ({ kind: 'unary', operator, operand });

/** A field of the global table, for what the compiler itself needs whatever the program calls its locals. */
export const globalField = (...path: readonly string[]): Expr =>
  path.reduce((object, key) => indexExpr(object, stringExpr(key)), nameExpr('_G'));

/** Whether an expression may give any number of values. */
export const mayBeMany = (expr: Expr): boolean =>
  expr.kind === 'call' || expr.kind === 'method' || expr.kind === 'varargs' || expr.kind === 'raw';

/** The expression, cut to one value where Lua would otherwise spread it. */
export const truncated = (expr: Expr): Expr => (mayBeMany(expr) ? { kind: 'paren', inner: expr } : expr);

/** Whether dropping an expression changes nothing, whatever its names hold. */
export function isPure(expr: Expr): boolean {
  switch (expr.kind) {
    case 'nil':
    case 'true':
    case 'false':
    case 'varargs':
    case 'number':
    case 'string':
    case 'name':
    case 'function':
      return true;
    case 'paren':
      return isPure(expr.inner);
    case 'table':
      return expr.items.every((item) => (item.key === null || isPure(item.key)) && isPure(item.value));
    default:
      return false;
  }
}

/** Whether two evaluations of an expression can be told apart from one. */
export const isRepeatable = (expr: Expr): boolean =>
  expr.kind === 'name' ||
  expr.kind === 'nil' ||
  expr.kind === 'true' ||
  expr.kind === 'false' ||
  expr.kind === 'number' ||
  expr.kind === 'string';
