/**
 * Comprehensions: `collect icollect fcollect accumulate faccumulate`.
 *
 * Must not know: how a loop is compiled.
 */
import { freshSymbol } from '../blocks.ts';
import { type Context, type Rewrite, refuse } from '../context.ts';
import type { Form, ListForm, Place, SequenceForm } from '../forms.ts';
import { integer, isSymbol, isTable, list, nilForm, sequence, symbol } from '../forms-of.ts';
import { textOfBytes } from '../names.ts';

/** A loop's bindings without their `&into` clause, and that clause. */
type Split = { readonly iterator: SequenceForm; readonly into: Form | null };

function withoutInto(cx: Context, table: SequenceForm, call: ListForm): Split | null {
  const items = [...table.items];
  let into: Form | null = null;
  for (let i = items.length - 1; i >= 1; i -= 1) {
    if (!isInto(items[i])) continue;
    if (into !== null) return refuse(cx, 'macro-usage', call.span, 'expected only one &into clause');
    into = items[i + 1] ?? nilForm(table.span);
    items.splice(i, 2);
  }
  if (into !== null && !isSymbol(into) && !isTable(into) && into.type !== 'list') {
    const message = 'expected table, function call, or symbol in &into clause';
    return refuse(cx, 'macro-usage', call.span, message);
  }
  return { iterator: sequence(table.span, items), into };
}

const isInto = (form: Form | undefined): boolean =>
  isSymbol(form, '&into') || (form?.type === 'string' && textOfBytes(form.bytes) === 'into');

const collect: Rewrite = (call, cx) => {
  const { span } = call;
  const [table, key, value, ...more] = call.items.slice(1);
  if (table?.type !== 'sequence' || table.items.length < 2) {
    return refuse(cx, 'macro-usage', span, 'expected iterator binding table');
  }
  if (key === undefined) return refuse(cx, 'macro-usage', span, 'expected key and value expression');
  if (more.length > 0) {
    return refuse(
      cx,
      'macro-usage',
      span,
      'expected 1 or 2 body expressions; wrap multiple expressions with do',
    );
  }
  if (value === undefined && key.type !== 'list') {
    return refuse(cx, 'macro-usage', span, 'need key and value');
  }
  const split = withoutInto(cx, table, call);
  if (split === null) return null;
  const word = (name: string) => symbol(name, span);
  const pair = value === undefined ? key : list(span, word('values'), key, value);
  const [made, k, v] = [freshSymbol(cx, span, 'tbl'), freshSymbol(cx, span, 'k'), freshSymbol(cx, span, 'v')];
  const present = (name: Form) => list(span, word('not='), name, nilForm(span));
  const store = list(
    span,
    word('if'),
    list(span, word('and'), present(k), present(v)),
    list(span, word('tset'), made, k, v),
  );
  const body = list(span, word('let'), sequence(span, [list(span, k, v), pair]), store);
  return list(
    span,
    word('let'),
    sequence(span, [made, split.into ?? emptyTable(span)]),
    list(span, word('each'), split.iterator, body),
    made,
  );
};

const emptyTable = (span: Place): Form => ({ type: 'table', entries: [], span });

const collectSequence =
  (loop: 'each' | 'for'): Rewrite =>
  (call, cx) => {
    const { span } = call;
    const [table, value, ...more] = call.items.slice(1);
    const least = loop === 'each' ? 2 : 3;
    if (table?.type !== 'sequence' || table.items.length < least) {
      const what = loop === 'each' ? 'iterator' : 'range';
      return refuse(cx, 'macro-usage', span, `expected ${what} binding table`);
    }
    if (value === undefined) return refuse(cx, 'macro-usage', span, 'expected table value expression');
    if (more.length > 0) {
      const message = 'expected exactly one body expression. Wrap multiple expressions in do';
      return refuse(cx, 'macro-usage', span, message);
    }
    const split = withoutInto(cx, table, call);
    if (split === null) return null;
    const word = (name: string) => symbol(name, span);
    const [made, count, each] = [
      freshSymbol(cx, span, 'tbl'),
      freshSymbol(cx, span, 'i'),
      freshSymbol(cx, span, 'val'),
    ];
    const start = split.into === null ? integer(0, span) : list(span, word('length'), made);
    const next = list(span, word('+'), count, integer(1, span));
    const body = list(
      span,
      word('let'),
      sequence(span, [each, value]),
      list(
        span,
        word('if'),
        list(span, word('not='), each, nilForm(span)),
        list(
          span,
          word('do'),
          list(span, word('set'), count, next),
          list(span, word('tset'), made, count, each),
        ),
      ),
    );
    return list(
      span,
      word('let'),
      sequence(span, [made, split.into ?? emptyTable(span)]),
      list(span, word('var'), count, start),
      list(span, word(loop), split.iterator, body),
      made,
    );
  };

const accumulate =
  (loop: 'each' | 'for'): Rewrite =>
  (call, cx) => {
    const { span } = call;
    const [table, body, ...more] = call.items.slice(1);
    if (table?.type !== 'sequence' || table.items.length < 4) {
      return refuse(cx, 'macro-usage', span, 'expected initial value and iterator binding table');
    }
    if (body === undefined) return refuse(cx, 'macro-usage', span, 'expected body expression');
    if (more.length > 0) {
      const message = 'expected exactly one body expression. Wrap multiple expressions with do';
      return refuse(cx, 'macro-usage', span, message);
    }
    const [variable, start, ...iterator] = table.items;
    if (variable === undefined || start === undefined) return null;
    const word = (name: string) => symbol(name, span);
    const result = variable.type === 'list' ? list(span, word('values'), ...variable.items) : variable;
    return list(
      span,
      word('do'),
      list(span, word('var'), variable, start),
      list(span, word(loop), sequence(table.span, iterator), list(span, word('set'), variable, body)),
      result,
    );
  };

export const comprehensionMacros: Readonly<Record<string, Rewrite>> = {
  collect,
  icollect: collectSequence('each'),
  fcollect: collectSequence('for'),
  accumulate: accumulate('each'),
  faccumulate: accumulate('for'),
};
