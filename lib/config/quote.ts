/**
 * The text of a config file as it may be quoted beside a fault: what could be a secret is dotted out.
 *
 * Every character keeps its place, so that carets stay true. Pure. Must not know: what is wrong with the file.
 */
import type { Span } from '../base/diagnostic.ts';
import { read } from '../fennel/fennel.ts';
import type { Form, TableForm } from '../fennel/forms.ts';

/** The strings in `:secrets` are dotted out; all strings of the file when secrets may come from elsewhere in it. */
export function quotableConfig(text: string): string {
  const forms = read({ name: '', text });
  if (!forms.ok) return text.replace(/"(?:[^"\\]|\\.)*"?/gs, dotted);
  const tables = forms.value.flatMap(secretsIn);
  const isPlain = tables.every(({ entries }) => entries.every(([, value]) => isLiteral(value)));
  const known = tables.length > 0 || !text.includes('secrets');
  const hidden: readonly Form[] = isPlain && known ? tables.flatMap(valuesOf) : forms.value;
  return hide(text, hidden.flatMap(stringSpans));
}

const dotted = (text: string): string => text.replace(/[^\n"]/g, '•');

const isSecrets = (key: Form): boolean => key.type === 'string' && key.bytes === 'secrets';

function secretsIn(form: Form): TableForm[] {
  const inner = childrenOf(form).flatMap(secretsIn);
  if (form.type !== 'table') return inner;
  const own = form.entries.flatMap(([key, value]) =>
    isSecrets(key) && value.type === 'table' ? [value] : [],
  );
  return [...own, ...inner];
}

const valuesOf = ({ entries }: TableForm): Form[] => entries.map(([, value]) => value);

const isLiteral = (form: Form): boolean =>
  form.type === 'string' ||
  ((form.type === 'table' || form.type === 'sequence') && childrenOf(form).every(isLiteral));

function childrenOf(form: Form): readonly Form[] {
  switch (form.type) {
    case 'list':
    case 'sequence':
      return form.items;
    case 'table':
      return form.entries.flat();
    default:
      return [];
  }
}

function stringSpans(form: Form): Span[] {
  if (form.type === 'string') return form.span === null ? [] : [form.span];
  // Keys are names; what is hidden is what they stand for.
  const inner = form.type === 'table' ? form.entries.map(([, value]) => value) : childrenOf(form);
  return inner.flatMap(stringSpans);
}

function hide(text: string, spans: readonly Span[]): string {
  const lines = text.split('\n').map((line) => Array.from(line));
  for (const { start, end } of spans) {
    for (let line = start.line; line <= end.line; line += 1) {
      const characters = lines[line - 1] ?? [];
      const from = line === start.line ? start.column - 1 : 0;
      const until = line === end.line ? end.column - 1 : characters.length;
      for (let at = from; at < until; at += 1) if (!/["\r]/.test(characters[at] ?? '')) characters[at] = '•';
    }
  }
  return lines.map((line) => line.join('')).join('\n');
}
