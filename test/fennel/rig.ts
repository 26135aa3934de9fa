/**
 * What the compiler's tests are conducted with: programs compiled as everyone compiles them, Lua that is loaded and run.
 */

import type { Diagnostic } from '../../lib/base/diagnostic.ts';
import { Evaluator } from '../../lib/evaluate/evaluator.ts';
import { viewGlobals } from '../../lib/evaluate/view-file.ts';
import { type Chunk, compile } from '../../lib/fennel/fennel.ts';
import { bytesOf, Meter, Vm } from '../../lib/lua/vm.ts';

export const globals = viewGlobals;

const meter = (): Meter =>
  new Meter({ timeMs: 20_000, memoryBytes: 2 ** 28, clock: () => performance.now() });

/** The faults of a program, found by a compiler that can run macros; `modules` are the other files. */
export function faultsOf(
  text: string,
  modules: Readonly<Record<string, string>> = {},
): readonly Diagnostic[] {
  const tree = { read: (path: string) => modules[path] ?? null };
  const evaluator = new Evaluator({ meter: meter(), tree, globals });
  const compiled = evaluator.compile('ci.fnl', text);
  return compiled.ok ? [] : compiled.error;
}

/** What a program returns, each value on one line as `fennel.view` shows it, or its first fault or failure. */
export function resultOf(text: string, modules: Readonly<Record<string, string>> = {}): string {
  const tree = { read: (path: string) => modules[path] ?? null };
  const evaluator = new Evaluator({ meter: meter(), tree, globals });
  const values = evaluator.evaluate('ci.fnl', text);
  if (!values.ok) {
    const [first] = values.error.diagnostics;
    return `${values.error.stage} ${first?.span?.start.line}: ${first?.message}`;
  }
  return values.value
    .map((value) => {
      const shown = evaluator.show(value);
      return shown.ok ? shown.value : String(shown.error);
    })
    .join(' ');
}

/** The Lua of a program that has no faults. */
export function luaOf(text: string): Chunk {
  const compiled = compile({ name: 'ci.fnl', text }, { globals });
  if (!compiled.ok) throw new Error(compiled.error.map((fault) => fault.message).join('\n'));
  return compiled.value;
}

/** Says why Lua refuses a text, or null when it loads. */
export function luaLoader(): (lua: string) => string | null {
  const vm = new Vm({
    meter: new Meter({ timeMs: 600_000, memoryBytes: 2 ** 30, clock: () => performance.now() }),
  });
  return (lua) => {
    const loaded = vm.load({ name: 'x', lua: bytesOf(lua) });
    return loaded.ok ? null : JSON.stringify(loaded.error);
  };
}
