/**
 * What Lua 5.3 can't take although it is good Lua: too many values at once, too many locals from outside.
 *
 * One walk over the finished tree, so that a program is refused in Fennel's terms and never in Lua's.
 * Must not know: Fennel forms.
 */
import type { Place } from './forms.ts';
import type { Expr, FunctionExpr, Stat } from './tree.ts';

export type Excess = { readonly reason: 'too-many-values' | 'too-many-upvalues'; readonly at: Place };

/** Lua has 255 registers for a function's locals and what it is computing; some room is left for its own use. */
const mostRegisters = 245;
const mostUpvalues = 250;
/** A table constructor stores its items in batches of this size. */
const batch = 50;

/** The first place that asks for too much, or null. */
export function findExcess(body: readonly Stat[]): Excess | null {
  const walk = new Walk();
  walk.block(body, new Func(null), null);
  return walk.excess;
}

/** One Lua function: its locals by name, and those of outer functions that it uses. */
class Func {
  readonly outer: Func | null;
  readonly locals = new Set<string>();
  readonly upvalues = new Set<string>();
  active = 0;

  constructor(outer: Func | null) {
    this.outer = outer;
  }

  declare(names: readonly string[]): void {
    for (const name of names) this.locals.add(name);
    this.active += names.length;
  }

  /** A use of a name: every function between its own and the one that declares it keeps an upvalue. */
  use(name: string): void {
    let holder: Func | null = this;
    while (holder !== null && !holder.locals.has(name)) holder = holder.outer;
    if (holder === null) return;
    for (let user: Func = this; user !== holder && user.outer !== null; user = user.outer) {
      if (user.upvalues.has(name)) return;
      user.upvalues.add(name);
    }
  }
}

class Walk {
  excess: Excess | null = null;
  #at: Place = null;

  block(body: readonly Stat[], fn: Func, at: Place): void {
    const { active } = fn;
    for (const stat of body) {
      this.#at = stat.at ?? at;
      this.#stat(stat, fn);
    }
    fn.active = active;
  }

  #stat(stat: Stat, fn: Func): void {
    switch (stat.kind) {
      case 'local':
        this.#list(stat.values, fn);
        fn.declare(stat.names);
        return;
      case 'local-function':
        fn.declare([stat.name]);
        this.#function(stat.value, fn);
        return;
      case 'assign':
        this.#list([...stat.targets, ...stat.values], fn);
        return;
      case 'call':
        this.#fits(fn, this.#expr(stat.call, fn));
        return;
      case 'return':
        this.#list(stat.values, fn);
        return;
      case 'do':
        this.block(stat.body, fn, stat.at);
        return;
      case 'while':
        this.#fits(fn, this.#expr(stat.condition, fn));
        this.block(stat.body, fn, stat.at);
        return;
      case 'if':
        for (const clause of stat.clauses) {
          this.#fits(fn, this.#expr(clause.condition, fn));
          this.block(clause.body, fn, stat.at);
        }
        this.block(stat.otherwise ?? [], fn, stat.at);
        return;
      case 'for':
        this.#loop([stat.name], stat.range, stat.body, fn);
        return;
      case 'for-in':
        this.#loop(stat.names, stat.values, stat.body, fn);
        return;
      case 'break':
      case 'comment':
      case 'raw':
        return;
    }
  }

  #loop(names: readonly string[], values: readonly Expr[], body: readonly Stat[], fn: Func): void {
    const { active } = fn;
    this.#list(values, fn);
    // Lua keeps three locals of its own for a loop.
    fn.active += 3;
    fn.declare(names);
    this.block(body, fn, this.#at);
    fn.active = active;
  }

  #list(values: readonly Expr[], fn: Func): void {
    this.#fits(fn, this.#row(values, fn));
  }

  #fits(fn: Func, needed: number): void {
    if (fn.active + needed > mostRegisters) this.excess ??= { reason: 'too-many-values', at: this.#at };
  }

  #function(value: FunctionExpr, outer: Func): void {
    const at = this.#at;
    const fn = new Func(outer);
    fn.declare(value.parameters.filter((name) => name !== '...'));
    this.block(value.body, fn, at);
    if (fn.upvalues.size > mostUpvalues) this.excess ??= { reason: 'too-many-upvalues', at };
    this.#at = at;
  }

  /** The registers that expressions need which are kept until the last is computed. */
  #row(values: readonly Expr[], fn: Func): number {
    let needed = 0;
    let kept = 0;
    for (const value of values) {
      needed = Math.max(needed, kept + this.#expr(value, fn));
      kept += 1;
    }
    return needed;
  }

  #expr(expr: Expr, fn: Func): number {
    switch (expr.kind) {
      case 'name':
        fn.use(expr.name);
        return 1;
      case 'index':
        return this.#row([expr.object, expr.key], fn);
      case 'call':
        return this.#row([expr.callee, ...expr.args], fn);
      case 'method':
        return 1 + this.#row([expr.object, ...expr.args], fn);
      case 'binary':
        return expr.operator === '..' ? this.#row(expr.operands, fn) : this.#chain(expr.operands, fn);
      case 'unary':
        return this.#expr(expr.operand, fn);
      case 'paren':
        return this.#expr(expr.inner, fn);
      case 'function':
        this.#function(expr, fn);
        return 1;
      case 'table': {
        let needed = 1;
        for (const [i, item] of expr.items.entries()) {
          const parts = item.key === null ? [item.value] : [item.key, item.value];
          needed = Math.max(needed, 1 + (i % batch) + this.#row(parts, fn));
        }
        return needed;
      }
      default:
        return 1;
    }
  }

  /** Operands of one operator: each result so far is one value. */
  #chain(operands: readonly Expr[], fn: Func): number {
    return operands.reduce(
      (needed, operand, i) => Math.max(needed, Math.min(i, 1) + this.#expr(operand, fn)),
      1,
    );
  }
}
