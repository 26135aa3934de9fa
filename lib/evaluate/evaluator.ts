/**
 * Fennel and Lua programs, run: a VM, the files of a tree, and what goes wrong told in their terms.
 *
 * Must not know: CI. What a program can require besides files is brought by the caller.
 */
import { type Diagnostic, diagnostic, type Span } from '../base/diagnostic.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Chunk, compile, type ModuleFinder, newShared } from '../fennel/fennel.ts';
import {
  type ByteString,
  bytesOf,
  type Frame,
  type LuaFailure,
  type LuaFunction,
  type LuaValue,
  type Meter,
  textOf,
  Vm,
} from '../lua/vm.ts';
import { sayError } from './error-words.ts';
import { limitWords } from './limit-words.ts';
import { createMacroHost } from './macros/host.ts';
import { candidates, type FoundFile, moduleFinder, type Tree, withoutMark } from './modules.ts';
import { placeOfFailure, placeOfFrame, sourceOfChunk, stripPosition, traceNotes } from './traces.ts';
import { viewFunction } from './view.ts';

export type EvaluatorOptions = {
  readonly meter: Meter;
  readonly tree: Tree;
  /** The globals that Fennel programs may name; default those that the VM has. */
  readonly globals?: readonly string[];
  /** One line of `print`, at run time or while compiling. Default: nobody hears it. */
  readonly print?: (line: string) => void;
  /** Modules of macros that are in no tree, by name. */
  readonly macroModules?: ReadonlyMap<string, FoundFile>;
};

/** What was being done when it went wrong. */
export type Stage = 'compile' | 'runtime';

export type EvaluationFailure = { readonly stage: Stage; readonly diagnostics: readonly Diagnostic[] };

export class Evaluator<Ask = never> {
  readonly vm: Vm<Ask>;
  /** `fennel.view`. */
  readonly view: LuaFunction;
  readonly #options: EvaluatorOptions;
  readonly #finder: ModuleFinder;
  readonly #chunks = new Map<string, Chunk>();
  readonly #files = new Set<string>();
  /** Why modules could not be loaded, by what `require` said. */
  readonly #moduleProblems = new Map<string, readonly Diagnostic[]>();
  readonly #host: ReturnType<typeof createMacroHost>;
  readonly #shared = newShared();

  constructor(options: EvaluatorOptions) {
    this.#options = options;
    this.#finder = moduleFinder(options.tree, options.macroModules);
    const print = (line: ByteString): void => options.print?.(textOf(line));
    this.vm = new Vm<Ask>({
      meter: options.meter,
      print,
      loader: (name) => this.#loadModule(textOf(name)),
    });
    this.#host = createMacroHost({ meter: options.meter, print });
    this.view = viewFunction(this.vm);
    this.vm.provide('fennel', this.vm.table([['view', this.view]]));
    this.vm.provide('fennel.view', this.view);
  }

  /** Compiles a program; `file` ends in `.fnl` or `.lua`. */
  load(file: string, text: string, moduleName: string | null = null): Result<LuaFunction, Diagnostic[]> {
    this.#files.add(file);
    if (file.endsWith('.lua')) return this.#loadSource({ name: file, lua: bytesOf(withoutMark(text)) });
    const chunk = this.compile(file, text, moduleName);
    return chunk.ok ? this.#loadSource(sourceOfChunk(chunk.value)) : chunk;
  }

  /** The Lua that a Fennel program becomes. */
  compile(file: string, text: string, moduleName: string | null = null): Result<Chunk, Diagnostic[]> {
    const globals = this.#options.globals ?? this.#knownGlobals();
    const chunk = compile(
      { name: file, text: withoutMark(text) },
      { globals, host: this.#host, modules: this.#finder, moduleName, shared: this.#shared },
    );
    if (!chunk.ok) return chunk;
    this.#chunks.set(file, chunk.value);
    for (const place of chunk.value.lines) if (place !== null) this.#files.add(place.file);
    return chunk;
  }

  /** Compiles and runs a program, and gives what it returns. */
  evaluate(file: string, text: string): Result<LuaValue[], EvaluationFailure> {
    const loaded = this.load(file, text);
    if (!loaded.ok) return err({ stage: 'compile', diagnostics: loaded.error });
    const ran = this.vm.call(loaded.value, []);
    return ran.ok ? ran : err({ stage: 'runtime', diagnostics: this.explain(ran.error) });
  }

  /** A value as `fennel.view` shows it on one line. */
  show(value: LuaValue): Result<string, LuaFailure> {
    const shown = this.vm.call(this.view, [value, this.vm.table([['one-line?', true]])]);
    if (!shown.ok) return shown;
    const [text] = shown.value;
    return ok(typeof text === 'string' ? textOf(text) : '');
  }

  /** A failure in the terms of the files: several diagnostics if a module does not compile. */
  explain(failure: LuaFailure): Diagnostic[] {
    const chunkOf = (name: string): Chunk | null => this.#chunks.get(name) ?? null;
    const span = placeOfFailure(failure, chunkOf, this.#files);
    const notes = traceNotes(failure, span, chunkOf);
    if (failure.reason === 'limit') {
      return [diagnostic({ ...limitWords(failure.which, this.vm.meter.limits), span, notes })];
    }
    const message = stripPosition(sayError(this.vm, this.view, failure.value), this.#files);
    for (const [said, problems] of this.#moduleProblems) {
      if (message.includes(said)) return [...problems];
    }
    return [diagnostic({ code: 'runtime-error', message, span, notes })];
  }

  /** Where in the files the innermost of these frames is. */
  placeOf(frames: readonly Frame[]): Span | null {
    for (const frame of frames) {
      const place = placeOfFrame(frame, (name) => this.#chunks.get(name) ?? null);
      if (place !== null) return place;
    }
    return null;
  }

  #loadSource(source: Parameters<Vm['load']>[0]): Result<LuaFunction, Diagnostic[]> {
    const loaded = this.vm.load(source);
    if (loaded.ok) return loaded;
    const failure = loaded.error;
    if (failure.reason !== 'syntax') return err(this.explain(failure));
    const start = { line: failure.line, column: 1 };
    const span = { file: source.name, start, end: { line: failure.line, column: 2 } };
    return err([diagnostic({ code: 'lua-syntax', message: failure.message, span })]);
  }

  #loadModule(name: string): LuaFunction | { readonly problem: string } {
    const found = this.#finder.find(name, 'module');
    if (found === null) {
      const tried = candidates(name, 'module', this.#options.tree.folder).map(
        (file) => `\n  no file '${file}'`,
      );
      return { problem: `module '${name}' not found:${tried.join('')}` };
    }
    const loaded = this.load(found.file, found.text, name);
    if (loaded.ok) return loaded.value;
    const [first] = loaded.error;
    const where = first?.span;
    const place = where == null ? found.file : `${where.file}:${where.start.line}:${where.start.column}`;
    const problem = `error loading module '${name}' from file '${found.file}': ${place}: ${first?.message ?? ''}`;
    this.#moduleProblems.set(problem, loaded.error);
    return { problem };
  }

  #knownGlobals(): string[] {
    return [...this.vm.globals.entries()].flatMap(([key]) => (typeof key === 'string' ? [textOf(key)] : []));
  }
}
