/**
 * Forms that the compiler's own macros write. They have names, so that what `macrodebug` prints can be read again.
 *
 * Must not know: which macro writes them.
 */
import type { Special } from '../context.ts';
import { deliver, one } from '../deliver.ts';
import { nilForm } from '../forms-of.ts';
import { helper } from '../prelude.ts';
import { binaryExpr, callExpr, globalField, stringExpr } from '../tree.ts';

/** `(fnl/table? x)`: whether a value is a table. */
export const isTableHead = 'fnl/table?';
/** `(fnl/rest x n)`: the sequence from position n on. */
export const restOfHead = 'fnl/rest';

export const innerSpecials: Readonly<Record<string, Special>> = {
  [isTableHead]: (call, cx, want) => {
    const value = one(cx, call.items[1] ?? nilForm(call.span));
    const type = callExpr(globalField('type'), [value]);
    return deliver(cx, want, [binaryExpr('==', [type, stringExpr('table')])], call.span);
  },
  [restOfHead]: (call, cx, want) => {
    const value = one(cx, call.items[1] ?? nilForm(call.span));
    const first = one(cx, call.items[2] ?? nilForm(call.span));
    const rest = callExpr(helper(cx, 'rest', call.span), [value, first]);
    return deliver(cx, want, [rest], call.span);
  },
};
