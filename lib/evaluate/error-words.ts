/**
 * The value of an error of Lua as text: any value can be one.
 *
 * Must not know: where the error came from.
 */
import { type LuaFunction, type LuaValue, textOf, type Vm } from '../lua/vm.ts';

/** A string as it is, what `__tostring` says, else what `view` shows on one line. */
export function sayError<Ask>(vm: Vm<Ask>, view: LuaFunction, value: LuaValue): string {
  if (typeof value === 'string') return textOf(value);
  const hasText = vm.native(([given = null], caller) => {
    const [metatable = null] = caller.call(vm.globals.get('getmetatable'), [given]);
    return [metatable !== null && caller.index(metatable, '__tostring') !== null];
  });
  const asked = vm.call(hasText, [value]);
  const said =
    asked.ok && asked.value[0] === true
      ? vm.call(vm.globals.get('tostring'), [value])
      : vm.call(view, [value, vm.table([['one-line?', true]])]);
  const text = said.ok ? said.value[0] : null;
  return typeof text === 'string' ? textOf(text) : 'the error has no text';
}
