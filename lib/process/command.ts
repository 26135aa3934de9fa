/**
 * What a command is, how it can fail to start, and how it ends: words and wording only.
 *
 * Pure. Must not know: jobs, containers, or how a process is started.
 */
import type { FileFailure } from '../base/files.ts';
import { visible } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';

/** A text for `sh -c`, or a program with its arguments and no shell in between. */
export type Command =
  | { readonly shell: string }
  | { readonly argv: readonly [program: string, ...args: string[]] };

/** A whole environment: a child gets exactly this, nothing is inherited. */
export type Environment = Readonly<Record<string, string>>;

export type StreamName = 'out' | 'err';

/** Hears output as it comes. While a promise it returned is pending, that stream is not read: memory stays bounded. */
export type HearChunk = (stream: StreamName, chunk: Buffer) => void | Promise<void>;

export type CommandEnd = (
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: NodeJS.Signals }
) & {
  /** Why it was ended from outside, or null when it ended by itself. */
  readonly endedBy: 'timeout' | 'canceled' | null;
};

/** Why a command never ran. */
export type StartFailure =
  | { readonly reason: 'missing-program'; readonly program: string; readonly cwd: string }
  | { readonly reason: 'not-executable'; readonly program: string; readonly cwd: string }
  | { readonly reason: 'bad-cwd'; readonly cwd: string }
  | { readonly reason: 'too-big'; readonly bytes: number; readonly program: string; readonly cwd: string }
  | { readonly reason: 'nul-byte'; readonly where: 'command' | 'environment' | 'cwd' }
  | { readonly reason: 'io'; readonly code: string; readonly detail: string };

/** The program that is looked up: the shell itself for a shell text. */
export const programOf = (command: Command): string => ('shell' in command ? shellPath : command.argv[0]);

/** The shell every shell text goes to. */
export const shellPath = '/bin/sh';

/** The argv that really runs. */
export const argvOf = (command: Command): readonly [string, ...string[]] =>
  'shell' in command ? [shellPath, '-c', command.shell] : command.argv;

/** Why nobody knows an end of a command. */
export type NoEnd =
  | { readonly reason: 'not-started'; readonly failure: StartFailure }
  /** The process that started it died under it. */
  | { readonly reason: 'lost' };

/** A file operation on the way to a process that failed. */
export const fileTrouble = ({ code, path }: FileFailure): StartFailure => ({
  reason: 'io',
  code,
  detail: path,
});

/** One sentence for people. */
export function sayStartFailure(failure: StartFailure): string {
  switch (failure.reason) {
    case 'missing-program':
      return `program ${visible(failure.program)} not found (started in ${visible(failure.cwd)})`;
    case 'not-executable':
      return `program ${visible(failure.program)} can't be executed: not an executable file, or its interpreter is missing (started in ${visible(failure.cwd)})`;
    case 'bad-cwd':
      return `directory ${visible(failure.cwd)} does not exist or can't be entered`;
    case 'too-big':
      return `the arguments of ${visible(failure.program)} and its environment are too big for the system: ${failure.bytes} bytes (started in ${visible(failure.cwd)}); pass long data with :stdin or a file`;
    case 'nul-byte':
      return `a NUL character in the ${failure.where}`;
    case 'io':
      return `could not start a process: ${failure.code} (${visible(failure.detail)})`;
    default:
      return unreachable(failure);
  }
}
