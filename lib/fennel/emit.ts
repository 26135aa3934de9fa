/**
 * Lua tree → Lua text, and the Fennel place of every line of it.
 *
 * What may raise (a call, an index, an operator) stands on a Lua line whose place is its own Fennel line: where
 * two Fennel lines meet in one expression, the Lua line is broken. How Lua 5.3 chooses the line of an
 * instruction is therefore known here, and only here.
 * Must not know: Fennel forms or scopes.
 */
import type { Place } from './forms.ts';
import { isLuaIdentifier } from './names.ts';
import { luaString } from './strings.ts';
import type { Expr, FunctionExpr, Stat, TableItem } from './tree.ts';

export type Printed = {
  readonly lua: string;
  readonly lines: readonly Place[];
  /** Where the nesting passed what Lua's parser takes, if it did. */
  readonly tooDeep: { readonly at: Place } | null;
};

/** Lua's parser takes 200 levels; some are in use before ours begin. */
const deepest = 180;
const widestLine = 100;

export function print(body: readonly Stat[]): Printed {
  const printer = new Printer();
  printer.block(body);
  return printer.finish();
}

const levels: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  '<': 3,
  '>': 3,
  '<=': 3,
  '>=': 3,
  '~=': 3,
  '==': 3,
  '|': 4,
  '~': 5,
  '&': 6,
  '<<': 7,
  '>>': 7,
  '..': 9,
  '+': 10,
  '-': 10,
  '*': 11,
  '/': 11,
  '//': 11,
  '%': 11,
  '^': 14,
};
const unaryLevel = 12;
const primaryLevel = 20;

const isComparison = (operator: string): boolean => levels[operator] === 3;

function levelOf(expr: Expr): number {
  if (expr.kind === 'binary') return levels[expr.operator] ?? 0;
  if (expr.kind === 'unary') return unaryLevel;
  return expr.kind === 'raw' ? 0 : primaryLevel;
}

const lineOf = (at: Place): number | null => at?.start.line ?? null;

/** The Fennel line that the last token of an expression will stand on, or null when any will do. */
function lastLine(expr: Expr): number | null {
  switch (expr.kind) {
    case 'call':
    case 'method': {
      const last = expr.args.at(-1);
      return (last === undefined ? null : lastLine(last)) ?? lineOf(expr.at);
    }
    case 'binary': {
      const last = expr.operands.at(-1);
      return (last === undefined ? null : lastLine(last)) ?? lineOf(expr.at);
    }
    case 'unary':
      return lastLine(expr.operand) ?? lineOf(expr.at);
    case 'index':
      return lastLine(expr.key) ?? lineOf(expr.at);
    case 'paren':
      return lastLine(expr.inner);
    case 'table':
    case 'function':
      return lineOf(expr.at);
    default:
      return null;
  }
}

class Printer {
  readonly #lines: string[] = [];
  readonly #places: Place[] = [];
  #text = '';
  /** The place that something on this line needs, and the one to fall back on. */
  #strong: Place = null;
  #weak: Place = null;
  #indent = 0;
  #depth = 0;
  #tooDeep: { at: Place } | null = null;

  finish(): Printed {
    this.#flush();
    // A line without a place of its own belongs to the one before it.
    let last: Place = null;
    const places = this.#places.map((place) => {
      last = place ?? last;
      return last;
    });
    return { lua: this.#lines.map((line) => `${line}\n`).join(''), lines: places, tooDeep: this.#tooDeep };
  }

  block(body: readonly Stat[]): void {
    for (const [i, stat] of body.entries()) {
      this.#newLine();
      this.#weak = stat.at;
      // Lua lets nothing follow a `return`, except where it ends a block of its own.
      const early = i < body.length - 1 && stat.kind === 'raw' && /^\s*return\b/.test(stat.text);
      if (early) this.#write('do ');
      this.#deeper(stat.at, () => this.#stat(stat));
      if (early) this.#write(' end');
    }
  }

  #flush(): void {
    if (this.#text === '') return;
    this.#lines.push(this.#text);
    this.#places.push(this.#strong ?? this.#weak);
    this.#text = '';
    this.#strong = null;
    this.#weak = null;
  }

  #newLine(): void {
    this.#flush();
    this.#text = '';
  }

  #write(text: string): void {
    if (this.#text === '') this.#text = '  '.repeat(this.#indent);
    this.#text += text;
  }

  /** What is written next may raise at this place. */
  #at(place: Place): void {
    if (place === null) return;
    if (
      this.#strong !== null &&
      (this.#strong.start.line !== place.start.line || this.#strong.file !== place.file)
    ) {
      this.#continue();
    }
    this.#strong ??= place;
  }

  /** Goes on with the same statement on a new line, indented once more. */
  #continue(): void {
    const weak = this.#strong ?? this.#weak;
    this.#newLine();
    this.#weak = weak;
    this.#text = '  '.repeat(this.#indent + 1);
  }

  #deeper(at: Place, work: () => void): void {
    this.#depth += 1;
    if (this.#depth > deepest) this.#tooDeep ??= { at };
    else work();
    this.#depth -= 1;
  }

  #nested(body: readonly Stat[]): void {
    this.#indent += 1;
    this.block(body);
    this.#indent -= 1;
  }

  #closer(text: string, at: Place): void {
    this.#newLine();
    this.#weak = at;
    this.#write(text);
  }

  #stat(stat: Stat): void {
    switch (stat.kind) {
      case 'local':
        this.#write(`local ${stat.names.join(', ')}`);
        if (stat.values.length > 0) {
          this.#write(' = ');
          this.#list(stat.values);
        }
        return;
      case 'assign':
        this.#assign(stat);
        return;
      case 'local-function':
        this.#write(`local function ${stat.name}`);
        this.#functionRest(stat.value);
        return;
      case 'call':
        this.#callStatement(stat.call);
        return;
      case 'do':
        this.#write('do');
        this.#nested(stat.body);
        this.#closer('end', stat.at);
        return;
      case 'while':
        this.#write('while ');
        this.#expr(stat.condition, 0);
        this.#write(' do');
        this.#nested(stat.body);
        this.#closer('end', stat.at);
        return;
      case 'if':
        this.#if(stat);
        return;
      case 'for':
        this.#at(stat.at);
        this.#write(`for ${stat.name} = `);
        this.#list(stat.range);
        this.#write(' do');
        this.#nested(stat.body);
        this.#closer('end', stat.at);
        return;
      case 'for-in':
        this.#at(stat.at);
        this.#write(`for ${stat.names.join(', ')} in `);
        this.#list(stat.values);
        this.#write(' do');
        this.#nested(stat.body);
        this.#closer('end', stat.at);
        return;
      case 'return':
        this.#write(stat.values.length === 0 ? 'return' : 'return ');
        this.#list(stat.values);
        return;
      case 'break':
        this.#write('break');
        return;
      case 'comment':
        for (const [i, line] of stat.text.split('\n').entries()) {
          if (i > 0) this.#newLine();
          this.#write(`-- ${line}`);
        }
        return;
      case 'raw':
        this.#raw(stat.text, stat.file === null ? () => stat.at : linesOf(stat.file));
        return;
    }
  }

  /** The user's own Lua, kept as it is. */
  #raw(text: string, placeOf: (line: number) => Place): void {
    for (const [i, line] of text.split('\n').entries()) {
      if (i > 0) {
        this.#flushEvenEmpty();
        this.#text = line;
      } else this.#write(line);
      this.#weak = placeOf(i + 1);
    }
    // A comment at the end of it must not swallow what follows.
    if (text.includes('--')) this.#flush();
  }

  #flushEvenEmpty(): void {
    if (this.#text === '') this.#text = ' ';
    this.#flush();
  }

  #assign(stat: Extract<Stat, { kind: 'assign' }>): void {
    const [target] = stat.targets;
    const [value] = stat.values;
    if (
      stat.targets.length === 1 &&
      target?.kind === 'index' &&
      value?.kind === 'function' &&
      this.#functionName(target)
    ) {
      this.#at(target.at);
      this.#write('function ');
      this.#expr(target, primaryLevel);
      this.#functionRest(value);
      return;
    }
    for (const [i, each] of stat.targets.entries()) {
      if (i > 0) this.#write(', ');
      // Lua takes a line that begins with a bracket for arguments of the one before it.
      if (i === 0 && startsWithParen(each)) this.#write(';');
      this.#expr(each, primaryLevel);
    }
    this.#write(' = ');
    const line = lineOf(stat.at);
    const last = value === undefined ? null : lastLine(value);
    // The store happens at the line of the last token.
    if (
      stat.values.length === 1 &&
      value !== undefined &&
      target?.kind === 'index' &&
      last !== null &&
      last !== line
    )
      this.#wrapped(value, stat.at);
    else this.#list(stat.values);
  }

  /** In brackets whose closing one stands on the line of `at`. */
  #wrapped(expr: Expr, at: Place): void {
    this.#write('(');
    this.#deeper(at, () => this.#expr(expr, 0));
    this.#at(at);
    this.#write(')');
  }

  /** Whether `function a.b.c()` can be written for a target. */
  #functionName(target: Expr): boolean {
    if (target.kind === 'name') return true;
    return (
      target.kind === 'index' &&
      target.key.kind === 'string' &&
      isLuaIdentifier(target.key.bytes) &&
      this.#functionName(target.object)
    );
  }

  #callStatement(call: Expr): void {
    if (startsWithParen(call)) this.#write(';');
    this.#expr(call, 0);
  }

  #if(stat: Extract<Stat, { kind: 'if' }>): void {
    for (const [i, clause] of stat.clauses.entries()) {
      if (i > 0) this.#closer('elseif ', null);
      else this.#write('if ');
      this.#expr(clause.condition, 0);
      this.#write(' then');
      this.#nested(clause.body);
    }
    if (stat.otherwise !== null && stat.otherwise.length > 0) {
      this.#closer('else', null);
      this.#nested(stat.otherwise);
    }
    this.#closer('end', stat.at);
  }

  #list(values: readonly Expr[]): void {
    for (const [i, value] of values.entries()) {
      if (i > 0) this.#comma();
      this.#expr(value, 0);
    }
  }

  /** A comma, and a new line when this one is long and may be left. */
  #comma(): void {
    this.#write(',');
    if (this.#text.length > widestLine) this.#continue();
    else this.#write(' ');
  }

  #expr(expr: Expr, above: number): void {
    const at = 'at' in expr ? expr.at : null;
    if (levelOf(expr) < above) {
      this.#write('(');
      this.#deeper(at, () => this.#deeper(at, () => this.#bare(expr)));
      this.#write(')');
    } else this.#deeper(at, () => this.#bare(expr));
  }

  #bare(expr: Expr): void {
    switch (expr.kind) {
      case 'nil':
      case 'true':
      case 'false':
        this.#write(expr.kind);
        return;
      case 'varargs':
        this.#write('...');
        return;
      case 'number':
        this.#write(expr.text);
        return;
      case 'string':
        this.#write(luaString(expr.bytes));
        return;
      case 'name':
        this.#write(expr.name);
        return;
      case 'index':
        if (expr.object.kind === 'name') this.#at(expr.at);
        this.#prefix(expr.object);
        this.#at(expr.at);
        this.#key(expr.key, expr.at);
        return;
      case 'call':
        this.#at(expr.at);
        this.#prefix(expr.callee);
        this.#args(expr.args);
        return;
      case 'method':
        this.#at(expr.at);
        this.#prefix(expr.object);
        this.#write(`:${expr.method}`);
        this.#args(expr.args);
        return;
      case 'binary':
        this.#binary(expr);
        return;
      case 'unary':
        this.#at(expr.at);
        this.#write(expr.operator);
        if (expr.operator === 'not') this.#write(' ');
        this.#expr(expr.operand, this.#startsWithMinus(expr.operand) ? primaryLevel + 1 : unaryLevel);
        return;
      case 'function':
        this.#write('function');
        this.#functionRest(expr);
        return;
      case 'table':
        this.#table(expr.items, expr.at);
        return;
      case 'paren':
        this.#write('(');
        this.#expr(expr.inner, 0);
        this.#write(')');
        return;
      case 'raw':
        this.#raw(expr.text, () => expr.at);
        return;
    }
  }

  /** `- -1` must not become a comment. */
  #startsWithMinus(expr: Expr): boolean {
    if (expr.kind === 'number') return expr.text.startsWith('-');
    if (expr.kind === 'unary') return expr.operator === '-';
    if (expr.kind !== 'binary') return false;
    const [first] = expr.operands;
    return first !== undefined && this.#startsWithMinus(first);
  }

  /** What is indexed or called: a name or another such chain, anything else in brackets. */
  #prefix(expr: Expr): void {
    if (isPrefix(expr)) this.#expr(expr, 0);
    else {
      this.#write('(');
      this.#expr(expr, 0);
      this.#write(')');
    }
  }

  #key(key: Expr, at: Place): void {
    if (key.kind === 'string' && isLuaIdentifier(key.bytes)) {
      this.#write(`.${key.bytes}`);
      return;
    }
    this.#write('[');
    this.#expr(key, 0);
    const last = lastLine(key);
    if (last !== null && last !== lineOf(at)) this.#at(at);
    this.#write(']');
  }

  #args(args: readonly Expr[]): void {
    this.#write('(');
    this.#list(args);
    this.#write(')');
  }

  #binary(expr: Extract<Expr, { kind: 'binary' }>): void {
    const { operator, operands, at } = expr;
    const level = levels[operator] ?? 0;
    const rightAssociative = operator === '..' || operator === '^';
    const lastIndex = operands.length - 1;
    for (const [i, operand] of operands.entries()) {
      if (i > 0) {
        this.#at(at);
        this.#write(`${this.#text.endsWith(' ') ? '' : ' '}${operator} `);
      }
      const loose = rightAssociative ? i === lastIndex : i === 0 && !isComparison(operator);
      const above =
        loose && operand.kind !== 'binary' ? level : loose && !rightAssociative ? level : level + 1;
      // A field read as the left operand happens at the operator's line, unless brackets end it before.
      const early = i < lastIndex && operand.kind === 'index' && differs(operand.at, at);
      const late = isComparison(operator) && i === lastIndex && differsLine(lastLine(operand), at);
      if (late) this.#wrapped(operand, at);
      else if (early) this.#wrapped(operand, operand.at);
      else
        this.#expr(
          operand,
          operator === '^' && operand.kind === 'unary' && i === lastIndex ? unaryLevel : above,
        );
    }
  }

  #functionRest(fn: FunctionExpr): void {
    this.#write(`(${fn.parameters.join(', ')})`);
    if (fn.body.length === 0) {
      this.#write(' end');
      return;
    }
    const [only] = fn.body;
    if (fn.body.length === 1 && only !== undefined && this.#fitsOnLine(only)) {
      this.#write(' ');
      this.#deeper(only.at, () => this.#stat(only));
      this.#write(' end');
      return;
    }
    this.#nested(fn.body);
    this.#closer('end', fn.at);
  }

  /** Whether a function's only statement may follow on the same line. */
  #fitsOnLine(stat: Stat): boolean {
    if (stat.kind !== 'return' && stat.kind !== 'call') return false;
    const values = stat.kind === 'return' ? stat.values : [stat.call];
    const here = this.#strong ?? this.#weak;
    const line = lineOf(here);
    return values.every((value) => isShort(value, line, 12) > 0);
  }

  #table(items: readonly TableItem[], at: Place): void {
    if (items.length === 0) {
      this.#write('{}');
      return;
    }
    const startLine = this.#lines.length;
    this.#write('{');
    for (const [i, item] of items.entries()) {
      if (i > 0) this.#comma();
      if (item.key !== null) {
        if (item.key.kind === 'string' && isLuaIdentifier(item.key.bytes)) this.#write(item.key.bytes);
        else {
          this.#write('[');
          this.#expr(item.key, 0);
          this.#write(']');
        }
        this.#write(' = ');
      }
      this.#expr(item.value, 0);
    }
    if (this.#lines.length > startLine && at !== null) this.#at(at);
    this.#write('}');
  }
}

const linesOf =
  (file: string) =>
  (line: number): Place => ({ file, start: { line, column: 1 }, end: { line, column: 2 } });

const differs = (a: Place, b: Place): boolean => a !== null && b !== null && a.start.line !== b.start.line;
const differsLine = (line: number | null, at: Place): boolean =>
  line !== null && at !== null && line !== at.start.line;

const isPrefix = (expr: Expr): boolean =>
  expr.kind === 'name' ||
  expr.kind === 'index' ||
  expr.kind === 'call' ||
  expr.kind === 'method' ||
  expr.kind === 'paren';

function startsWithParen(expr: Expr): boolean {
  switch (expr.kind) {
    case 'paren':
      return true;
    case 'index':
    case 'method':
      return !isPrefix(expr.object) || startsWithParen(expr.object);
    case 'call':
      return !isPrefix(expr.callee) || startsWithParen(expr.callee);
    case 'raw':
      return expr.text.trimStart().startsWith('(');
    default:
      return false;
  }
}

/** What is left of a budget of nodes after an expression that stays on one line, or 0 when it is too much. */
function isShort(expr: Expr, line: number | null, budget: number): number {
  if (budget <= 0) return 0;
  const at = 'at' in expr ? expr.at : null;
  if (at !== null && line !== null && at.start.line !== line) return 0;
  const all = (children: readonly Expr[]): number =>
    children.reduce((left, child) => (left > 0 ? isShort(child, line, left) : 0), budget - 1);
  switch (expr.kind) {
    case 'function':
    case 'raw':
      return 0;
    case 'string':
      return expr.bytes.length > 40 ? 0 : budget - 1;
    case 'index':
      return all([expr.object, expr.key]);
    case 'call':
      return all([expr.callee, ...expr.args]);
    case 'method':
      return all([expr.object, ...expr.args]);
    case 'binary':
      return all(expr.operands);
    case 'unary':
      return all([expr.operand]);
    case 'paren':
      return all([expr.inner]);
    case 'table':
      return all(expr.items.flatMap((item) => (item.key === null ? [item.value] : [item.key, item.value])));
    default:
      return budget - 1;
  }
}
