/**
 * The lines of a crontab that keep one repository going, and where they stand among others.
 *
 * Pure. Must not know: how a crontab is read or written.
 */
import { shellWord } from './hook-file.ts';

export type CronPlace = { readonly gitDir: string; readonly node: string; readonly bin: string };

/** Each repository has a block of its own, between two comments that name it. */
const edges = (gitDir: string): readonly [begin: string, end: string] => [
  `# quire ${gitDir}`,
  `# end of quire ${gitDir}`,
];

/** In a crontab, `%` is a newline unless it is escaped, whatever the quotes. */
const inCrontab = (command: string): string => command.replaceAll('%', '\\%');

/**
 * Drain is the net under the hook: it works what a power loss, a missing Node or another user's push left waiting.
 * The minute of the nightly cleanup comes from the path, so that many repositories don't all begin at once.
 */
export function cronLines({ gitDir, node, bin }: CronPlace): string[] {
  const [begin, end] = edges(gitDir);
  const quire = inCrontab(`${shellWord(node)} ${shellWord(bin)} --repo ${shellWord(gitDir)}`);
  const minute = [...gitDir].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 60, 7);
  return [
    begin,
    `@reboot ${quire} drain --no-wait >/dev/null`,
    `*/5 * * * * ${quire} drain --no-wait >/dev/null`,
    `${minute} 4 * * * ${quire} cleanup >/dev/null`,
    end,
  ];
}

/** A crontab with these lines in place of the repository's earlier ones; with none, those are taken out. */
export function withBlock(crontab: string, gitDir: string, lines: readonly string[]): string {
  const rest = withoutBlock(crontab.split('\n'), gitDir);
  while (rest.at(-1) === '') rest.pop();
  const all = [...rest, ...lines];
  return all.length === 0 ? '' : `${all.join('\n')}\n`;
}

/** A line that somebody has put into the block stays, and so does all that follows when the end is missing. */
function withoutBlock(lines: readonly string[], gitDir: string): string[] {
  const [begin, end] = edges(gitDir);
  let inside = false;
  return lines.filter((line) => {
    const isEdge = line === begin || line === end;
    if (isEdge) inside = line === begin;
    return !isEdge && !(inside && isOurs(line, gitDir));
  });
}

/** Whoever changed the times or the redirection of such a line: the repository and what is called remain. */
const isOurs = (line: string, gitDir: string): boolean =>
  ['drain', 'cleanup'].some((command) =>
    line.includes(inCrontab(` --repo ${shellWord(gitDir)} ${command} `)),
  );

export const hasBlock = (crontab: string, gitDir: string): boolean =>
  crontab.split('\n').includes(edges(gitDir)[0]);
