/**
 * `quire help`: reference pages for a terminal, and how each command is called.
 *
 * The pages are `templates/help/*.md`; the first line is the title, the line after it says what the page is about.
 * Must not know: what a page says.
 */
import { join } from 'node:path';
import type { Command } from 'commander';
import { list, readText } from '../../base/files.ts';
import { nearestOfFew, visible } from '../../base/text.ts';
import { complain, fileTrouble, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { pageText, titleOf } from '../page-text.ts';
import { aligned } from '../words.ts';

export async function help(context: Context, topic: string | null, program: Command): Promise<ExitCode> {
  const pages = join(context.installation.templates, 'help');
  const names = list(pages);
  if (!names.ok) return complain(context, fileTrouble(names.error));
  const topics = names.value
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length));
  const { write, paint } = context.stdout;
  const textOf = (name: string): string => {
    const read = readText(join(pages, `${name}.md`));
    return read.ok ? read.value : '';
  };
  if (topic === null) {
    write(program.helpInformation());
    write(`\n${paint('bold', 'Topics')} (quire help TOPIC):\n`);
    write(aligned(topics.map((name) => [`  ${paint('cyan', name)}`, titleOf(textOf(name))])));
    return exits.done;
  }
  const command = commandNamed(program, topic);
  if (topics.includes(topic)) write(pageText(textOf(topic), paint));
  else if (command !== null) write(command.helpInformation());
  else {
    const near = nearestOfFew(topic, [...topics, ...program.commands.map((each) => each.name())]);
    const hint = near === null ? `Topics: ${topics.join(', ')}` : `Did you mean '${near}'?`;
    return complain(context, wrongUsage(`there is no help on '${visible(topic)}'`, hint));
  }
  return exits.done;
}

function commandNamed(program: Command, name: string): Command | null {
  const all = program.commands.flatMap((each) => [each, ...each.commands]);
  return all.find((each) => each.name() === name) ?? null;
}
