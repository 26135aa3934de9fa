/**
 * Patterns: `case match case-try match-try` become `let` and `if`.
 *
 * Must not know: how `let` and `if` are compiled.
 */
import { freshSymbol } from './blocks.ts';
import { type Context, type Rewrite, refuse } from './context.ts';
import type { Form, ListForm, Place, SequenceForm, SymbolForm, TableForm } from './forms.ts';
import { integer, isCallOf, isSymbol, list, nilForm, sequence, symbol, trueForm } from './forms-of.ts';
import { multiSymbol } from './names.ts';
import { isTableHead, restOfHead } from './specials/inner.ts';

type Options = {
  /** `match`: a name that is a local already has to be equal to it. */
  readonly pins: boolean;
  /** Whether several values may be matched here: not inside a table. */
  readonly multi: boolean;
  readonly inWhere: boolean;
  readonly top: boolean;
};

/** Names seen in this pattern, and the value each stands for. */
type Seen = Map<string, Form>;

type Matched = {
  readonly condition: Form;
  /** Names and values in turn, as `let` takes them. */
  readonly bindings: readonly Form[];
  /** What has to be bound before the condition can be asked. */
  readonly before?: readonly Form[];
};

/** Compiles the patterns of one `case`. */
class Matcher {
  readonly #cx: Context;
  readonly #span: Place;

  constructor(cx: Context, span: Place) {
    this.#cx = cx;
    this.#span = span;
  }

  #word(name: string): SymbolForm {
    return symbol(name, this.#span);
  }

  #call(head: string, ...items: readonly Form[]): ListForm {
    return list(this.#span, this.#word(head), ...items);
  }

  #refuse(message: string, pattern: Form): null {
    return refuse(this.#cx, 'pattern-usage', pattern.span ?? this.#span, message);
  }

  #all(conditions: readonly Form[]): Form {
    const real = conditions.filter((condition) => condition.type !== 'boolean' || !condition.value);
    const [only] = real;
    if (only === undefined) return trueForm(this.#span);
    return real.length === 1 ? only : this.#call('and', ...real);
  }

  /** The `if` that tries the clauses in turn. */
  clauses(values: readonly Form[], clauses: readonly Form[], pins: boolean): Form | null {
    const found: { matched: Matched; chosen: Form }[] = [];
    for (let i = 0; i + 1 < clauses.length; i += 2) {
      const pattern = clauses[i];
      const body = clauses[i + 1];
      if (pattern === undefined || body === undefined) continue;
      const options = { pins, multi: true, inWhere: false, top: true };
      const matched = this.pattern(values, pattern, new Map(), options);
      if (matched === null) return null;
      found.push({ matched, chosen: this.#binding(matched.bindings, body) });
    }
    // From the last clause to the first, since alternatives are bound around everything that comes after.
    let branches: Form[] = [];
    for (const { matched, chosen } of found.reverse()) {
      if (matched.before === undefined) {
        branches.push(chosen, matched.condition);
        continue;
      }
      const inner = this.#call('if', matched.condition, chosen, this.#choice(branches));
      branches = [this.#call('let', sequence(this.#span, matched.before), inner)];
    }
    return this.#choice(branches);
  }

  /** An `if` of branches in reverse order. */
  #choice(reversed: readonly Form[]): Form {
    const [only] = reversed;
    if (only === undefined) return nilForm(this.#span);
    return reversed.length === 1 ? only : this.#call('if', ...[...reversed].reverse());
  }

  #binding(bindings: readonly Form[], body: Form): Form {
    return this.#call('let', sequence(this.#span, bindings), body);
  }

  pattern(values: readonly Form[], pattern: Form, seen: Seen, options: Options): Matched | null {
    const value = values[0] ?? nilForm(this.#span);
    switch (pattern.type) {
      case 'symbol':
        return this.#symbol(value, pattern, seen, options);
      case 'list':
        return this.#list(values, pattern, seen, options);
      case 'sequence':
        return this.#sequence(value, pattern, seen, options);
      case 'table':
        return this.#table(value, pattern, seen, options);
      default:
        return { condition: this.#call('=', value, pattern), bindings: [] };
    }
  }

  #symbol(value: Form, pattern: SymbolForm, seen: Seen, options: Options): Matched {
    const { name } = pattern;
    if (name === 'nil' || (options.pins && this.#isPinned(name))) {
      return { condition: this.#call('=', value, pattern), bindings: [] };
    }
    const earlier = seen.get(name);
    if (earlier !== undefined) return { condition: this.#call('=', earlier, value), bindings: [] };
    const ignored = name.startsWith('_');
    if (!ignored) seen.set(name, value);
    const mayBeNil = ignored || name.startsWith('?');
    const condition = mayBeNil ? trueForm(this.#span) : this.#call('not=', value, nilForm(this.#span));
    return { condition, bindings: [pattern, value] };
  }

  #isPinned(name: string): boolean {
    if (name === '_') return false;
    const first = multiSymbol(name)?.parts[0] ?? name;
    return this.#cx.unit.scopes.find(first)?.kind === 'local';
  }

  #list(values: readonly Form[], pattern: ListForm, seen: Seen, options: Options): Matched | null {
    const [head, second, ...rest] = pattern.items;
    if (isSymbol(head, '=') && isSymbol(second)) return this.#pin(values, pattern, second, options);
    if (isSymbol(head, 'where')) {
      if (!options.top) return this.#refuse("can't nest (where) pattern", pattern);
      const inside = { ...options, inWhere: true, top: false };
      if (isCallOf(second, 'or')) return this.#or(values, second.items.slice(1), rest, seen, inside);
      return this.#guarded(values, second ?? nilForm(pattern.span), rest, seen, inside);
    }
    if (isSymbol(head, 'or')) {
      const message = options.top ? '(or) must be used in (where) patterns' : "can't nest (or) pattern";
      return this.#refuse(message, pattern);
    }
    if (isSymbol(second, '?')) {
      if (!options.pins) return this.#refuse('legacy guard clause not supported in case', pattern);
      return this.#guarded(values, head ?? nilForm(pattern.span), rest, seen, { ...options, top: false });
    }
    if (!options.multi) return this.#refuse("can't nest multi-value destructuring", pattern);
    return this.#several(values, pattern, seen, options);
  }

  #pin(values: readonly Form[], pattern: ListForm, name: SymbolForm, options: Options): Matched | null {
    if (pattern.items.length !== 2) return this.#refuse('(=) should take only one argument', pattern);
    if (options.pins) return this.#refuse('(=) cannot be used inside of match', pattern);
    if (!options.inWhere) return this.#refuse('(=) must be used in (where) patterns', pattern);
    if (name.name === 'nil') return this.#refuse('= has to bind to a symbol', name);
    const value = values[0] ?? nilForm(this.#span);
    return { condition: this.#call('=', value, name), bindings: [] };
  }

  #several(values: readonly Form[], pattern: ListForm, seen: Seen, options: Options): Matched | null {
    const conditions: Form[] = [];
    const bindings: Form[] = [];
    for (const [i, part] of pattern.items.entries()) {
      const inside = { ...options, multi: false, top: false };
      const matched = this.pattern([values[i] ?? nilForm(this.#span)], part, seen, inside);
      if (matched === null) return null;
      conditions.push(matched.condition);
      bindings.push(...matched.bindings);
    }
    return { condition: this.#all(conditions), bindings };
  }

  #guarded(
    values: readonly Form[],
    pattern: Form,
    guards: readonly Form[],
    seen: Seen,
    options: Options,
  ): Matched | null {
    const matched = this.pattern(values, pattern, seen, options);
    if (matched === null || guards.length === 0) return matched;
    const guard = this.#binding(matched.bindings, this.#call('and', ...guards));
    return { condition: this.#all([matched.condition, guard]), bindings: matched.bindings };
  }

  /** `(where (or …) …)`: where alternatives bind names, the one that matches hands them on. */
  #or(
    values: readonly Form[],
    alternatives: readonly Form[],
    guards: readonly Form[],
    seen: Seen,
    options: Options,
  ): Matched | null {
    const names = this.#namesInAll(alternatives, options);
    if (names.length === 0) {
      const conditions: Form[] = [];
      for (const alternative of alternatives) {
        const matched = this.pattern(values, alternative, seen, options);
        if (matched === null) return null;
        conditions.push(matched.condition);
      }
      return { condition: this.#all([this.#call('or', ...conditions), ...guards]), bindings: [] };
    }
    const matchedName = freshSymbol(this.#cx, this.#span, 'matched?');
    const handed = names.map((name) => freshSymbol(this.#cx, this.#span, name.name));
    const branches: Form[] = [];
    for (const alternative of alternatives) {
      const matched = this.#guarded(values, alternative, guards, new Map(), options);
      if (matched === null) return null;
      const found = this.#call('values', trueForm(this.#span), ...names);
      branches.push(matched.condition, this.#binding(matched.bindings, found));
    }
    return {
      condition: matchedName,
      bindings: [list(this.#span, ...names), this.#call('values', ...handed)],
      before: [list(this.#span, matchedName, ...handed), this.#call('if', ...branches)],
    };
  }

  #namesInAll(patterns: readonly Form[], options: Options): SymbolForm[] {
    const [first, ...others] = patterns.map((pattern) => namesIn(pattern, new Map()));
    if (first === undefined) return [];
    return [...first.values()].filter(
      (name) => others.every((names) => names.has(name.name)) && !(options.pins && this.#isPinned(name.name)),
    );
  }

  #sequence(value: Form, pattern: SequenceForm, seen: Seen, options: Options): Matched | null {
    const conditions: Form[] = [this.#call(isTableHead, value)];
    const bindings: Form[] = [];
    const { items } = pattern;
    for (let i = 0; i < items.length; i += 1) {
      const part = items[i];
      if (part === undefined) continue;
      if (isSymbol(part, '&') || isSymbol(part, '&as')) {
        const name = items[i + 1];
        if (name === undefined || items[i + 2] !== undefined) {
          return refuse(
            this.#cx,
            'pattern-usage',
            this.#span,
            `expected ${part.name} ${restWord(part.name)} before last parameter`,
          );
        }
        if (part.name === '&as') bindings.push(name, value);
        else {
          const tail = this.#call(restOfHead, value, integer(i + 1, this.#span));
          if (isSymbol(name)) bindings.push(name, tail);
          else {
            const matched = this.#rest(tail, name, seen, options);
            if (matched === null) return null;
            conditions.push(matched.condition);
            bindings.push(...matched.bindings);
          }
        }
        break;
      }
      const field = this.#call('.', value, integer(i + 1, this.#span));
      const matched = this.pattern([field], part, seen, { ...options, multi: false, top: false });
      if (matched === null) return null;
      conditions.push(matched.condition);
      bindings.push(...matched.bindings);
    }
    return { condition: this.#all(conditions), bindings };
  }

  #rest(tail: Form, pattern: Form, seen: Seen, options: Options): Matched | null {
    return this.pattern([tail], pattern, seen, { ...options, multi: false, top: false });
  }

  #table(value: Form, pattern: TableForm, seen: Seen, options: Options): Matched | null {
    const conditions: Form[] = [this.#call(isTableHead, value)];
    const bindings: Form[] = [];
    for (const [key, part] of pattern.entries) {
      if (isSymbol(key, '&as')) {
        bindings.push(part, value);
        continue;
      }
      if (isSymbol(key, '&')) {
        // A copy without the keys that the pattern names: `let` knows how.
        const others = pattern.entries.filter(([other]) => other.type === 'string');
        const rest: TableForm = {
          type: 'table',
          entries: [
            ...others.map(([other]) => [other, this.#word('_')] as const),
            [symbol('&', key.span), part] as const,
          ],
          span: pattern.span,
        };
        bindings.push(rest, value);
        continue;
      }
      const matched = this.pattern([this.#call('.', value, key)], part, seen, {
        ...options,
        multi: false,
        top: false,
      });
      if (matched === null) return null;
      conditions.push(matched.condition);
      bindings.push(...matched.bindings);
    }
    return { condition: this.#all(conditions), bindings };
  }
}

const restWord = (name: string): string => (name === '&' ? 'rest argument' : 'argument');

/** The names a pattern may bind. */
function namesIn(pattern: Form, names: Map<string, SymbolForm>): Map<string, SymbolForm> {
  switch (pattern.type) {
    case 'symbol':
      if (pattern.name !== 'nil' && pattern.name !== '&' && pattern.name !== '&as')
        names.set(pattern.name, pattern);
      break;
    case 'list': {
      const [head, second] = pattern.items;
      if (isSymbol(head, 'where') && second !== undefined) namesIn(second, names);
      else if (isSymbol(head, '=')) break;
      else if (isSymbol(second, '?') && head !== undefined) namesIn(head, names);
      else for (const part of pattern.items) if (!isSymbol(part, 'or')) namesIn(part, names);
      break;
    }
    case 'sequence':
      for (const part of pattern.items) namesIn(part, names);
      break;
    case 'table':
      for (const [, part] of pattern.entries) namesIn(part, names);
      break;
    default:
      break;
  }
  return names;
}

/** How many values the longest pattern looks at. */
function widest(pattern: Form | undefined): number {
  if (pattern?.type !== 'list') return 1;
  const [head, second] = pattern.items;
  if (isSymbol(second, '?')) return widest(head);
  if (isSymbol(head, 'where')) return widest(second);
  if (isSymbol(head, '=')) return 1;
  if (isSymbol(head, 'or')) return Math.max(1, ...pattern.items.slice(1).map(widest));
  return pattern.items.length;
}

const matching =
  (pins: boolean): Rewrite =>
  (call, cx) => {
    const { span } = call;
    const [subject, ...clauses] = call.items.slice(1);
    if (subject === undefined) return refuse(cx, 'pattern-usage', span, 'missing subject');
    if (clauses.length % 2 !== 0) {
      return refuse(cx, 'pattern-usage', span, 'expected even number of pattern/body pairs');
    }
    if (clauses.length === 0) {
      return refuse(cx, 'pattern-usage', span, 'expected at least one pattern/body pair');
    }
    const matcher = new Matcher(cx, span);
    const count = Math.max(1, ...clauses.filter((_, i) => i % 2 === 0).map(widest));
    const steady = isSymbol(subject) && subject.name !== '...' && multiSymbol(subject.name) === null;
    if (count === 1 && steady) return matcher.clauses([subject], clauses, pins);
    const values = Array.from({ length: count }, () => freshSymbol(cx, span));
    const body = matcher.clauses(values, clauses, pins);
    if (body === null) return null;
    const [only] = values;
    const pattern = count === 1 && only !== undefined ? only : list(span, ...values);
    return list(span, symbol('let', span), sequence(span, [pattern, subject]), body);
  };

/** Each step is a function of the values before it, so that those that fail to match come back whole. */
const trying =
  (how: 'case' | 'match'): Rewrite =>
  (call, cx) => {
    const { span } = call;
    const [subject, ...rest] = call.items.slice(1);
    const last = rest.at(-1);
    const caught = isCallOf(last, 'catch') ? last.items.slice(1) : null;
    const clauses = caught === null ? rest : rest.slice(0, -1);
    if (subject === undefined) return refuse(cx, 'pattern-usage', span, 'missing subject');
    if (clauses.length % 2 !== 0) {
      return refuse(cx, 'pattern-usage', span, 'expected every pattern to have a body');
    }
    if (caught !== null && caught.length % 2 !== 0) {
      return refuse(cx, 'pattern-usage', span, 'expected every catch pattern to have a body');
    }
    const all = symbol('...', span);
    const otherwise = caught ?? [freshSymbol(cx, span), all];
    // From the last step to the first: each one's value is what the next matches.
    let inner: Form = clauses.at(-1) ?? subject;
    for (let i = clauses.length - 2; i >= 0; i -= 2) {
      const pattern = clauses[i] ?? nilForm(span);
      const value = i === 0 ? subject : (clauses[i - 1] ?? subject);
      const chosen = list(span, symbol(how, span), all, pattern, inner, ...otherwise);
      inner = list(span, list(span, symbol('fn', span), sequence(span, [all]), chosen), value);
    }
    return inner;
  };

export const matchMacros: Readonly<Record<string, Rewrite>> = {
  case: matching(false),
  match: matching(true),
  'case-try': trying('case'),
  'match-try': trying('match'),
};
