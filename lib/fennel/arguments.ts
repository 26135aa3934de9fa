/**
 * Arguments within Lua's limits.
 *
 * Must not know: what is called.
 */
import { type Context, fault } from './context.ts';
import type { Form } from './forms.ts';
import { callExpr, type Expr, globalField, mayBeMany, numberExpr } from './tree.ts';

/** Arguments and locals share Lua's 255 registers. */
const mostRegisters = 220;

/** Arguments that fit Lua's registers: too many of them go through a table. */
export function fitting(args: readonly Expr[], form: Form, cx: Context): readonly Expr[] {
  if (args.length + cx.frame.active < mostRegisters) return args;
  const last = args.at(-1);
  if (last !== undefined && mayBeMany(last)) {
    fault(cx, 'too-many-arguments', form.span);
    return [];
  }
  const items = args.map((value) => ({ key: null, value }));
  const table: Expr = { kind: 'table', items };
  const count = numberExpr(String(args.length));
  return [callExpr(globalField('table', 'unpack'), [table, numberExpr('1'), count])];
}
