/**
 * The program: from arguments to an exit code.
 *
 * `program.ts` says which commands there are; each is a file under `commands/`, loaded when it is called.
 * Must not know: what any command does.
 */
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { readText } from '../base/files.ts';
import { installationOf, processContext } from './context.ts';
import { type ExitCode, exits } from './exit.ts';
import { Interruption } from './interruption.ts';
import { program } from './program.ts';

/** Runs the command that the arguments name, and ends the process. */
export async function main(args: readonly string[], { bin }: { bin: string }): Promise<void> {
  const interruption = new Interruption();
  let code: ExitCode = exits.done;
  const quire = program({
    version: versionAt(installationOf(bin).root),
    start: async (globals, command) => {
      code = await command(processContext(bin, globals, interruption));
    },
  });
  process.on('unhandledRejection', (error) => end(sayBug(error), interruption));
  try {
    await quire.parseAsync(args, { from: 'user' });
  } catch (error) {
    code = error instanceof CommanderError ? usageCode(error) : sayBug(error);
  }
  end(code, interruption);
}

/** Commander has printed what there is to say. */
const usageCode = (error: CommanderError): ExitCode => (error.exitCode === 0 ? exits.done : exits.usage);

function sayBug(error: unknown): ExitCode {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `quire: this is a bug in quire, not in your pipeline. Please report it with these lines:\n${trace}\n`,
  );
  return exits.infrastructure;
}

/** Ends the process once both streams are written out (a pipe takes 64 KiB at a time) and have told their errors. */
function end(code: ExitCode, interruption: Interruption): void {
  const exit = (): void => process.exit(interruption.failed ? exits.infrastructure : code);
  process.stdout.write('', () => process.stderr.write('', () => setImmediate(exit)));
}

function versionAt(root: string): string {
  const read = readText(join(root, 'package.json'));
  const version = read.ok ? /"version":\s*"([^"]+)"/.exec(read.value)?.[1] : undefined;
  return version ?? 'unknown';
}
