/**
 * Lua tree → Lua text, and the Fennel place of every line of it.
 *
 * A line belongs to the innermost statement it is part of. Statements share no lines, unless they are on one
 * line in Fennel too.
 * Must not know: Fennel forms or scopes.
 */
import type { Place } from './forms.ts';
import { isLuaIdentifier } from './names.ts';
import {
  isComparison,
  isFunctionName,
  isPrefix,
  leftAfter,
  levelOf,
  levels,
  primaryLevel,
  startsWithMinus,
  startsWithParen,
  unaryLevel,
} from './shape.ts';
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

class Printer {
  readonly #lines: string[] = [];
  readonly #places: Place[] = [];
  #text = '';
  /** The statement that is being printed. */
  #at: Place = null;
  #indent = 0;
  #depth = 0;
  #tooDeep: { at: Place } | null = null;

  finish(): Printed {
    this.#newLine();
    return {
      lua: this.#lines.map((line) => `${line}\n`).join(''),
      lines: this.#places,
      tooDeep: this.#tooDeep,
    };
  }

  block(body: readonly Stat[]): void {
    const outer = this.#at;
    const last = body.at(-1);
    for (const stat of body) {
      this.#newLine();
      // Lua lets nothing follow a `return`, except where it ends a block of its own.
      const early = stat.kind === 'raw' && stat !== last && /^\s*return\b/.test(stat.text);
      this.#at = stat.at ?? outer;
      if (early) this.#write('do ');
      this.#deeper(() => this.#stat(stat));
      if (early) this.#write(' end');
    }
    this.#newLine();
    this.#at = outer;
  }

  #newLine(): void {
    if (this.#text === '') return;
    this.#lines.push(this.#text);
    this.#places.push(this.#at);
    this.#text = '';
  }

  #write(text: string): void {
    if (this.#text === '') this.#text = '  '.repeat(this.#indent);
    this.#text += text;
  }

  #deeper(work: () => void): void {
    this.#depth += 1;
    if (this.#depth > deepest) this.#tooDeep ??= { at: this.#at };
    else work();
    this.#depth -= 1;
  }

  #nested(body: readonly Stat[]): void {
    this.#newLine();
    this.#indent += 1;
    this.block(body);
    this.#indent -= 1;
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
        if (startsWithParen(stat.call)) this.#write(';');
        this.#expr(stat.call, 0);
        return;
      case 'do':
        this.#write('do');
        this.#bodyAndEnd(stat.body);
        return;
      case 'while':
        this.#write('while ');
        this.#expr(stat.condition, 0);
        this.#write(' do');
        this.#bodyAndEnd(stat.body);
        return;
      case 'if':
        this.#if(stat);
        return;
      case 'for':
        this.#write(`for ${stat.name} = `);
        this.#list(stat.range);
        this.#write(' do');
        this.#bodyAndEnd(stat.body);
        return;
      case 'for-in':
        this.#write(`for ${stat.names.join(', ')} in `);
        this.#list(stat.values);
        this.#write(' do');
        this.#bodyAndEnd(stat.body);
        return;
      case 'return':
        this.#write(stat.values.length === 0 ? 'return' : 'return ');
        this.#list(stat.values);
        return;
      case 'break':
        this.#write('break');
        return;
      case 'comment':
        this.#raw(`--[[ ${stat.text} ]]`, null);
        return;
      case 'raw':
        this.#raw(stat.text, stat.file);
        return;
    }
  }

  #bodyAndEnd(body: readonly Stat[]): void {
    this.#nested(body);
    this.#write('end');
  }

  /** The user's own Lua, kept as it is; the lines of a whole file are places of their own. */
  #raw(text: string, file: string | null): void {
    const outer = this.#at;
    for (const [i, line] of text.split('\n').entries()) {
      if (i > 0) {
        // An empty line may be part of a string.
        if (this.#text === '') this.#text = ' ';
        this.#newLine();
        this.#text = line;
      } else this.#write(line);
      if (file !== null) {
        this.#at = { file, start: { line: i + 1, column: 1 }, end: { line: i + 1, column: line.length + 1 } };
      }
    }
    // A comment at its end must not swallow what follows.
    if (text.includes('--')) this.#newLine();
    this.#at = outer;
  }

  #assign(stat: Extract<Stat, { kind: 'assign' }>): void {
    const [target] = stat.targets;
    const [value] = stat.values;
    const alone = stat.targets.length === 1 && stat.values.length === 1;
    if (alone && target?.kind === 'index' && value?.kind === 'function' && isFunctionName(target)) {
      this.#write('function ');
      this.#expr(target, primaryLevel);
      this.#functionRest(value);
      return;
    }
    // Lua takes a line that begins with a bracket for arguments of the one before it.
    if (target !== undefined && startsWithParen(target)) this.#write(';');
    for (const [i, each] of stat.targets.entries()) {
      if (i > 0) this.#write(', ');
      this.#expr(each, primaryLevel);
    }
    this.#write(' = ');
    this.#list(stat.values);
  }

  #if(stat: Extract<Stat, { kind: 'if' }>): void {
    for (const [i, clause] of stat.clauses.entries()) {
      this.#write(i === 0 ? 'if ' : 'elseif ');
      this.#expr(clause.condition, 0);
      this.#write(' then');
      this.#nested(clause.body);
    }
    if (stat.otherwise !== null && stat.otherwise.length > 0) {
      this.#write('else');
      this.#nested(stat.otherwise);
    }
    this.#write('end');
  }

  #list(values: readonly Expr[]): void {
    let first = true;
    for (const value of values) {
      if (!first) this.#comma();
      first = false;
      this.#expr(value, 0);
    }
  }

  /** A comma, and a new line when this one is long. */
  #comma(): void {
    this.#write(',');
    if (this.#text.length > widestLine) {
      this.#newLine();
      this.#text = '  '.repeat(this.#indent + 1);
    } else this.#write(' ');
  }

  #expr(expr: Expr, above: number): void {
    if (levelOf(expr) >= above) {
      this.#deeper(() => this.#bare(expr));
      return;
    }
    this.#write('(');
    // The brackets are a level of Lua's parser too.
    this.#deeper(() => this.#deeper(() => this.#bare(expr)));
    this.#write(')');
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
        this.#prefix(expr.object);
        this.#key(expr.key);
        return;
      case 'call':
        this.#prefix(expr.callee);
        this.#args(expr.args);
        return;
      case 'method':
        this.#prefix(expr.object);
        this.#write(`:${expr.method}`);
        this.#args(expr.args);
        return;
      case 'binary':
        this.#binary(expr);
        return;
      case 'unary':
        this.#write(expr.operator === 'not' ? 'not ' : expr.operator);
        // `--1` would be a comment.
        this.#expr(expr.operand, startsWithMinus(expr.operand) ? primaryLevel + 1 : unaryLevel);
        return;
      case 'function':
        this.#write('function');
        this.#functionRest(expr);
        return;
      case 'table':
        this.#table(expr.items);
        return;
      case 'paren':
        this.#write('(');
        this.#expr(expr.inner, 0);
        this.#write(')');
        return;
      case 'raw':
        this.#raw(expr.text, null);
        return;
    }
  }

  /** What is indexed or called: a name or another such chain, anything else in brackets. */
  #prefix(expr: Expr): void {
    // Lua reads a chain of fields and calls in a loop: it is no level of its own.
    if (isPrefix(expr)) this.#bare(expr);
    else {
      this.#write('(');
      this.#expr(expr, 0);
      this.#write(')');
    }
  }

  #key(key: Expr): void {
    if (key.kind === 'string' && isLuaIdentifier(key.bytes)) {
      this.#write(`.${key.bytes}`);
      return;
    }
    this.#write('[');
    this.#expr(key, 0);
    this.#write(']');
  }

  #args(args: readonly Expr[]): void {
    this.#write('(');
    this.#list(args);
    this.#write(')');
  }

  #binary(expr: Extract<Expr, { kind: 'binary' }>): void {
    const { operator, operands } = expr;
    const level = levels[operator] ?? 0;
    const last = operands.length - 1;
    const rightAssociative = operator === '..' || operator === '^';
    // Lua reads such a chain inside out.
    if (rightAssociative && this.#depth + last > deepest) this.#tooDeep ??= { at: this.#at };
    for (const [i, operand] of operands.entries()) {
      if (i > 0) this.#write(` ${operator} `);
      // An operand of the same level needs no brackets on the side that Lua groups from.
      const groups = rightAssociative ? i === last : i === 0 && !isComparison(operator);
      if (groups && i === 0 && operand.kind === 'binary' && levelOf(operand) >= level) {
        // Read in a loop as well.
        this.#bare(operand);
        continue;
      }
      const unaryPower = operator === '^' && i === last && operand.kind === 'unary';
      this.#expr(operand, unaryPower ? unaryLevel : groups ? level : level + 1);
      if (i < last && this.#text.length > widestLine) {
        this.#newLine();
        this.#text = '  '.repeat(this.#indent + 1);
      }
    }
  }

  #functionRest(fn: FunctionExpr): void {
    this.#write(`(${fn.parameters.join(', ')})`);
    const [only] = fn.body;
    if (only === undefined) this.#write(' end');
    else if (fn.body.length === 1 && this.#fitsOnLine(only)) {
      this.#write(' ');
      this.#deeper(() => this.#stat(only));
      this.#write(' end');
    } else this.#bodyAndEnd(fn.body);
  }

  /** Whether a function's only statement may follow on the same line. */
  #fitsOnLine(stat: Stat): boolean {
    if (stat.kind !== 'return' && stat.kind !== 'call') return false;
    if (stat.at !== null && stat.at.start.line !== this.#at?.start.line) return false;
    const values = stat.kind === 'return' ? stat.values : [stat.call];
    return values.reduce((left, value) => (left > 0 ? leftAfter(value, left) : 0), 12) > 0;
  }

  #table(items: readonly TableItem[]): void {
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
    this.#write('}');
  }
}
