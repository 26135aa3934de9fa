/**
 * Where the lines of a generated chunk came from.
 *
 * The places are written into the compiled functions themselves, so that every message and frame of Lua has
 * them, also those that a program sees in its own `pcall`.
 * Must not know: what the text was generated from.
 */
import { fromLatin1, type Proto, type StringObject, stringValue } from './engine.ts';
import { bytesOf } from './values.ts';

export type TextLine = { readonly file: string; readonly line: number };

/** Gives a function and those inside it the lines, and the file, that their text came from. */
export function mapLines(proto: Proto, lines: readonly (TextLine | null)[]): void {
  const known = fillGaps(lines);
  const names = new Map<string, StringObject>();
  const at = (line: number): TextLine | null => known[line - 1] ?? null;
  const visit = (one: Proto): void => {
    const textLines = one.lineinfo;
    one.textLines = textLines;
    one.lineinfo = textLines.map((line) => at(line)?.line ?? line);
    one.chunk = one.source;
    const file = fileOf(textLines, at);
    if (file !== null) one.source = nameFor(file, names);
    // Zero marks the main function.
    if (one.linedefined > 0) {
      one.linedefined = at(one.linedefined)?.line ?? one.linedefined;
      one.lastlinedefined = at(one.lastlinedefined)?.line ?? one.lastlinedefined;
    }
    for (const inner of one.p) visit(inner);
  };
  visit(proto);
}

/** A line of no place belongs to the one before it. */
function fillGaps(lines: readonly (TextLine | null)[]): (TextLine | null)[] {
  let last: TextLine | null = null;
  return lines.map((line) => {
    last = line ?? last;
    return last;
  });
}

/** The file that most of a function's instructions came from: text of several files can be in one chunk. */
function fileOf(textLines: readonly number[], at: (line: number) => TextLine | null): string | null {
  const counts = new Map<string, number>();
  for (const line of textLines) {
    const file = at(line)?.file;
    if (file !== undefined) counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  let best: string | null = null;
  for (const [file, count] of counts) if (best === null || count > (counts.get(best) ?? 0)) best = file;
  return best;
}

function nameFor(file: string, names: Map<string, StringObject>): StringObject {
  const known = names.get(file);
  if (known !== undefined) return known;
  const made = stringValue(fromLatin1(`=${bytesOf(file)}`)).value as StringObject;
  names.set(file, made);
  return made;
}
