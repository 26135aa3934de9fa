/**
 * Macros and modules: `macros import-macros require-macros eval-compiler include`.
 *
 * Must not know: how Lua runs while a program is compiled (`compile-time.ts` asks the host).
 */

import { hostProblem, loadMacroModule, moduleNameOf, runNow } from '../compile-time.ts';
import { type Context, fault, report, type Special, type Want } from '../context.ts';
import { deliver } from '../deliver.ts';
import type { Form, ListForm, Place } from '../forms.ts';
import { isSymbol } from '../forms-of.ts';
import type { HostValue, MacroEntry } from '../host.ts';
import { bytesOfText, textOfBytes } from '../names.ts';
import { helper, modulesTable } from '../prelude.ts';
import { mayBind } from '../targets.ts';
import { callExpr, type Expr, indexExpr, nil, type Stat, stringExpr } from '../tree.ts';

const nothing = (call: ListForm, cx: Context, want: Want): readonly Expr[] =>
  deliver(cx, want, [nil], call.span);

/** Makes every function of a table a macro of this scope. */
function addMacros(cx: Context, entries: ReadonlyMap<string, MacroEntry>, call: ListForm): void {
  for (const [name, entry] of entries) {
    if (entry.kind !== 'macro') {
      fault(cx, 'macro-not-function', call.span);
      return;
    }
    if (!mayBind(cx, { type: 'symbol', name, span: call.span }, call.span, true)) return;
    cx.unit.scopes.bind(name, { kind: 'macro', macro: { kind: 'host', value: entry.value } });
  }
}

const macros: Special = (call, cx, want) => {
  const [, form] = call.items;
  if (call.items.length !== 2 || form === undefined) {
    fault(cx, 'macros-table', call.span);
    return nothing(call, cx, want);
  }
  const table = runNow(cx, [form], call.span);
  if (!table.ok) for (const found of table.error) report(cx, found);
  else {
    const entries = cx.unit.host?.entries(table.value) ?? null;
    if (entries === null) fault(cx, 'macros-table', call.span);
    else addMacros(cx, entries, call);
  }
  return nothing(call, cx, want);
};

const evalCompiler: Special = (call, cx, want) => {
  const value = runNow(cx, call.items.slice(1), call.span);
  if (!value.ok) {
    for (const found of value.error) report(cx, found);
    return nothing(call, cx, want);
  }
  const form = cx.unit.host?.asForm(value.value, call.span);
  if (form === undefined) return nothing(call, cx, want);
  if (!form.ok) {
    report(cx, hostProblem(form.error, call.span));
    return nothing(call, cx, want);
  }
  // A string is the Lua that stands for the form.
  if (form.value.type === 'string') {
    const raw: Expr = { kind: 'raw', text: textOfBytes(form.value.bytes) };
    return deliver(cx, want, [raw], call.span);
  }
  return cx.unit.compile(form.value, cx, want);
};

/** The macros of a module, or null after a fault. */
function importModule(
  cx: Context,
  form: Form | undefined,
  call: ListForm,
): { name: string; value: HostValue; entries: ReadonlyMap<string, MacroEntry> } | null {
  const name = moduleNameOf(cx, form, call.span);
  if (name === null) {
    fault(cx, 'macro-module-name', call.span);
    return null;
  }
  const value = loadMacroModule(name, cx, call.span);
  if (!value.ok) {
    for (const found of value.error) report(cx, { ...found, span: found.span ?? call.span });
    return null;
  }
  const entries = cx.unit.host?.entries(value.value) ?? null;
  if (entries === null) {
    fault(cx, 'macros-not-table', call.span);
    return null;
  }
  return { name, value: value.value, entries };
}

const requireMacros: Special = (call, cx, want) => {
  if (call.items.length !== 2) fault(cx, 'macro-module-argument', call.span);
  else {
    const module = importModule(cx, call.items[1], call);
    if (module !== null) addMacros(cx, module.entries, call);
  }
  return nothing(call, cx, want);
};

const importMacros: Special = (call, cx, want) => {
  const pairs = call.items.slice(1);
  if (pairs.length === 0 || pairs.length % 2 !== 0) {
    fault(cx, 'import-pairs', call.span);
    return nothing(call, cx, want);
  }
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const binding = pairs[i];
    const module = importModule(cx, pairs[i + 1], call);
    if (module === null || binding === undefined) continue;
    if (isSymbol(binding)) {
      if (!mayBind(cx, binding, call.span, true)) continue;
      cx.unit.scopes.bind(binding.name, { kind: 'macro', macro: { kind: 'table', value: module.value } });
    } else if (binding.type === 'table') importNames(cx, binding.entries, module, call);
  }
  return nothing(call, cx, want);
};

function importNames(
  cx: Context,
  names: readonly (readonly [Form, Form])[],
  module: { name: string; entries: ReadonlyMap<string, MacroEntry> },
  call: ListForm,
): void {
  for (const [key, name] of names) {
    const wanted = key.type === 'string' ? textOfBytes(key.bytes) : '';
    const entry = module.entries.get(wanted);
    if (entry?.kind !== 'macro') fault(cx, 'macro-missing', call.span, wanted, module.name);
    else if (isSymbol(name) && mayBind(cx, name, call.span, true)) {
      cx.unit.scopes.bind(name.name, { kind: 'macro', macro: { kind: 'host', value: entry.value } });
    }
  }
}

const include: Special = (call, cx, want) => {
  if (call.items.length !== 2) {
    return deliver(cx, want, fault(cx, 'one-argument', call.span), call.span);
  }
  const name = moduleNameOf(cx, call.items[1], call.span);
  if (name === null) return deliver(cx, want, fault(cx, 'module-literal', call.span), call.span);
  if (!embed(cx, name, call.span)) return nothing(call, cx, want);
  const value = callExpr(helper(cx, 'include', call.span), [stringExpr(bytesOfText(name))]);
  return deliver(cx, want, [value], call.span);
};

/** Puts a module's code before the program, once; false after a fault. */
function embed(cx: Context, name: string, call: Place): boolean {
  const { unit } = cx;
  const known = unit.includes.get(name);
  if (known === 'loading') {
    fault(cx, 'circular-include', call);
    return false;
  }
  if (known === 'done') return true;
  const found = unit.modules?.find(name, 'module') ?? null;
  if (found === null) {
    fault(cx, 'module-missing', call, name);
    return false;
  }
  unit.includes.set(name, 'loading');
  const body: readonly Stat[] = found.file.endsWith('.lua')
    ? [{ kind: 'raw', text: found.text.trimEnd(), file: found.file, at: call }]
    : unit.toBody({
        file: found.file,
        content: { text: found.text },
        moduleName: name,
        compileTime: unit.compileTime,
      });
  unit.includes.set(name, 'done');
  const target = indexExpr(modulesTable, stringExpr(bytesOfText(name)));
  const value: Expr = { kind: 'function', parameters: ['...'], body };
  unit.prelude.push({ kind: 'assign', targets: [target], values: [value], at: call });
  return true;
}

export const moduleSpecials: Readonly<Record<string, Special>> = {
  macros,
  'eval-compiler': evalCompiler,
  'require-macros': requireMacros,
  'import-macros': importMacros,
  include,
};
