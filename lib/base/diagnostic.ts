/**
 * What is wrong, where, and what to do about it: one type for every room that finds faults in a user's text.
 *
 * Must not know: how a diagnostic is drawn (`draw.ts`) or which room made it.
 */

/** Both count from 1; a column counts characters (code points), not bytes. */
export type Position = { readonly line: number; readonly column: number };

/** `end` is the position just after the last character. */
export type Span = { readonly file: string; readonly start: Position; readonly end: Position };

/** A second place that explains the first: the opening bracket, the earlier registration. */
export type Note = { readonly span: Span; readonly message: string };

export type Diagnostic = {
  /** Stable, kebab-case; tests and tools match on it, never on the message. */
  readonly code: string;
  readonly message: string;
  /** Null only when the fault has no place in any file. */
  readonly span: Span | null;
  readonly notes: readonly Note[];
  /** What to do next, or null. */
  readonly hint: string | null;
  /** The job it is about, or null. */
  readonly job: string | null;
};

type Optional = 'notes' | 'hint' | 'job';

/** A diagnostic with the parts that are mostly absent left out. */
export const diagnostic = (
  parts: Omit<Diagnostic, Optional> & Partial<Pick<Diagnostic, Optional>>,
): Diagnostic => ({ notes: [], hint: null, job: null, ...parts });

/** A span of one character. */
export const pointSpan = (file: string, line: number, column: number): Span => ({
  file,
  start: { line, column },
  end: { line, column: column + 1 },
});
