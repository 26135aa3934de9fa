/**
 * A symbol in the program → what it stands for in Lua: a local, a field of one, a global that is allowed.
 *
 * Must not know: how names are bound.
 */
import { nearest } from '../base/text.ts';
import { type Context, deepest, fault, report } from './context.ts';
import type { SymbolForm } from './forms.ts';
import { bytesOfText, isLuaIdentifier, multiSymbol } from './names.ts';
import { problem } from './problems.ts';
import { type Expr, globalField, indexExpr, nameExpr, nil, stringExpr, varargs } from './tree.ts';

/** The value of a symbol. Reports what cannot be one, and what nobody knows. */
export function resolve(form: SymbolForm, cx: Context): Expr {
  const multi = multiSymbol(form.name);
  if (multi?.method) {
    fault(cx, 'method-as-value', form.span);
    return nil;
  }
  const parts = inHash(multi?.parts ?? [form.name], cx);
  const first = parts[0] ?? form.name;
  if (parts.length > deepest) {
    fault(cx, 'too-deep', form.span);
    return nil;
  }
  const { unit } = cx;
  if (form.name === '$...' && cx.frame.hash !== null) {
    cx.frame.usesVararg = true;
    return varargs;
  }
  const binding = unit.scopes.find(first);
  if (binding?.kind === 'macro' || (binding === undefined && unit.macros.has(first))) {
    fault(cx, 'macro-as-value', form.span);
    return nil;
  }
  if (unit.specials.has(first)) {
    fault(cx, unit.macroLike.has(first) ? 'macro-as-value' : 'special-as-value', form.span);
    return nil;
  }
  if (binding !== undefined) {
    binding.used = true;
    return fieldsOf(binding.target, parts);
  }
  if (!isGlobalAllowed(first, cx)) {
    report(cx, {
      ...problem('unknown-identifier', form.span, [], first),
      hint: suggest(first, cx),
    });
    return nil;
  }
  if (unit.globals !== null) unit.scopes.noteGlobal(first);
  return fieldsOf(globalExpr(first, cx), parts);
}

/** The parts of a symbol; in a hash function `$` means `$1`. */
export const partsOf = (name: string, cx: Context): readonly string[] =>
  inHash(multiSymbol(name)?.parts ?? [name], cx);

const inHash = (parts: readonly string[], cx: Context): readonly string[] =>
  cx.frame.insideHash && parts[0] === '$' ? ['$1', ...parts.slice(1)] : parts;

/** The expression of `first.b.c`, given that of `first`. */
export function fieldsOf(first: Expr, parts: readonly string[]): Expr {
  let value = first;
  for (const part of parts.slice(1, deepest)) value = indexExpr(value, stringExpr(bytesOfText(part)));
  return value;
}

export const isGlobalAllowed = (name: string, cx: Context): boolean =>
  cx.unit.globals === null || cx.unit.globals.has(name) || name === '_ENV';

/** A global by its name, whatever locals are called in Lua. */
export function globalExpr(name: string, cx: Context): Expr {
  if (isLuaIdentifier(name) && !cx.unit.scopes.isTaken(name)) return nameExpr(name);
  if (cx.unit.scopes.isTaken('_G')) return indexExpr(nameExpr('_ENV'), stringExpr(bytesOfText(name)));
  return globalField(bytesOfText(name));
}

/** Two letters may have changed places in all but the shortest names. */
export const nearestName = (name: string, known: Iterable<string>): string | null =>
  nearest(name, known, name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3)));

function suggest(name: string, cx: Context): string {
  const { unit } = cx;
  const known = [unit.scopes.names(), unit.globals ?? [], unit.specials.keys(), unit.macros.keys()];
  const near = nearestName(
    name,
    known.flatMap((names) => [...names]),
  );
  if (near !== null) return `Did you mean ${near}?`;
  return `If it is a global on purpose, write _G.${name}.`;
}
