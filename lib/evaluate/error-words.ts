/**
 * The value of an error of Lua as text: any value can be one.
 *
 * Must not know: where the error came from.
 */
import { type LuaFunction, LuaTable, type LuaValue, textOf, type Vm } from '../lua/vm.ts';

/** What is longer tells nobody more. */
const longest = 16_384;

/** A string as it is, what `__tostring` says, else what `view` shows on one line. */
export function sayError<Ask>(vm: Vm<Ask>, view: LuaFunction, value: LuaValue): string {
  if (typeof value === 'string')
    return textOf(value.length > longest ? `${value.slice(0, longest)} …` : value);
  const speaks = value instanceof LuaTable && (value.metatable?.get('__tostring') ?? null) !== null;
  // Not the program's own `tostring`, which it may have spoilt.
  const words = vm.native(([given = null], caller) =>
    speaks ? [caller.tostring(given)] : caller.call(view, [given, vm.table([['one-line?', true]])]),
  );
  const said = vm.call(words, [value]);
  const [text = null] = said.ok ? said.value : [];
  return typeof text === 'string' ? textOf(text.slice(0, longest)) : 'the error has no text';
}
