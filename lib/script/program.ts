/**
 * The files of `.quire/` as one program in a VM.
 *
 * Must not know: what a pipeline registers or asks.
 */
import { type Diagnostic, diagnostic, pointSpan, type Span } from '../base/diagnostic.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Chunk, compile } from '../fennel/fennel.ts';
import { bytesOf, type Frame, type LuaFailure, type Meter, textOf, Vm } from '../lua/vm.ts';

export type ProgramOptions = {
  readonly meter: Meter;
  readonly files: (path: string) => Result<string, Diagnostic> | null;
  readonly nameOf: (path: string) => string;
  readonly macros: ReadonlyMap<string, string>;
};

export type Program<Ask> = {
  readonly vm: Vm<Ask>;
  runMain(path: string): Result<void, Diagnostic[]>;
  explain(failure: LuaFailure): Diagnostic;
  spanOf(frames: readonly Frame[]): Span;
};

export function createProgram<Ask>(options: ProgramOptions): Program<Ask> {
  const vm = new Vm<Ask>({ meter: options.meter });
  let chunk: Chunk | null = null;
  const spanOf = (frames: readonly Frame[]): Span => {
    const frame = frames.find(({ source }) => source !== null);
    const known = chunk?.lines[(frame?.textLine ?? 0) - 1];
    return known ?? pointSpan(frame?.source ?? '?', frame?.line ?? 1, 1);
  };
  const explain = (failure: LuaFailure): Diagnostic =>
    failure.reason === 'limit'
      ? diagnostic({
          code: `${failure.which}-limit`,
          message: `${failure.which} limit`,
          span: spanOf(failure.frames),
        })
      : diagnostic({
          code: 'runtime',
          message:
            typeof failure.value === 'string' ? textOf(failure.value).replace(/^\S+:\d+: /, '') : 'error',
          span: spanOf(failure.frames),
        });
  return {
    vm,
    explain,
    spanOf,
    runMain(path) {
      const text = options.files(path);
      if (text === null || !text.ok) return err([]);
      let lua = text.value;
      if (path.endsWith('.fnl')) {
        const compiled = compile({ name: options.nameOf(path), text: text.value }, {});
        if (!compiled.ok) return compiled;
        chunk = compiled.value;
        lua = compiled.value.lua;
      }
      const lines =
        chunk === null ? {} : { lines: chunk.lines.map((l) => l && { file: l.file, line: l.start.line }) };
      const loaded = vm.load({ name: options.nameOf(path), lua: bytesOf(lua), ...lines });
      if (!loaded.ok)
        return err([diagnostic({ code: 'syntax', message: JSON.stringify(loaded.error), span: null })]);
      const done = vm.call(loaded.value, []);
      return done.ok ? ok(undefined) : err([explain(done.error)]);
    },
  };
}
