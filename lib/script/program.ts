/**
 * The files of `.quire/` as one program in a VM.
 *
 * Must not know: what a pipeline registers or asks.
 */
import { type Diagnostic, diagnostic, pointSpan, type Span } from '../base/diagnostic.ts';
import { err, ok, type Result } from '../base/result.ts';
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
  const spanOf = (frames: readonly Frame[]): Span => {
    const frame = frames.find(({ source }) => source !== null);
    return pointSpan(frame?.source ?? '?', frame?.line ?? 1, 1);
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
          message: typeof failure.value === 'string' ? textOf(failure.value) : 'error',
          span: spanOf(failure.frames),
        });
  return {
    vm,
    explain,
    spanOf,
    runMain(path) {
      const text = options.files(path);
      if (text === null || !text.ok) return err([]);
      const loaded = vm.load({ name: options.nameOf(path), lua: bytesOf(text.value) });
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
      const done = vm.call(loaded.value, []);
      return done.ok ? ok(undefined) : err([explain(done.error)]);
    },
  };
}
