/**
 * The command line as data, for what describes it to a shell.
 *
 * Must not know: any shell, any command.
 */
import type { Command } from 'commander';

export type Word = { readonly word: string; readonly about: string };

/** A command, by the words that lead to it, and what may follow them. */
export type Level = {
  /** Empty for the program itself, `ci graph` for a command of a command. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
};

export function levelsOf(program: Command): Level[] {
  return levels(program, []);
}

function levels(command: Command, path: readonly string[]): Level[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const own: Level = {
    path: path.join(' '),
    commands: commands.map((each) => ({ word: each.name(), about: each.description() })),
    options: help.visibleOptions(command).flatMap(({ long, short, description }) => {
      const word = long ?? short;
      return word === undefined ? [] : [{ word, about: description }];
    }),
  };
  return [own, ...commands.flatMap((each) => levels(each, [...path, each.name()]))];
}
