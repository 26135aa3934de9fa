/**
 * `quire completion`: a completion script for a shell.
 *
 * Must not know: which commands there are.
 */
import type { Command } from 'commander';
import { nearestOfFew, visible } from '../../base/text.ts';
import { levelsOf } from '../command-tree.ts';
import { complain, wrongUsage } from '../complain.ts';
import { completionFor, shells } from '../completion-text.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';

export async function completion(context: Context, name: string, program: Command): Promise<ExitCode> {
  const shell = shells.find((each) => each === name);
  if (shell === undefined) {
    const near = nearestOfFew(name, shells);
    const hint = near === null ? `There are scripts for ${shells.join(', ')}.` : `Did you mean '${near}'?`;
    return complain(context, wrongUsage(`there is no completion for '${visible(name)}'`, hint));
  }
  context.stdout.write(completionFor(shell, levelsOf(program)));
  return exits.done;
}
