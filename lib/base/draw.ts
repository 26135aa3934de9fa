/**
 * Draws diagnostics for a terminal or a page: the place, the source line, a caret, the way out.
 *
 * Pure: the caller brings the texts of the files and says whether it wants colour.
 * Must not know: where a file's text comes from, or who reads the drawing.
 */
import type { Diagnostic, Span } from './diagnostic.ts';
import { visible } from './text.ts';

export type DrawOptions = {
  /** The text of a file by the name used in spans, or null when there is none to quote. */
  readonly sourceOf: (file: string) => string | null;
  /** ANSI colours; default false. */
  readonly colour?: boolean;
};

const styles = { red: '31', blue: '34', bold: '1', dim: '2' } as const;
type Style = keyof typeof styles;

const paint = (on: boolean, style: Style, text: string): string =>
  on ? `\u001b[${styles[style]}m${text}\u001b[0m` : text;

/** One diagnostic as lines of text, ending in a newline. Everything from outside is made visible first. */
export function drawDiagnostic(problem: Diagnostic, options: DrawOptions): string {
  const colour = options.colour ?? false;
  const lines: string[] = [];
  const about = problem.span === null ? '' : `${place(problem.span)}: `;
  lines.push(
    `${paint(colour, 'bold', about)}${paint(colour, 'red', 'error')}: ${visibleLines(problem.message)} ${paint(colour, 'dim', `[${problem.code}]`)}`,
  );
  if (problem.span !== null) lines.push(...quote(problem.span, options, 'red'));
  for (const note of problem.notes) {
    lines.push(`  ${paint(colour, 'blue', 'note')}: ${place(note.span)}: ${visibleLines(note.message)}`);
    lines.push(...quote(note.span, options, 'blue'));
  }
  if (problem.hint !== null) lines.push(`  ${paint(colour, 'blue', 'hint')}: ${visibleLines(problem.hint)}`);
  return `${lines.join('\n')}\n`;
}

export const drawDiagnostics = (problems: readonly Diagnostic[], options: DrawOptions): string =>
  problems.map((problem) => drawDiagnostic(problem, options)).join('');

/** `file:line:column`, as editors and compilers write it. */
export const place = (span: Span): string => `${visible(span.file)}:${span.start.line}:${span.start.column}`;

const widest = 160;

function quote(span: Span, options: DrawOptions, style: Style): string[] {
  const text = options.sourceOf(span.file);
  const line = text === null ? undefined : lineOf(text, span.start.line);
  if (line === undefined) return [];
  const characters = Array.from(line);
  const from = Math.max(0, span.start.column - 1);
  const until =
    span.end.line === span.start.line ? Math.max(from + 1, span.end.column - 1) : characters.length;
  // A very long line is quoted around the caret only: a minified file must not fill the pusher's terminal.
  const cutFrom = from > widest - 40 ? from - 40 : 0;
  const shown = characters.slice(cutFrom, cutFrom + widest).map((c) => (c === '\t' ? ' ' : visible(c)));
  const before = shown.slice(0, from - cutFrom).join('');
  const width = shown.slice(from - cutFrom, until - cutFrom).join('').length;
  const gutter = String(span.start.line).padStart(5);
  const colour = options.colour ?? false;
  return [
    `${paint(colour, 'dim', `${gutter} |`)} ${shown.join('')}`,
    `${paint(colour, 'dim', '      |')} ${' '.repeat(before.length)}${paint(colour, style, '^'.repeat(Math.max(1, width)))}`,
  ];
}

/** The text of line `number` (from 1) without its end, found without splitting the whole file. */
function lineOf(text: string, number: number): string | undefined {
  let start = 0;
  for (let line = 1; line < number; line += 1) {
    const end = text.indexOf('\n', start);
    if (end < 0) return undefined;
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
}

const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n    ');
