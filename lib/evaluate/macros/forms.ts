/**
 * Forms as Lua tables, and back: what a macro is given and what it gives.
 *
 * Lists, sequences and symbols are tables told apart by their metatables; a plain table is a table form.
 * Where a form was written is kept beside its table, not in it, so that a form that a macro hands back
 * unchanged, or takes apart, keeps its places.
 * Must not know: who compiles the forms.
 */
import type { Span } from '../../base/diagnostic.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Form, Place, SymbolForm } from '../../fennel/forms.ts';
import {
  type ByteString,
  bytesOf,
  Float,
  float,
  type LuaFunction,
  LuaTable,
  type LuaValue,
  numberOf,
  textOf,
  typeOf,
  type Vm,
} from '../../lua/vm.ts';

/** What was known of a table when it was made from a form. */
type Origin = { readonly span: Place; readonly quoted: boolean };

/** Deeper than any program is; a form that holds itself has no end. */
const deepest = 500;

/** More parts than any program has; forms that share their parts can stand for billions. */
const largest = 500_000;

/** How much of a form has been met. */
type Budget = { left: number };

export class FormTables {
  readonly #vm: Vm;
  readonly #origins = new WeakMap<LuaTable, Origin>();
  readonly list: LuaTable;
  readonly symbol: LuaTable;
  readonly vararg: LuaTable;
  readonly sequence: LuaTable;
  readonly comment: LuaTable;

  /** `view` shows the parts of lists and sequences. */
  constructor(vm: Vm, view: LuaFunction) {
    this.#vm = vm;
    const name = vm.native(([table = null]) => [table instanceof LuaTable ? table.get(1) : null]);
    const place = vm.native(([table = null, key = null]) => [this.#placeField(table, key)]);
    const same = vm.native(([a = null, b = null]) => [
      a instanceof LuaTable && b instanceof LuaTable && a.metatable === b.metatable && a.get(1) === b.get(1),
    ]);
    const before = vm.native(([a = null, b = null], caller) => [
      a instanceof LuaTable && String(a.get(1)) < caller.tostring(b),
    ]);
    const showList = vm.native(([table = null, inner = null, options = null, indent = null], caller) => {
      caller.pause();
      const items = table instanceof LuaTable ? itemsOf(table) : [];
      const show = inner ?? view;
      const shown = items.map(
        (item) => caller.call(show, inner === null ? [item] : [item, options, indent])[0],
      );
      return [`(${shown.join(' ')})`];
    });
    const showSequence = vm.native(([table = null, inner = null, options = null, indent = null], caller) => {
      if (options instanceof LuaTable) {
        for (const [key, once] of [
          ['empty-as-sequence?', true],
          ['metamethod?', false],
        ] as const) {
          options.set(
            key,
            vm.table([
              ['once', once],
              ['after', options.get(key)],
            ]),
          );
        }
      }
      return caller.call(inner, [table, options, indent]);
    });
    const atom: [string, LuaValue][] = [
      ['__fennelview', name],
      ['__tostring', name],
      ['__index', place],
    ];
    const ordered: [string, LuaValue][] = [
      ['__eq', same],
      ['__lt', before],
    ];
    this.symbol = vm.table([[1, 'SYMBOL'], ...atom, ...ordered]);
    this.comment = vm.table([[1, 'COMMENT'], ...atom, ...ordered]);
    this.vararg = vm.table([[1, 'VARARG'], ...atom]);
    this.list = vm.table([
      [1, 'LIST'],
      ['__fennelview', showList],
      ['__tostring', showList],
      ['__index', place],
    ]);
    this.sequence = vm.table([
      ['sequence', vm.sequence(['SEQUENCE'])],
      ['__fennelview', showSequence],
    ]);
  }

  /** A table of a kind: one of the five metatables, or null for a plain one. */
  make(kind: LuaTable | null, items: readonly LuaValue[], span: Place, quoted = false): LuaTable {
    const table = this.#vm.sequence(items);
    if (kind !== null) table.metatable = kind;
    this.#origins.set(table, { span, quoted });
    return table;
  }

  makeTable(entries: readonly (readonly [LuaValue, LuaValue])[], span: Place): LuaTable {
    const table = this.#vm.table(entries.filter(([key]) => key !== null));
    this.#origins.set(table, { span, quoted: false });
    return table;
  }

  /** Where the form behind a value was written, if it is known. */
  spanOf(value: LuaValue): Place {
    return value instanceof LuaTable ? (this.#origins.get(value)?.span ?? null) : null;
  }

  /** Whether a table was made from a form, whose entries have an order of their own. */
  isForm(table: LuaTable): boolean {
    return this.#origins.has(table);
  }

  toLua(form: Form): LuaValue {
    switch (form.type) {
      case 'nil':
        return this.make(this.symbol, ['nil'], form.span);
      case 'boolean':
        return form.value;
      case 'number':
        return form.float ? float(form.value) : form.value;
      case 'string':
        return form.bytes;
      case 'symbol': {
        const kind = form.name === '...' ? this.vararg : this.symbol;
        return this.make(kind, [bytesOf(form.name)], form.span, form.quoted ?? false);
      }
      case 'list':
        return this.make(
          this.list,
          form.items.map((item) => this.toLua(item)),
          form.span,
        );
      case 'sequence':
        return this.make(
          this.sequence,
          form.items.map((item) => this.toLua(item)),
          form.span,
        );
      case 'table': {
        const entries = form.entries.map(([key, value]) => [this.toLua(key), this.toLua(value)] as const);
        return this.makeTable(entries, form.span);
      }
    }
  }

  /**
   * The form that a value is. A place of its own is kept if it is in the file of `at`, which everything else gets;
   * the error says what can't be compiled.
   */
  toForm(value: LuaValue, at: Place): Result<Form, string> {
    return this.#toForm(value, at, 0, { left: largest });
  }

  #toForm(value: LuaValue, at: Place, depth: number, budget: Budget): Result<Form, string> {
    budget.left -= 1;
    if (depth > deepest || budget.left < 0) return err('a form without end');
    if (value === null) return ok({ type: 'nil', span: at });
    if (typeof value === 'boolean') return ok({ type: 'boolean', value, span: at });
    if (typeof value === 'number' || value instanceof Float) {
      const number = numberOf(value);
      return ok({ type: 'number', value: number, float: isFloat(value, number), span: at });
    }
    if (typeof value === 'string') return ok({ type: 'string', bytes: value, span: at });
    if (!(value instanceof LuaTable)) return err(`value of type ${typeOf(value)}`);
    const own = this.spanOf(value);
    const span = own !== null && (at === null || own.file === at.file) ? own : at;
    switch (value.metatable) {
      case this.symbol:
      case this.vararg:
        return ok(this.#symbolForm(value, span));
      case this.comment:
        return ok({ type: 'list', items: [{ type: 'symbol', name: 'comment', span }], span });
      case this.list:
        return this.#manyForms('list', itemsOf(value), span, depth, budget);
      default:
        return this.#tableForm(value, span, depth, budget);
    }
  }

  #symbolForm(table: LuaTable, span: Place): Form {
    const name = textOf(nameOf(table));
    // A nil among the arguments of a macro is a symbol there, and the literal again here.
    if (name === 'nil' && table.metatable === this.symbol) return { type: 'nil', span };
    const quoted = this.#origins.get(table)?.quoted === true;
    return quoted ? { type: 'symbol', name, span, quoted } : { type: 'symbol', name, span };
  }

  /** A symbol as a form, whatever its name. */
  symbolOf(table: LuaTable): SymbolForm {
    const span = this.spanOf(table);
    return { type: 'symbol', name: textOf(nameOf(table)), span };
  }

  #manyForms(
    type: 'list' | 'sequence',
    values: readonly LuaValue[],
    span: Place,
    depth: number,
    budget: Budget,
  ): Result<Form, string> {
    const items: Form[] = [];
    for (const value of values) {
      const item = this.#toForm(value, span, depth + 1, budget);
      if (!item.ok) return item;
      items.push(item.value);
    }
    return ok({ type, items, span });
  }

  #tableForm(table: LuaTable, span: Place, depth: number, budget: Budget): Result<Form, string> {
    const entries = [...table.entries()];
    const isSequence = table.metatable === this.sequence || this.isMarkedSequence(table);
    const numbered = entries.every(([key]) => typeof key === 'number' && Number.isInteger(key) && key > 0);
    const plainSequence = entries.length > 0 && numbered && itemsOf(table).length === entries.length;
    if (plainSequence || (isSequence && numbered))
      return this.#manyForms('sequence', itemsOf(table), span, depth, budget);
    // A table that a macro made has no order of its own, and its text must not depend on how it was filled.
    if (!this.isForm(table)) entries.sort(([a], [b]) => compareKeys(a, b));
    const forms: [Form, Form][] = [];
    for (const [key, value] of entries) {
      const keyForm = this.#toForm(key, span, depth + 1, budget);
      if (!keyForm.ok) return keyForm;
      const valueForm = this.#toForm(value, span, depth + 1, budget);
      if (!valueForm.ok) return valueForm;
      forms.push([keyForm.value, valueForm.value]);
    }
    return ok({ type: 'table', entries: forms, span });
  }

  /** A sequence also after someone gave it a metatable of their own that has the mark. */
  isMarkedSequence(table: LuaTable): boolean {
    const mark = table.metatable?.get('sequence') ?? null;
    return mark !== null && mark === this.sequence.get('sequence');
  }

  /** `form.line` and its like, which the reference keeps in the form. */
  #placeField(table: LuaValue, key: LuaValue): LuaValue {
    const span = this.spanOf(table);
    return span === null || typeof key !== 'string' ? null : placeField(span, key);
  }

  /** The table that `ast-source` gives. */
  source(value: LuaValue): LuaTable {
    const span = this.spanOf(value);
    const names = ['filename', 'line', 'col', 'endline', 'endcol'];
    return this.#vm.table(span === null ? [] : names.map((name) => [name, placeField(span, name)] as const));
  }
}

function placeField(span: Span, name: ByteString): LuaValue {
  switch (name) {
    case 'filename':
      return bytesOf(span.file);
    case 'line':
      return span.start.line;
    case 'col':
      return span.start.column - 1;
    case 'endline':
      return span.end.line;
    case 'endcol':
      return span.end.column - 1;
    default:
      return null;
  }
}

const nameOf = (table: LuaTable): ByteString => {
  const name = table.get(1);
  return typeof name === 'string' ? name : '';
};

const isFloat = (value: number | Float, number: number): boolean =>
  value instanceof Float || (number | 0) !== number || Object.is(number, -0);

/** The items up to the last that is not nil. */
export function itemsOf(table: LuaTable): LuaValue[] {
  let last = 0;
  for (const [key] of table.entries())
    if (typeof key === 'number' && Number.isInteger(key)) last = Math.max(last, key);
  const items: LuaValue[] = [];
  for (let at = 1; at <= last; at += 1) items.push(table.get(at));
  return items;
}

const rank = (key: LuaValue): number => {
  if (typeof key === 'number') return 1;
  if (typeof key === 'boolean') return 2;
  if (typeof key === 'string') return 3;
  return key instanceof LuaTable ? 4 : 5;
};

/** The order of keys where nobody wrote one: numbers, booleans, strings, the rest. */
export function compareKeys(a: LuaValue, b: LuaValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return rank(a) - rank(b);
}
