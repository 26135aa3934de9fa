/**
 * A reference page, written in plain Markdown, as a terminal shows it.
 *
 * Only what the pages use: headings, code, indented blocks, lists. Everything else is text as it stands.
 * Must not know: what the pages say.
 */
import type { Paint } from './colour.ts';

/** The first line without its mark. */
export const titleOf = (page: string): string => (page.split('\n', 1)[0] ?? '').replace(/^# /, '');

export const pageText = (page: string, paint: Paint): string =>
  page
    .split('\n')
    .map((line) => lineText(line, paint))
    .join('\n');

function lineText(line: string, paint: Paint): string {
  const heading = /^#+ (.*)$/.exec(line)?.[1];
  if (heading !== undefined) return paint('bold', heading);
  if (/^ {4}/.test(line)) return paint('green', line);
  return line.replace(/`([^`]+)`/g, (_, code: string) => paint('cyan', code));
}
