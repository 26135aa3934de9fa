/**
 * Diagnostics for a terminal, with the source line and a caret.
 *
 * Must not know: who found what is wrong.
 */
import { type Diagnostic, diagnostic, pointSpan, type Span } from '../base/diagnostic.ts';
import { drawDiagnostics } from '../base/draw.ts';
import type { Sha } from '../base/ids.ts';
import { commitTree, type TreeReader, withObjects } from '../git/git.ts';
import type { DiagnosticLine } from '../runs/records.ts';
import type { Context } from './context.ts';
import type { DiskFile } from './disk-modules.ts';

const largestQuoted = 1024 * 1024;

/** Diagnostics of files that a reader has: each file they name is read once. */
export async function drawFrom(
  tree: TreeReader,
  problems: readonly Diagnostic[],
  colour: boolean,
): Promise<string> {
  const places = problems.flatMap(({ span, notes }) => [span, ...notes.map((note) => note.span)]);
  const texts = new Map<string, string>();
  for (const file of new Set(places.flatMap((span) => (span === null ? [] : [span.file])))) {
    const read = await tree.read(file, largestQuoted);
    if (read.ok) texts.set(file, read.value.toString());
  }
  return drawDiagnostics(problems, { colour, sourceOf: (file) => texts.get(file) ?? null });
}

/** Diagnostics of a file on the disk and the modules beside it, named as the file was given. */
export function drawHere({ stderr }: Context, file: DiskFile, problems: readonly Diagnostic[]): string {
  const texts = new Map<string, string | null>();
  const renamed = <T extends { readonly span: Span | null }>(part: T): T => {
    if (part.span === null) return part;
    const shown = file.shown(part.span.file);
    if (!texts.has(shown))
      texts.set(shown, part.span.file === file.name ? file.text : file.tree.read(part.span.file));
    return { ...part, span: { ...part.span, file: shown } };
  };
  return drawDiagnostics(
    problems.map((problem) => ({ ...renamed(problem), notes: problem.notes.map(renamed) })),
    { colour: stderr.colours, sourceOf: (name) => texts.get(name) ?? null },
  );
}

/** What a run's `pipeline.yml` says, with the lines of the commit it is about. */
export function drawRecorded(
  gitDir: string,
  sha: Sha,
  lines: readonly DiagnosticLine[],
  colour: boolean,
): Promise<string> {
  return withObjects(gitDir, (objects) => drawFrom(commitTree(objects, sha), lines.map(fromRecord), colour));
}

const fromRecord = ({ code, message, file, line, column, hint, job }: DiagnosticLine): Diagnostic =>
  diagnostic({
    code,
    message,
    span: file === null || line === null ? null : pointSpan(file, line, column ?? 1),
    hint,
    job,
  });
