/**
 * What the processes that people don't start have in common: their arguments, `GIT_DIR DATA …`, as a server.
 *
 * Each of them is a bundle of its own, since every push waits for them: what is heavy is loaded where it is used.
 * Must not know: what any of them does.
 */
import { basename } from 'node:path';
import { visible } from '../base/text.ts';
import type { Server } from '../runner/server.ts';
import { installationOf } from './context.ts';
import { serve, storeAt } from './serving.ts';

export type Hidden = { readonly server: Server; readonly rest: readonly string[] };

/** The repository that the arguments name; null after a word to whoever called this by hand. */
export function hidden(args: readonly string[], bin: string, stamp: () => string = () => ''): Hidden | null {
  const [command, gitDir, data, ...rest] = args;
  const say = (line: string): boolean => process.stderr.write(`${stamp()}quire: ${visible(line)}\n`);
  if (gitDir === undefined || data === undefined) {
    say(`'${command}' is for the hook, not for people`);
    process.exitCode = 2;
    return null;
  }
  const server = serve({
    store: storeAt(data),
    gitDir,
    repo: basename(gitDir).replace(/\.git$/, ''),
    installation: installationOf(bin),
    say,
  });
  return { server, rest };
}
