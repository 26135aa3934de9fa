/**
 * What happens at a name in a pattern: a new local, a store into an old one, a global.
 *
 * Must not know: patterns.
 */
import type { Targets } from './bind.ts';
import { nearer } from './bind.ts';
import { allocate, allocateName } from './blocks.ts';
import { type Context, deepest, fault, report } from './context.ts';
import { one } from './deliver.ts';
import type { ListForm, Place, SymbolForm } from './forms.ts';
import { isName } from './forms-of.ts';
import { isLuaIdentifier, mangle, multiSymbol } from './names.ts';
import { problem } from './problems.ts';
import { fieldsOf, globalExpr, isGlobalAllowed, nearestName, partsOf, resolve } from './resolve.ts';
import type { LocalBinding } from './scope.ts';
import { type Expr, indexExpr, nameExpr } from './tree.ts';

/** Checks that a name may be bound at all; `owner` is where a shadowed special is reported. */
export function mayBind(cx: Context, symbol: SymbolForm, owner: Place, asMacro = false): boolean {
  const { name } = symbol;
  const { unit } = cx;
  if (name.includes('&')) fault(cx, 'invalid-character', symbol.span ?? owner, '&');
  else if (name.startsWith('.')) fault(cx, 'invalid-character', symbol.span ?? owner, '.');
  else if (isSpecial(cx, name, asMacro) || (!asMacro && isMacro(cx, name)))
    fault(cx, 'overshadowed', owner, name);
  else if (symbol.quoted && !unit.names.made.has(name))
    fault(cx, 'bind-without-gensym', symbol.span ?? owner, name);
  else return true;
  return false;
}

const isSpecial = (cx: Context, name: string, asMacro: boolean): boolean =>
  cx.unit.specials.has(name) && !(asMacro && cx.unit.macroLike.has(name));

const isMacro = (cx: Context, name: string): boolean => {
  const binding = cx.unit.scopes.find(name);
  return binding === undefined ? cx.unit.macros.has(name) : binding.kind === 'macro';
};

/** A new local, visible at once: a function's name. Null after a fault. */
export function declare(cx: Context, symbol: SymbolForm, owner: Place): Expr | null {
  if (!mayBind(cx, symbol, owner)) return null;
  const target = allocate(cx, symbol.name);
  cx.unit.scopes.bind(symbol.name, local(symbol, target, false));
  return target;
}

/** A new Lua local, visible at once: a parameter, a loop's variable. After a fault it is one that nobody sees. */
export function declareName(cx: Context, symbol: SymbolForm, owner: Place): string {
  if (multiSymbol(symbol.name) !== null) {
    fault(cx, 'unexpected-multisym', nearer(symbol.span, owner), symbol.name);
    return allocateName(cx, '_');
  }
  if (!mayBind(cx, symbol, owner)) return allocateName(cx, '_');
  const name = allocateName(cx, symbol.name);
  cx.unit.scopes.bind(symbol.name, local(symbol, nameExpr(name), false));
  return name;
}

const local = (symbol: SymbolForm, target: Expr, isVar: boolean): LocalBinding => ({
  kind: 'local',
  target,
  isVar,
  place: symbol.span,
  used: false,
});

/** New locals, visible once all of them are stored. `call` is the form that binds. */
export function declaring(cx: Context, isVar: boolean, call: Place): Targets {
  let pending: { symbol: SymbolForm; target: Expr }[] = [];
  return {
    state: 'undeclared',
    of(symbol, owner) {
      if (multiSymbol(symbol.name) !== null) {
        fault(cx, 'unexpected-multisym', nearer(symbol.span, owner), symbol.name);
        return null;
      }
      if (!mayBind(cx, symbol, symbol.span ?? owner)) return null;
      const target = allocate(cx, symbol.name);
      pending.push({ symbol, target });
      return target;
    },
    ofField(form) {
      fault(cx, 'unable-to-bind', form.span, 'table', 'table');
      return null;
    },
    finish() {
      for (const { symbol, target } of pending) {
        if (target.kind === 'name' && cx.unit.scopes.usesGlobal(target.name)) {
          fault(cx, 'global-aliased', call, symbol.name);
        }
        cx.unit.scopes.bind(symbol.name, local(symbol, target, isVar));
      }
      pending = [];
    },
  };
}

export type AssignOptions = {
  /** Also locals that are no `var`. */
  readonly force: boolean;
  /** Unknown names are refused; false for `set-forcibly!`. */
  readonly known: boolean;
};

/** Stores into names that are there already. `call` is the form that sets. */
export function assigning(cx: Context, options: AssignOptions, call: Place): Targets {
  return {
    state: 'declared',
    of(symbol) {
      const parts = partsOf(symbol.name, cx);
      const first = parts[0] ?? symbol.name;
      const binding = cx.unit.scopes.find(first);
      const local = binding?.kind === 'local' ? binding : null;
      if (symbol.name.includes(':')) {
        fault(cx, 'method-set', symbol.span);
        return null;
      }
      if (parts.length === 1 && !options.force && local !== null && !local.isVar) {
        report(cx, { ...problem('expected-var', symbol.span, [], first), ...declaredAt(local, first) });
        return null;
      }
      if (options.known && local === null && !isGlobalAllowed(first, cx)) {
        const near = nearestName(first, cx.unit.scopes.names());
        const hint = near === null ? `Declare ${first} with var first.` : `Did you mean ${near}?`;
        report(cx, { ...problem('expected-local', symbol.span, [], first), hint });
        return null;
      }
      if (local === null) return fieldsOf(globalExpr(first, cx), parts);
      local.used = true;
      return fieldsOf(local.target, parts);
    },
    ofField: (form) => fieldTarget(cx, form, call),
    finish() {},
  };
}

function declaredAt(binding: LocalBinding, name: string): Partial<ReturnType<typeof problem>> {
  const hint = `Declare ${name} with var instead of let or local.`;
  if (binding.place === null) return { hint };
  return { hint, notes: [{ span: binding.place, message: `${name} was bound here` }] };
}

/** `(. t k1 k2)` as a place to store into. */
function fieldTarget(cx: Context, form: ListForm, call: Place): Expr | null {
  const [, table, ...keys] = form.items;
  if (!isName(table)) {
    fault(cx, 'dynamic-set-symbol', call);
    return null;
  }
  if (keys.length === 0) {
    fault(cx, 'dynamic-set-key', call);
    return null;
  }
  if (keys.length > deepest) {
    fault(cx, 'too-deep', call);
    return null;
  }
  let target = resolve(table, cx);
  for (const key of keys) target = indexExpr(target, one(cx, key));
  return target;
}

/** Stores into globals, which the strict check knows from now on. */
export function globalling(cx: Context): Targets {
  return {
    state: 'declared',
    of(symbol, owner) {
      const { name } = symbol;
      if (multiSymbol(name) !== null) {
        fault(cx, 'unexpected-multisym', nearer(symbol.span, owner), name);
        return null;
      }
      if (isLocalIn(cx, name)) {
        fault(cx, 'global-conflict', symbol.span, name);
        return null;
      }
      cx.unit.globals?.add(name);
      const place = symbol.span ?? owner;
      if (cx.unit.specials.has(name)) fault(cx, 'special-as-value', place);
      else if (isMacro(cx, name)) fault(cx, 'macro-as-value', place);
      else if (mayBind(cx, symbol, place)) return globalExpr(name, cx);
      return null;
    },
    ofField(form) {
      fault(cx, 'unable-to-bind', form.span, 'table', 'table');
      return null;
    },
    finish() {},
  };
}

/** Whether a local has this name, in Fennel or, for a name that Lua could have, in Lua. */
const isLocalIn = (cx: Context, name: string): boolean =>
  cx.unit.scopes.find(name)?.kind === 'local' ||
  (isLuaIdentifier(name) && cx.unit.scopes.isTaken(mangle(name)));
