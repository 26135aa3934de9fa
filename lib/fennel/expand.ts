/**
 * Macro calls: finds the macro a list calls and gives what it becomes.
 *
 * Must not know: what any macro does; how Lua runs (a `MacroHost` does that).
 */
import { bridgeOf, hostProblem } from './compile-time.ts';
import { type Context, type Macro, refuse, report } from './context.ts';
import type { Form, ListForm, SymbolForm } from './forms.ts';
import type { HostValue } from './host.ts';
import { multiSymbol } from './names.ts';

/** Expansions of expansions: more than this never ends. */
const mostExpansions = 2000;

/** A list that calls a macro → what the macro makes of it; any other list as it is; null after a fault. */
export function expandOnce(form: ListForm, cx: Context): Form | null {
  const [head] = form.items;
  if (head?.type !== 'symbol') return form;
  const found = findMacro(head, cx);
  if (found === undefined) return form;
  if (found === 'missing') return refuse(cx, 'macro-not-callable', head.span);
  switch (found.kind) {
    case 'native':
      return found.rewrite(form, cx);
    case 'host':
      return callHost(found.value, form, cx);
    case 'table':
      return refuse(cx, 'macro-not-callable', head.span);
  }
}

/** Expands until the head is no macro. */
export function expand(form: Form, cx: Context): Form | null {
  let current = form;
  for (let round = 0; round < mostExpansions; round += 1) {
    if (current.type !== 'list') return current;
    const next = expandOnce(current, cx);
    if (next === null || next === current) return next;
    current = next;
  }
  return refuse(cx, 'endless-expansion', form.span);
}

function findMacro(head: SymbolForm, cx: Context): Macro | 'missing' | undefined {
  const { unit } = cx;
  const direct = unit.scopes.find(head.name);
  if (direct?.kind === 'macro') return direct.macro;
  if (direct === undefined) {
    const native = unit.macros.get(head.name);
    if (native !== undefined) return { kind: 'native', rewrite: native };
  }
  const parts = multiSymbol(head.name)?.parts;
  const first = parts?.[0] === undefined ? undefined : unit.scopes.find(parts[0]);
  if (parts === undefined || first?.kind !== 'macro') return undefined;
  return findInTable(first.macro, parts.slice(1), cx);
}

function findInTable(macro: Macro, path: readonly string[], cx: Context): Macro | 'missing' {
  let current = macro;
  for (const name of path) {
    if (current.kind !== 'table') return 'missing';
    const entry = cx.unit.host?.entries(current.value)?.get(name);
    if (entry === undefined || entry.kind === 'other') return 'missing';
    current = { kind: entry.kind === 'macro' ? 'host' : 'table', value: entry.value };
  }
  return current;
}

function callHost(macro: HostValue, form: ListForm, cx: Context): Form | null {
  const { host } = cx.unit;
  if (host === null) return refuse(cx, 'no-macro-host', form.span);
  const answer = host.call(macro, form.items.slice(1), form.span, bridgeOf(cx));
  if (answer.ok) return answer.value;
  report(cx, hostProblem(answer.error, form.span));
  return null;
}
