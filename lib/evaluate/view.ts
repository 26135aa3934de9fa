/**
 * `fennel.view`: any value of a VM as Fennel text.
 *
 * The options are a Lua table all the way, since a `__fennelview` method is given them and may hand its own
 * back. Metamethods of what is shown run as Lua; the rest does not.
 * Must not know: where the text is shown.
 */
import {
  type ByteString,
  type Caller,
  Float,
  LuaFunction,
  LuaTable,
  type LuaValue,
  numberOf,
  typeOf,
  type Vm,
} from '../lua/vm.ts';
import { showString } from './view-string.ts';

/** What `fennel.view` takes for granted. */
const defaults: readonly (readonly [string, LuaValue])[] = [
  ['one-line?', false],
  ['detect-cycles?', true],
  ['empty-as-sequence?', false],
  ['metamethod?', true],
  ['prefer-colon?', false],
  ['escape-newlines?', false],
  ['utf8?', true],
  ['line-length', 80],
  ['depth', 128],
  ['max-sparse-gap', 1],
  ['infinity', '.inf'],
  ['negative-infinity', '-.inf'],
  ['nan', '.nan'],
  ['negative-nan', '-.nan'],
];

type Pair = readonly [key: LuaValue, value: LuaValue];

const isTrue = (value: LuaValue): boolean => value !== null && value !== false;

/** The function `view` for the programs of one VM. */
export function viewFunction<Ask>(vm: Vm<Ask>): LuaFunction {
  const inner: LuaFunction = vm.native(
    ([value = null, options = null, indent = null, colon = null], caller) => {
      const view = new View(vm, caller, inner);
      const table = options instanceof LuaTable ? options : view.options(value, null);
      const at = typeof indent === 'number' ? indent : 0;
      return [view.show(value, table, at, colon)];
    },
  );
  return vm.native(([value = null, options = null], caller) => {
    const view = new View(vm, caller, inner);
    return [view.show(value, view.options(value, options), 0, null)];
  });
}

/** One printing, with the VM's ways to run metamethods. */
class View<Ask> {
  readonly #vm: Vm<Ask>;
  readonly #caller: Caller;
  /** What `__fennelview` methods show their parts with. */
  readonly #inner: LuaFunction;
  /** Tables that are known to hold no table twice. */
  readonly #trees = new Set<LuaTable>();

  constructor(vm: Vm<Ask>, caller: Caller, inner: LuaFunction) {
    this.#vm = vm;
    this.#caller = caller;
    this.#inner = inner;
  }

  /** The whole table of options for a value that is about to be shown. */
  options(value: LuaValue, given: LuaValue): LuaTable {
    const options = this.#vm.table(defaults);
    if (given instanceof LuaTable) for (const [key, option] of this.#pairs(given)) options.set(key, option);
    options.set('level', 0);
    options.set('appearances', this.#countAppearances(value));
    options.set('seen', this.#vm.table([['len', 0]]));
    return options;
  }

  show(raw: LuaValue, options: LuaTable, indent: number, colon: LuaValue): ByteString {
    const preprocess = options.get('preprocess');
    const value = preprocess === null ? raw : (this.#caller.call(preprocess, [raw, options])[0] ?? null);
    if (value instanceof LuaTable) return this.#showTable(value, options, indent);
    if (typeof value === 'number' || value instanceof Float) return this.#showNumber(value, options);
    if (typeof value === 'string') {
      if (this.#colonString(value, options, colon)) return `:${value}`;
      return showString(value, {
        escapeNewlines:
          value.length < 2 ||
          (isTrue(this.#option(options, 'escape-newlines?')) &&
            value.length < this.#number(options, 'line-length') - indent),
        utf8: isTrue(this.#option(options, 'utf8?')),
        escapeByte: (byte) => this.#escapeByte(byte, options),
      });
    }
    if (value === null || typeof value === 'boolean') return String(value ?? 'nil');
    return `#<${this.#caller.tostring(value)}>`;
  }

  /** An option's value for this level: `{:once x}` stands for `x`. */
  #option(options: LuaTable, name: string): LuaValue {
    const value = options.get(name);
    return (value instanceof LuaTable ? value.get('once') : null) ?? value;
  }

  #number(options: LuaTable, name: string): number {
    const value = options.get(name);
    return typeof value === 'number' || value instanceof Float ? numberOf(value) : 0;
  }

  /** The options for the parts of a value: what was meant `once` is over. */
  #innerOptions(options: LuaTable): LuaTable {
    const next = this.#vm.table();
    for (const [key, value] of options.entries()) next.set(key, this.#afterOnce(key, value));
    return next;
  }

  #afterOnce(key: LuaValue, value: LuaValue): LuaValue {
    if (!(value instanceof LuaTable)) return value;
    const after = value.get('after');
    if (after !== null) return after;
    if (!isTrue(value.get('once'))) return value;
    const known = defaults.find(([name]) => name === key);
    return known === undefined
      ? this.#caller.fail(
          `option '${String(key)}' doesn't have a default value, use the :after key to set it`,
        )
      : known[1];
  }

  #showNumber(value: number | Float, options: LuaTable): ByteString {
    const number = numberOf(value);
    if (Number.isFinite(number)) return this.#caller.tostring(value);
    const name = Number.isNaN(number) ? 'nan' : number > 0 ? 'infinity' : 'negative-infinity';
    const shown = this.#option(options, name);
    return shown === null ? this.#caller.tostring(value) : this.#caller.tostring(shown);
  }

  #colonString(text: ByteString, options: LuaTable, colon: LuaValue): boolean {
    if (!/^[-A-Za-z0-9?^_!$%&*+./|<=>]+$/.test(text)) return false;
    if (colon !== null) return isTrue(colon);
    const preference = options.get('prefer-colon?');
    if (preference instanceof LuaFunction) return isTrue(this.#caller.call(preference, [text])[0] ?? null);
    return isTrue(this.#option(options, 'prefer-colon?'));
  }

  #escapeByte(byte: number, options: LuaTable): ByteString {
    const own = this.#option(options, 'byte-escape');
    if (own === null) return `\\${String(byte).padStart(3, '0')}`;
    return this.#caller.tostring(this.#caller.call(own, [byte, options])[0] ?? null);
  }

  #showTable(table: LuaTable, options: LuaTable, indent: number): ByteString {
    // Where nobody looks for cycles, a few tables can stand for more text than there is time.
    this.#caller.pause();
    const level = this.#number(options, 'level');
    options.set('level', level + 1);
    const text = this.#showTableAt(table, options, indent);
    options.set('level', level);
    return text;
  }

  #showTableAt(table: LuaTable, options: LuaTable, indent: number): ByteString {
    const method = isTrue(this.#option(options, 'metamethod?'))
      ? this.#metafield(table, '__fennelview')
      : null;
    if (isTrue(method)) return this.#showByMethod(table, method, options, indent);
    const pairs = [...this.#pairs(table)].sort(comparePairs);
    if (pairs.length === 0) return isTrue(this.#option(options, 'empty-as-sequence?')) ? '[]' : '{}';
    const items = asItems(pairs, this.#number(options, 'max-sparse-gap'));
    const [open, close] = items === null ? ['{', '}'] : ['[', ']'];
    const known = this.#seen(options).get(table);
    if (this.#isTooDeep(options)) return `${open}...${close}`;
    if (known !== null && isTrue(this.#option(options, 'detect-cycles?'))) {
      return `@${this.#caller.tostring(known)}${open}...${close}`;
    }
    const visible = this.#visibleCycle(table, options);
    const id = visible ? this.#caller.tostring(this.#seen(options).get(table)) : '';
    const from = indent + (visible ? id.length + 2 : 1);
    const prefix = visible ? `@${id}${open}` : open;
    const inner = this.#innerOptions(options);
    const parts =
      items === null ? this.#entries(pairs, inner, from, options) : this.#items(items, inner, from);
    const endsInComment = items !== null && isComment(table.get(table.length));
    const oneLine = `${prefix}${parts.join(' ')}${close}`;
    const mustBreak =
      endsInComment ||
      parts.some((part) => part.includes('\n') || (items !== null && part.startsWith(';'))) ||
      from + oneLine.length > this.#number(options, 'line-length');
    if (!mustBreak || isTrue(this.#option(options, 'one-line?'))) return oneLine;
    const newline = `\n${' '.repeat(from)}`;
    return `${prefix}${parts.join(newline)}${endsInComment ? newline : ''}${close}`;
  }

  #items(items: readonly LuaValue[], options: LuaTable, indent: number): ByteString[] {
    return items.map((item) => this.show(item, options, indent, null));
  }

  #entries(pairs: readonly Pair[], inner: LuaTable, indent: number, options: LuaTable): ByteString[] {
    const utf8 = isTrue(this.#option(options, 'utf8?'));
    const oneLine = isTrue(this.#option(options, 'one-line?'));
    return pairs.map(([key, value]) => {
      const shownKey = this.show(key, inner, indent + 1, true);
      const width = utf8 ? characters(shownKey) : shownKey.length;
      const beside = indent + width + 1;
      if (oneLine || !(value instanceof LuaTable))
        return `${shownKey} ${this.show(value, inner, beside, null)}`;
      // A table that needs several lines begins on one of its own, where it has more room.
      const shown = this.show(value, inner, indent, null);
      const fits = !shown.includes('\n') && beside + 1 + shown.length <= this.#number(options, 'line-length');
      return `${shownKey}${fits ? ' ' : `\n${' '.repeat(indent)}`}${shown}`;
    });
  }

  #showByMethod(table: LuaTable, method: LuaValue, options: LuaTable, indent: number): ByteString {
    const empty = isTrue(this.#option(options, 'empty-as-sequence?'));
    if (this.#isTooDeep(options)) return empty ? '[...]' : '{...}';
    options.set(
      'visible-cycle?',
      this.#vm.native(([other = null]) => [other instanceof LuaTable && this.#visibleCycle(other, options)]),
    );
    const inner = this.#innerOptions(options);
    const [lines = null, force = null] = this.#caller.call(method, [table, this.#inner, inner, indent]);
    options.set('visible-cycle?', null);
    if (typeof lines === 'string') return lines;
    if (!(lines instanceof LuaTable)) {
      return this.#caller.fail('__fennelview metamethod must return a table of lines');
    }
    const texts = lines
      .items()
      .map((line) => (typeof line === 'string' ? line : this.#caller.tostring(line)));
    if (texts.length === 0) return empty ? '[]' : '{}';
    const oneLine = texts.map((line) => line.replace(/^[ \t\n\v\f\r]+/, '')).join(' ');
    const mustBreak =
      isTrue(force) ||
      oneLine.includes('\n') ||
      indent + oneLine.length > this.#number(options, 'line-length');
    return mustBreak && !isTrue(this.#option(options, 'one-line?'))
      ? texts.join(`\n${' '.repeat(indent)}`)
      : oneLine;
  }

  #isTooDeep(options: LuaTable): boolean {
    return this.#number(options, 'level') >= this.#number(options, 'depth');
  }

  #seen(options: LuaTable): LuaTable {
    const seen = options.get('seen');
    if (seen instanceof LuaTable) return seen;
    const made = this.#vm.table([['len', 0]]);
    options.set('seen', made);
    return made;
  }

  /** Whether a table is to be marked because it is met again; gives it its number if so. */
  #visibleCycle(table: LuaTable, options: LuaTable): boolean {
    if (!isTrue(this.#option(options, 'detect-cycles?')) || !this.#meetsATableTwice(table)) return false;
    const seen = this.#seen(options);
    if (seen.get(table) === null) {
      const id = this.#number(seen, 'len') + 1;
      seen.set(table, id);
      seen.set('len', id);
    }
    const appearances = options.get('appearances');
    const count = appearances instanceof LuaTable ? appearances.get(table) : null;
    return typeof count === 'number' && count > 1;
  }

  #meetsATableTwice(start: LuaTable): boolean {
    if (this.#trees.has(start)) return false;
    const met = new Set<LuaTable>([start]);
    const open = [start];
    for (let table = open.pop(); table !== undefined; table = open.pop()) {
      for (const part of this.#tablesIn(table)) {
        if (met.has(part)) return true;
        met.add(part);
        open.push(part);
      }
    }
    // Then no table inside meets one twice either.
    for (const table of met) this.#trees.add(table);
    return false;
  }

  /** How often each table in a value is met, as a table for the options. */
  #countAppearances(value: LuaValue): LuaTable {
    const counts = new Map<LuaTable, number>();
    const open = value instanceof LuaTable ? [value] : [];
    for (let table = open.pop(); table !== undefined; table = open.pop()) {
      const count = counts.get(table) ?? 0;
      counts.set(table, count + 1);
      if (count === 0) open.push(...this.#tablesIn(table));
    }
    return this.#vm.table(counts);
  }

  #tablesIn(table: LuaTable): LuaTable[] {
    if (!isTrue(this.#metafield(table, '__pairs'))) return table.innerTables();
    return [...this.#pairs(table)].flat().filter((part) => part instanceof LuaTable);
  }

  /** As `pairs` gives them, `__pairs` included. */
  *#pairs(table: LuaTable): Generator<Pair> {
    const method = this.#metafield(table, '__pairs');
    if (!isTrue(method)) {
      yield* table.entries();
      return;
    }
    const [next = null, state = null, first = null] = this.#caller.call(method, [table]);
    for (let key = first; ; ) {
      const [nextKey = null, value = null] = this.#caller.call(next, [state, key]);
      if (nextKey === null) return;
      yield [nextKey, value];
      key = nextKey;
    }
  }

  /** A field of what `getmetatable` gives. */
  #metafield(table: LuaTable, name: string): LuaValue {
    const { metatable } = table;
    if (metatable === null) return null;
    const shown = metatable.get('__metatable') ?? metatable;
    return shown instanceof LuaTable ? this.#caller.index(shown, name) : null;
  }
}

const typeOrder = ['number', 'boolean', 'string', 'table', 'function', 'userdata', 'thread'];

function comparePairs([a]: Pair, [b]: Pair): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  const isNumber = (key: LuaValue): key is number | Float => typeof key === 'number' || key instanceof Float;
  if (isNumber(a) && isNumber(b)) return numberOf(a) - numberOf(b);
  return typeOrder.indexOf(typeOf(a)) - typeOrder.indexOf(typeOf(b));
}

/** The values of a sequence, its small gaps filled with nils, or null for any other table. */
function asItems(pairs: readonly Pair[], largestGap: number): LuaValue[] | null {
  const items: LuaValue[] = [];
  let last = 0;
  for (const [key, value] of pairs) {
    if (typeof key !== 'number' || key < 1 || key - last > largestGap) return null;
    for (let at = last + 1; at < key; at += 1) items.push(null);
    items.push(value);
    last = key;
  }
  return items;
}

/** A comment among forms: a table whose first item is its text. */
function isComment(value: LuaValue): boolean {
  const text = value instanceof LuaTable ? value.get(1) : null;
  return typeof text === 'string' && text.startsWith(';');
}

/** Characters of a byte string of UTF-8: its bytes but those that continue one. */
const characters = (bytes: ByteString): number => bytes.replace(/[\x80-\xbf\xf8-\xff]/g, '').length;
