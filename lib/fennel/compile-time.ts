/**
 * Code that runs while a program is compiled: what a macro may ask of the compiler, modules of macros.
 *
 * Must not know: how Lua runs (a `MacroHost` does that), where files are (a `ModuleFinder` knows).
 */
import { type Diagnostic, diagnostic, type Span } from '../base/diagnostic.ts';
import { err, ok, type Result } from '../base/result.ts';
import { freshSymbol } from './blocks.ts';
import type { Context } from './context.ts';
import type { Form, Place } from './forms.ts';
import { isSymbol } from './forms-of.ts';
import type { Chunk, CompilerBridge, HostFailure, HostValue } from './host.ts';
import { textOfBytes } from './names.ts';
import { problem } from './problems.ts';

type Answer = Result<HostValue, Diagnostic[]>;

/** Runs forms now, in the compiler's environment. */
export function runNow(cx: Context, forms: readonly Form[], call: Place): Answer {
  const { unit } = cx;
  if (unit.host === null) return err([problem('no-macro-host', call)]);
  const { file, moduleName } = unit;
  const chunk = unit.toChunk({ file, content: { forms }, moduleName, compileTime: true });
  if (!chunk.ok) return chunk;
  return run(cx, chunk.value, moduleName === null ? [] : [moduleName, file], call);
}

function run(cx: Context, chunk: Chunk, args: readonly string[], call: Place): Answer {
  const { host } = cx.unit;
  if (host === null) return err([problem('no-macro-host', call)]);
  const ran = host.run(chunk, args, bridgeOf(cx));
  return ran.ok ? ran : err([hostProblem(ran.error, call)]);
}

/** The value of a module of macros, which is loaded once. */
export function loadMacroModule(name: string, cx: Context, call: Span | null = null): Answer {
  const { unit } = cx;
  const known = unit.macroModules.get(name);
  if (known === 'loading') return err([problem('circular-macros', call, [], name)]);
  if (known !== undefined) return ok(known);
  const found = unit.modules?.find(name, 'macros') ?? null;
  if (found === null) return err([problem('macro-module-missing', call, [], name)]);
  unit.macroModules.set(name, 'loading');
  const loaded = load(cx, name, found, call);
  if (loaded.ok) unit.macroModules.set(name, loaded.value);
  else unit.macroModules.delete(name);
  return loaded;
}

function load(cx: Context, name: string, found: { file: string; text: string }, call: Place): Answer {
  const { file, text } = found;
  const args = [name, file];
  if (file.endsWith('.lua')) return run(cx, luaChunk(file, text), args, call);
  const chunk = cx.unit.toChunk({ file, content: { text }, moduleName: name, compileTime: true });
  return chunk.ok ? run(cx, chunk.value, args, call) : chunk;
}

const luaChunk = (file: string, text: string): Chunk => ({
  name: file,
  lua: text,
  lines: text.split('\n').map((line, i) => ({
    file,
    start: { line: i + 1, column: 1 },
    end: { line: i + 1, column: line.length + 1 },
  })),
});

/** The module a form names: a string, or what an expression gives now; null when it gives no string. */
export function moduleNameOf(cx: Context, form: Form | undefined, call: Place): string | null {
  if (form?.type === 'string') return textOfBytes(form.bytes);
  if (form === undefined || isSymbol(form) || cx.unit.host === null) return null;
  const value = runNow(cx, [form], call);
  const answer = value.ok ? cx.unit.host.asForm(value.value, call) : null;
  return answer?.ok && answer.value.type === 'string' ? textOfBytes(answer.value.bytes) : null;
}

/** What went wrong in compile-time code, shown at the call with the place inside as a note. */
export function hostProblem(failure: HostFailure, call: Form['span']): Diagnostic {
  const inner = failure.span;
  const apart =
    inner !== null &&
    (call === null ||
      inner.file !== call.file ||
      inner.start.line !== call.start.line ||
      inner.start.column !== call.start.column);
  return diagnostic({
    code: `macro-${failure.reason}`,
    message: failure.message,
    span: call ?? inner,
    notes: apart && inner !== null ? [{ span: inner, message: 'here' }] : [],
    hint: null,
  });
}

/** What running macros may ask of this compilation. */
export function bridgeOf(cx: Context): CompilerBridge {
  return {
    inScope: (symbol) => cx.unit.scopes.find(symbol.name)?.kind === 'local',
    gensym: (base) => freshSymbol(cx, null, base ?? ''),
    macroexpand: (form) => macroexpand(form, cx),
    loadMacroModule: (name) => loadMacroModule(name, cx),
  };
}

/** Expansion for a macro that asks: its faults are the macro's to raise, not the program's yet. */
function macroexpand(form: Form, cx: Context): Result<Form, Diagnostic[]> {
  const before = cx.unit.faults.length;
  const expanded = cx.unit.expand(form, cx);
  if (expanded !== null && cx.unit.faults.length === before) return ok(expanded);
  return err(cx.unit.faults.splice(before));
}
