/**
 * What names mean at one point of the program: locals and macros by Fennel name, and which Lua names are taken.
 *
 * One table with an undo trail instead of nested ones: a look-up costs the same at any depth.
 * Must not know: forms' meaning, how a name is bound.
 */

import type { Place } from './forms.ts';
import { mangle } from './names.ts';
import type { Expr } from './tree.ts';

export type LocalBinding = {
  readonly kind: 'local';
  readonly target: Expr;
  readonly isVar: boolean;
  readonly place: Place;
  used: boolean;
};
/** What a macro is, is the compiler's business: a scope only remembers it. */
export type MacroBinding<Macro> = { readonly kind: 'macro'; readonly macro: Macro };
export type Binding<Macro> = LocalBinding | MacroBinding<Macro>;

type Level = {
  /** How long the trail was when the level was opened. */
  readonly mark: number;
  /** False: a block of Lua's that is no scope of Fennel's. What is used in it is used around it. */
  readonly isScope: boolean;
  /** Globals that something inside this level's children used. */
  globals: Set<string> | null;
};

export class Scopes<Macro> {
  readonly #bindings = new Map<string, Binding<Macro>>();
  readonly #taken = new Set<string>();
  /** The next number to try for a Lua name that is taken. */
  readonly #numbers = new Map<string, number>();
  readonly #autoGensyms = new Map<string, string>();
  readonly #trail: (() => void)[] = [];
  readonly #levels: Level[] = [{ mark: 0, isScope: true, globals: null }];

  open(isScope = true): void {
    this.#levels.push({ mark: this.#trail.length, isScope, globals: null });
  }

  close(): void {
    const level = this.#levels.pop();
    if (level === undefined) return;
    while (this.#trail.length > level.mark) this.#trail.pop()?.();
  }

  find(name: string): Binding<Macro> | undefined {
    return this.#bindings.get(name);
  }

  bind(name: string, binding: Binding<Macro>): void {
    this.#set(this.#bindings, name, binding);
  }

  /** A Lua name like this one that no visible local has; taken from now on until the scope ends. */
  reserve(name: string): string {
    const wanted = mangle(name);
    const free = this.#free(wanted);
    this.#taken.add(free);
    this.#trail.push(() => this.#taken.delete(free));
    return free;
  }

  #free(wanted: string): string {
    // `__fnl` begins the names that belong to the compiler.
    if (!this.#taken.has(wanted) && !wanted.startsWith('__fnl')) return wanted;
    let number = this.#numbers.get(wanted) ?? 0;
    let candidate = `${wanted}${number}`;
    while (this.#taken.has(candidate) || candidate.startsWith('__fnl')) {
      number += 1;
      candidate = wanted.startsWith('__fnl') ? `_${wanted}${number}` : `${wanted}${number}`;
    }
    this.#set(this.#numbers, wanted, number + 1);
    return candidate;
  }

  isTaken(luaName: string): boolean {
    return this.#taken.has(luaName);
  }

  /** The name that stands for `base#` in templates of this scope and those inside it. */
  autoGensym(base: string, make: () => string): string {
    const known = this.#autoGensyms.get(base);
    if (known !== undefined) return known;
    const made = make();
    this.#set(this.#autoGensyms, base, made);
    return made;
  }

  /** Notes that the enclosing scope must not take this name for a local while the statement goes on. */
  noteGlobal(name: string): void {
    const parent = this.#scope(1);
    if (parent === null) return;
    parent.globals ??= new Set();
    parent.globals.add(name);
  }

  usesGlobal(name: string): boolean {
    return this.#scope(0)?.globals?.has(name) ?? false;
  }

  /** The scope this many around the innermost one. */
  #scope(around: number): Level | null {
    let left = around;
    for (let at = this.#levels.length - 1; at >= 0; at -= 1) {
      const level = this.#levels[at];
      if (!level?.isScope) continue;
      if (left === 0) return level;
      left -= 1;
    }
    return null;
  }

  /** Every name that is bound here, for a suggestion. */
  names(): Iterable<string> {
    return this.#bindings.keys();
  }

  #set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key);
    const had = map.has(key);
    map.set(key, value);
    this.#trail.push(() => {
      if (had && before !== undefined) map.set(key, before);
      else map.delete(key);
    });
  }
}
