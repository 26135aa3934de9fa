/**
 * Runs macros for the compiler, in a VM of their own.
 *
 * The VM is made when the first macro needs it. It shares the meter of the program it is for, so that a macro
 * that never ends is ended like everything else.
 * Must not know: the program, its modules, CI.
 */
import type { Span } from '../../base/diagnostic.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Form, Place } from '../../fennel/forms.ts';
import type {
  Chunk,
  CompilerBridge,
  HostFailure,
  HostValue,
  MacroEntry,
  MacroHost,
} from '../../fennel/host.ts';
import {
  type ByteString,
  bytesOf,
  type LuaFailure,
  LuaFunction,
  LuaTable,
  type LuaValue,
  type Meter,
  textOf,
  Vm,
} from '../../lua/vm.ts';
import { sayError } from '../error-words.ts';
import { limitWords } from '../limit-words.ts';
import { placeOfFailure, sourceOfChunk, stripPosition } from '../traces.ts';
import { viewFunction } from '../view.ts';
import { Environments, type Rejection } from './environment.ts';
import { FormTables } from './forms.ts';

export type MacroHostOptions = {
  readonly meter: Meter;
  /** One line of a macro's `print`, as bytes. */
  readonly print: (line: ByteString) => void;
};

const asHost = (value: LuaValue): HostValue => value as unknown as HostValue;
const asLua = (value: HostValue): LuaValue => value as unknown as LuaValue;

export const createMacroHost = (options: MacroHostOptions): MacroHost => {
  let room: MacroRoom | null = null;
  const open = (): MacroRoom => {
    room ??= new MacroRoom(options);
    return room;
  };
  return {
    run: (chunk, args, bridge) => open().run(chunk, args, bridge),
    entries: (table) => open().entries(table),
    call: (macro, args, call, bridge) => open().call(macro, args, call, bridge),
    asForm: (value, place) => open().asForm(value, place),
  };
};

class MacroRoom implements MacroHost {
  readonly #vm: Vm;
  readonly #view: LuaFunction;
  readonly #forms: FormTables;
  readonly #environments: Environments;
  readonly #chunks = new Map<string, Chunk>();
  /** The compilers that wait, the innermost last. */
  readonly #bridges: CompilerBridge[] = [];
  #rejection: Rejection | null = null;

  constructor(options: MacroHostOptions) {
    this.#vm = new Vm({ meter: options.meter, print: options.print });
    this.#view = viewFunction(this.#vm);
    this.#forms = new FormTables(this.#vm, this.#view);
    this.#environments = new Environments({
      vm: this.#vm,
      forms: this.#forms,
      view: this.#view,
      bridge: () => this.#bridge(),
      reject: (rejection) => {
        this.#rejection = rejection;
      },
    });
  }

  run(chunk: Chunk, args: readonly string[], bridge: CompilerBridge): Result<HostValue, HostFailure> {
    this.#chunks.set(chunk.name, chunk);
    const loaded = this.#vm.load(sourceOfChunk(chunk), this.#environments.make());
    if (!loaded.ok) {
      const failure = loaded.error;
      if (failure.reason !== 'syntax') return err(this.#failure(failure));
      return err({ reason: 'raised', message: failure.message, span: chunk.lines[failure.line - 1] ?? null });
    }
    const ran = this.#within(bridge, () => this.#vm.call(loaded.value, args.map(bytesOf)));
    return ran.ok ? ok(asHost(ran.value[0] ?? null)) : err(this.#failure(ran.error));
  }

  entries(table: HostValue): ReadonlyMap<string, MacroEntry> | null {
    const value = asLua(table);
    if (!(value instanceof LuaTable)) return null;
    const entries = new Map<string, MacroEntry>();
    for (const [key, item] of value.entries()) {
      if (typeof key === 'string') entries.set(textOf(key), entryOf(item));
    }
    return entries;
  }

  call(
    macro: HostValue,
    args: readonly Form[],
    call: Span | null,
    bridge: CompilerBridge,
  ): Result<Form, HostFailure> {
    const values = args.map((form) => this.#forms.toLua(form));
    const called = this.#within(bridge, () => this.#vm.call(asLua(macro), values));
    return called.ok ? this.asForm(asHost(called.value[0] ?? null), call) : err(this.#failure(called.error));
  }

  asForm(value: HostValue, place: Place): Result<Form, HostFailure> {
    const form = this.#forms.toForm(asLua(value), place);
    if (form.ok) return form;
    return err({
      reason: 'not-a-form',
      message: `could not compile ${form.error}`,
      span: place,
    });
  }

  #within<T>(bridge: CompilerBridge, work: () => T): T {
    this.#bridges.push(bridge);
    try {
      return work();
    } finally {
      this.#bridges.pop();
    }
  }

  #bridge(): CompilerBridge {
    const bridge = this.#bridges.at(-1);
    if (bridge === undefined) throw new Error('a macro runs only while someone compiles');
    return bridge;
  }

  #failure(failure: LuaFailure): HostFailure {
    const span = placeOfFailure(failure, (name) => this.#chunks.get(name) ?? null, this.#chunks.keys());
    if (failure.reason === 'limit') {
      return { reason: 'limit', message: limitWords(failure.which, this.#vm.meter.limits).message, span };
    }
    const rejection = this.#rejection;
    if (rejection !== null && rejection.value === failure.value) {
      return { reason: 'rejected', message: rejection.message, span: rejection.span };
    }
    const message = stripPosition(sayError(this.#vm, this.#view, failure.value), this.#chunks.keys());
    return { reason: 'raised', message, span };
  }
}

function entryOf(value: LuaValue): MacroEntry {
  const callable = value instanceof LuaTable && value.metatable?.get('__call') instanceof LuaFunction;
  if (value instanceof LuaFunction || callable) return { kind: 'macro', value: asHost(value) };
  return value instanceof LuaTable ? { kind: 'table', value: asHost(value) } : { kind: 'other' };
}
