/**
 * What a macro can call: the base library, and the compiler's helpers (`list sym gensym assert-compile` …).
 *
 * Every chunk gets an environment of its own, its library tables copies, so that no macro changes another's world.
 * Must not know: how chunks are run.
 */

import type { Place } from '../../fennel/forms.ts';
import { type CompilerBridge, parsePlace, quoteTable } from '../../fennel/host.ts';
import {
  type ByteString,
  bytesOf,
  type Caller,
  type LuaFunction,
  LuaTable,
  type LuaValue,
  textOf,
  type Vm,
} from '../../lua/vm.ts';
import { compareKeys, type FormTables, itemsOf } from './forms.ts';

/** What `assert-compile` said last, to be recognised when it comes out as an error. */
export type Rejection = { readonly value: ByteString; readonly message: string; readonly span: Place };

export type EnvironmentOptions = {
  readonly vm: Vm;
  readonly forms: FormTables;
  readonly view: LuaFunction;
  /** The compiler that waits for the macro that runs now. */
  readonly bridge: () => CompilerBridge;
  readonly reject: (rejection: Rejection) => void;
};

type Work = (args: LuaValue[], caller: Caller) => readonly LuaValue[];

const isTrue = (value: LuaValue): boolean => value !== null && value !== false;

/** The functions all environments share. */
export class Environments {
  readonly #options: EnvironmentOptions;
  readonly #shared: readonly (readonly [string, LuaValue])[];

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    const { vm, forms, view } = options;
    const works: Readonly<Record<string, Work>> = {
      ...this.#constructors(),
      ...this.#predicates(),
      ...this.#compiler(),
      pairs: (args, caller) => this.#pairs(args, caller),
      // All macros share the strings' metatable.
      getmetatable: ([value = null], caller) => {
        if (typeof value === 'string') return caller.fail('Illegal metatable access!');
        return caller.call(vm.globals.get('getmetatable'), [value]);
      },
    };
    const functions = Object.entries(works).map(([name, work]) => [name, vm.native(work)] as const);
    const tableLibrary = vm.globals.get('table');
    const fromTable = (name: string): LuaValue =>
      tableLibrary instanceof LuaTable ? tableLibrary.get(name) : null;
    this.#shared = [
      ...functions,
      ['view', view],
      ['pack', fromTable('pack')],
      ['unpack', fromTable('unpack')],
      ['version', '1.6.1'],
      ['macro-loaded', vm.table()],
      ['_IS_COMPILER', true],
      ['_VARARG', forms.make(forms.vararg, ['...'], null)],
      [quoteTable, this.#quoting()],
    ];
  }

  /** A new environment. */
  make(): LuaTable {
    const { vm } = this.#options;
    const environment = vm.table();
    for (const [key, value] of vm.globals.entries()) {
      const isLibrary = value instanceof LuaTable && value !== vm.globals;
      environment.set(key, isLibrary ? vm.table(value.entries()) : value);
    }
    for (const [name, value] of this.#shared) environment.set(name, value);
    environment.set('_SCOPE', this.#scope());
    environment.set('_G', environment);
    return environment;
  }

  #constructors(): Readonly<Record<string, Work>> {
    const { forms } = this.#options;
    return {
      list: (args) => [forms.make(forms.list, args, null)],
      sequence: (args) => [forms.make(forms.sequence, args, null)],
      sym: ([name = null, source = null], caller) => [
        forms.make(forms.symbol, [caller.tostring(name)], forms.spanOf(source)),
      ],
      comment: ([text = null]) => [forms.make(forms.comment, [text], null)],
      gensym: ([base = null], caller) => {
        const made = this.#options.bridge().gensym(base === null ? null : textOf(caller.tostring(base)));
        return [forms.toLua(made)];
      },
    };
  }

  #predicates(): Readonly<Record<string, Work>> {
    const { forms, vm } = this.#options;
    const kindOf = (value: LuaValue): LuaTable | null => (value instanceof LuaTable ? value.metatable : null);
    const having =
      (kind: LuaTable): Work =>
      ([value = null]) => [kindOf(value) === kind ? value : false];
    return {
      'list?': having(forms.list),
      'varg?': having(forms.vararg),
      'comment?': having(forms.comment),
      'sym?': ([value = null, name = null]) => [
        value instanceof LuaTable &&
        kindOf(value) === forms.symbol &&
        (name === null || value.get(1) === name)
          ? value
          : false,
      ],
      'sequence?': ([value = null]) => [
        value instanceof LuaTable && forms.isMarkedSequence(value) ? value : false,
      ],
      'table?': ([value = null]) => {
        const kind = kindOf(value);
        const special = [forms.list, forms.symbol, forms.vararg, forms.comment].some((one) => one === kind);
        return [value instanceof LuaTable && !special ? value : false];
      },
      'multi-sym?': ([value = null]) => {
        const isSymbol = value instanceof LuaTable && kindOf(value) === forms.symbol;
        const name = isSymbol ? value.get(1) : value;
        const parts = typeof name === 'string' ? partsOf(name) : null;
        if (parts === null) return [false];
        const table = vm.sequence(parts.names);
        if (parts.method) table.set('multi-sym-method-call', true);
        return [table];
      },
      'ast-source': ([value = null]) => [forms.source(value)],
    };
  }

  #compiler(): Readonly<Record<string, Work>> {
    const { forms, bridge, vm } = this.#options;
    return {
      'in-scope?': ([value = null]) => [
        value instanceof LuaTable &&
        value.metatable === forms.symbol &&
        bridge().inScope(forms.symbolOf(value))
          ? value
          : false,
      ],
      'get-scope': () => [this.#scope()],
      'assert-compile': ([condition = null, message = null, ast = null, fallback = null], caller) => {
        if (isTrue(condition)) return [condition];
        const said = message === null ? 'assertion failed!' : textOf(caller.tostring(message));
        const span = forms.spanOf(ast) ?? firstSpan(forms, ast) ?? forms.spanOf(fallback);
        const where =
          span === null ? 'unknown:?:?' : `${span.file}:${span.start.line}:${span.start.column - 1}`;
        const value = bytesOf(`${where}: Compile error: ${said}`);
        this.#options.reject({ value, message: said, span });
        return caller.raise(value);
      },
      macroexpand: ([form = null], caller) => {
        const asForm = forms.toForm(form, null);
        if (!asForm.ok) return [form];
        const expanded = bridge().macroexpand(asForm.value);
        if (expanded.ok) return [forms.toLua(expanded.value)];
        return caller.fail(expanded.error[0]?.message ?? 'could not expand');
      },
      require: ([name = null], caller) => {
        if (name === 'fennel' || name === 'fennel.view') {
          return [name === 'fennel' ? vm.table(this.#shared) : this.#options.view];
        }
        const loaded = bridge().loadMacroModule(textOf(caller.tostring(name)));
        if (loaded.ok) return [loaded.value as unknown as LuaValue];
        return caller.fail(loaded.error[0]?.message ?? `module '${String(name)}' not found`);
      },
    };
  }

  /** What templates are built with. */
  #quoting(): LuaTable {
    const { forms, vm } = this.#options;
    const place = (value: LuaValue): Place => (typeof value === 'string' ? parsePlace(textOf(value)) : null);
    const works: Readonly<Record<string, Work>> = {
      list: ([at = null, ...items]) => [forms.make(forms.list, items, place(at))],
      sequence: ([at = null, ...items]) => [forms.make(forms.sequence, items, place(at))],
      sym: ([name = null, at = null]) => [
        forms.make(name === '...' ? forms.vararg : forms.symbol, [name], place(at), true),
      ],
      table: ([at = null, ...items]) => {
        const entries: [LuaValue, LuaValue][] = [];
        for (let i = 0; i < items.length; i += 2) entries.push([items[i] ?? null, items[i + 1] ?? null]);
        return [forms.makeTable(entries, place(at))];
      },
    };
    return vm.table(Object.entries(works).map(([name, work]) => [name, vm.native(work)] as const));
  }

  /** Nobody here can look into a scope; what can be asked is asked through `in-scope?`. */
  #scope(): LuaTable {
    const { vm } = this.#options;
    const parts = ['macros', 'manglings', 'specials', 'symmeta', 'unmanglings', 'gensyms'];
    return vm.table(parts.map((name) => [name, vm.table()] as const));
  }

  /** Forms in the order of the source, all other tables by key: no macro's output depends on chance. */
  #pairs([table = null]: LuaValue[], caller: Caller): readonly LuaValue[] {
    if (!(table instanceof LuaTable)) {
      return caller.fail(
        `bad argument #1 to 'pairs' (table expected, got ${table === null ? 'nil' : typeof table})`,
      );
    }
    const keys = [...table.entries()].map(([key]) => key);
    if (!this.#options.forms.isForm(table)) keys.sort(compareKeys);
    let at = 0;
    const next = this.#options.vm.native(() => {
      const key = keys[at] ?? null;
      at += 1;
      return key === null ? [null] : [key, table.get(key)];
    });
    return [next, table, null];
  }
}

/** The place of the first part of a form that has one. */
function firstSpan(forms: FormTables, value: LuaValue): Place {
  if (!(value instanceof LuaTable)) return null;
  for (const item of itemsOf(value)) {
    const span = forms.spanOf(item);
    if (span !== null) return span;
  }
  return null;
}

/** `a.b:c` as its parts, or null for a name that is not made of several. */
function partsOf(name: ByteString): { readonly names: string[]; readonly method: boolean } | null {
  if (!/[.:]/.test(name) || /\.\.|^[.:]|[.:]$/.test(name)) return null;
  return { names: name.split(/[.:]/), method: name.includes(':') };
}
