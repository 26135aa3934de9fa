/**
 * The door of the room: Fennel text → Lua text with a line map, or diagnostics.
 *
 * Must not know: how Lua runs, where files are, what the program is for.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import type { Result } from '../base/result.ts';
import { compileProgram, newShared, type Shared } from './chunk.ts';
import type { Chunk, MacroHost, ModuleFinder } from './host.ts';
import type { Source } from './reader.ts';

export { newShared, type Shared } from './chunk.ts';
export type { Form } from './forms.ts';
export type { Chunk, MacroHost, ModuleFinder } from './host.ts';
export { printForm } from './print.ts';
export { read, type Source } from './reader.ts';

export type CompileOptions = {
  /** The globals that the program may use; null for any. Default null. */
  readonly globals?: readonly string[] | null;
  /** Who runs macros; without one, a program that uses its own macros is refused. Default null. */
  readonly host?: MacroHost | null;
  /** The other files that can be included and imported; default none. */
  readonly modules?: ModuleFinder | null;
  /** The name the file is required by, which it gets as `...`, as do its compile-time expressions. Default null. */
  readonly moduleName?: string | null;
  /** What compilations of one evaluation share, so that a module of macros is loaded once. Default: nothing. */
  readonly shared?: Shared;
};

export type Compiled = Chunk;

/** Compiles a program. Never throws: whatever the text is, the answer is Lua or what is wrong with it. */
export const compile = (source: Source, options: CompileOptions = {}): Result<Compiled, Diagnostic[]> =>
  compileProgram(
    {
      file: source.name,
      content: { text: source.text },
      moduleName: options.moduleName ?? null,
      compileTime: false,
    },
    {
      globals: options.globals ?? null,
      host: options.host ?? null,
      modules: options.modules ?? null,
      shared: options.shared ?? newShared(),
    },
  );
