/**
 * A Fennel file that is data, such as a config: its value, and where each key of it was written.
 *
 * The file is a program like any other, so that it may compute; places are known as far as the table that it ends with is
 * written out.
 * Must not know: which keys a file may have.
 */
import { type Diagnostic, diagnostic, type Span } from '../base/diagnostic.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Form, read } from '../fennel/fennel.ts';
import { type Limits, Meter, type Plain, type PlainProblem, plainOf, textOf } from '../lua/vm.ts';
import { Evaluator } from './evaluator.ts';

export type Data = {
  /** Null when the file gives nothing. */
  readonly value: Plain | null;
  /** Where the value at a path of keys was written, or the nearest that is known around it. */
  spanOf(path: readonly string[]): Span;
};

/** Evaluates a data file, which can require nothing but `fennel`. */
export function evaluateData(file: string, text: string, limits: Limits): Result<Data, Diagnostic[]> {
  const evaluator = new Evaluator({ meter: new Meter(limits), tree: { read: () => null } });
  const values = evaluator.evaluate(file, text);
  if (!values.ok) return err([...values.error.diagnostics]);
  const forms = read({ name: file, text });
  const last = forms.ok ? (forms.value.at(-1) ?? null) : null;
  const spanOf = (path: readonly string[]): Span => spanAt(last, path) ?? wholeFile(file);
  const [value = null] = values.value;
  if (value === null) return ok({ value: null, spanOf });
  const plain = plainOf(value);
  if (!plain.ok) {
    const { path } = plain.error;
    return err([diagnostic({ code: 'not-data', message: sayProblem(plain.error), span: spanOf(path) })]);
  }
  return ok({ value: plain.value, spanOf });
}

const wholeFile = (file: string): Span => ({
  file,
  start: { line: 1, column: 1 },
  end: { line: 1, column: 2 },
});

/** The place of the value that a path of keys leads to, as far as the forms show it. */
function spanAt(form: Form | null, path: readonly string[]): Span | null {
  if (form === null) return null;
  const [key, ...rest] = path;
  if (key === undefined) return form.span;
  const inner = form.type === 'table' ? entryOf(form.entries, key) : itemOf(form, key);
  return (inner === null ? null : spanAt(inner, rest)) ?? form.span;
}

/** The last entry of that key: the one that counts. */
function entryOf(entries: readonly (readonly [Form, Form])[], key: string): Form | null {
  for (const [name, value] of [...entries].reverse()) {
    if (name.type === 'string' && textOf(name.bytes) === key) return value;
  }
  return null;
}

const itemOf = (form: Form, key: string): Form | null =>
  form.type === 'sequence' && /^[1-9]\d*$/.test(key) ? (form.items[Number(key) - 1] ?? null) : null;

/** One sentence about what is not data. */
export function sayProblem(problem: PlainProblem): string {
  const where = problem.path.length === 0 ? 'the value' : `'${problem.path.join('.')}'`;
  switch (problem.reason) {
    case 'type':
      return `${where} is a ${problem.type}, which is not plain data`;
    case 'cycle':
      return `${where} contains itself`;
    case 'mixed-keys':
      return `${where} has keys that make neither a sequence (1 to n) nor a map (strings)`;
    case 'key-type':
      return `${where} has a key that is a ${problem.type}`;
    case 'not-finite':
      return `${where} is infinite or not a number`;
    case 'too-deep':
      return `${where} is nested too deep`;
  }
}
