/**
 * How a command says on stderr that it could not do what it was asked, and what to do next.
 *
 * Must not know: what can go wrong; rooms bring their own words.
 */
import { type FileFailure, sayFileFailure } from '../base/files.ts';
import { type Err, err } from '../base/result.ts';
import { type StoreFailure, sayStoreFailure } from '../store/store.ts';
import type { Context } from './context.ts';
import { type ExitCode, exits } from './exit.ts';

export type Complaint = {
  /** One sentence, without `quire:` and without a full stop when a hint follows in the same breath. */
  readonly message: string;
  /** What to do next, or null when the message says it. */
  readonly hint: string | null;
  readonly exit: ExitCode;
};

export const wrongUsage = (message: string, hint: string | null = null): Err<Complaint> =>
  err({ message, hint, exit: exits.usage });

export const trouble = (message: string, hint: string | null = null): Err<Complaint> =>
  err({ message, hint, exit: exits.infrastructure });

const fileHints: Readonly<Partial<Record<FileFailure['reason'], string>>> = {
  denied: 'Run quire as the user that owns the repository, or give that user the right to write there.',
  full: 'Free some space on that file system (quire cleanup removes old runs), then try again.',
};

export const fileTrouble = (failure: FileFailure): Err<Complaint> =>
  trouble(sayFileFailure(failure), fileHints[failure.reason] ?? null);

/** A run that was asked for and is not there is the caller's mistake; the rest is the machine's. */
export function storeTrouble(failure: StoreFailure): Err<Complaint> {
  switch (failure.reason) {
    case 'io':
      return fileTrouble(failure.failure);
    case 'not-found':
      return wrongUsage(sayStoreFailure(failure), 'See: quire list');
    case 'ambiguous':
      return wrongUsage(
        sayStoreFailure(failure),
        `They are:\n${failure.ids.map((id) => `  ${id}`).join('\n')}`,
      );
    case 'not-here':
    case 'not-allowed':
      return wrongUsage(sayStoreFailure(failure));
    default:
      return trouble(sayStoreFailure(failure), 'See: quire doctor');
  }
}

/** Prints a complaint and gives the exit code that goes with it. */
export function complain(context: Pick<Context, 'stderr'>, given: Complaint | Err<Complaint>): ExitCode {
  const complaint = 'error' in given ? given.error : given;
  const { write, paint } = context.stderr;
  write(`${paint('red', 'quire:')} ${complaint.message}\n`);
  if (complaint.hint !== null) write(`${indented(complaint.hint)}\n`);
  return complaint.exit;
}

/** A line on stderr that does not change how the command ends. */
export function warn(context: Pick<Context, 'stderr'>, message: string): void {
  context.stderr.write(`${context.stderr.paint('yellow', 'quire:')} ${message}\n`);
}

const indented = (text: string): string => text.replace(/^/gm, '       ');
