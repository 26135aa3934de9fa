/**
 * What can go wrong with git, and how it is said.
 *
 * Must not know: what was wanted of git.
 */
import { type FileFailure, sayFileFailure } from '../base/files.ts';
import { unreachable } from '../base/unreachable.ts';

export type GitFailure =
  /** The program could not be started. */
  | { readonly reason: 'no-git'; readonly code: string }
  | { readonly reason: 'not-a-repository'; readonly path: string }
  /** No object, or no commit, of that name. */
  | { readonly reason: 'missing'; readonly name: string }
  /** A short name that more than one object or ref has. */
  | { readonly reason: 'ambiguous'; readonly name: string; readonly candidates: readonly string[] }
  /** An object that is not what its type says. */
  | { readonly reason: 'malformed'; readonly name: string }
  | { readonly reason: 'too-large'; readonly name: string; readonly size: number; readonly limit: number }
  /** What is at the path is no regular file. */
  | { readonly reason: 'not-a-file'; readonly name: string; readonly kind: string }
  /** A tree with a name that must not be written to a disk. */
  | { readonly reason: 'unsafe-name'; readonly name: string }
  | { readonly reason: 'disk'; readonly failure: FileFailure }
  | { readonly reason: 'canceled' }
  /** Git ran and said no. */
  | { readonly reason: 'failed'; readonly command: string; readonly exit: number; readonly said: string };

/** One sentence for people. */
export function sayGitFailure(failure: GitFailure): string {
  switch (failure.reason) {
    case 'no-git':
      return `could not start git (${failure.code}): is it installed and in PATH?`;
    case 'not-a-repository':
      return `${failure.path} is not in a git repository`;
    case 'missing':
      return `there is no ${failure.name} in the repository`;
    case 'ambiguous':
      return failure.candidates.length === 0
        ? `'${failure.name}' is short for more than one object: give more digits`
        : `'${failure.name}' is ambiguous: write ${failure.candidates.join(' or ')}`;
    case 'malformed':
      return `the object ${failure.name} is damaged`;
    case 'too-large':
      return `${failure.name} has ${failure.size} bytes; at most ${failure.limit} are read`;
    case 'not-a-file':
      return `${failure.name} is a ${failure.kind}, not a regular file`;
    case 'unsafe-name':
      return `the commit holds a file named '${failure.name}', which is not safe to write`;
    case 'disk':
      return sayFileFailure(failure.failure);
    case 'canceled':
      return 'canceled';
    case 'failed':
      return `git ${failure.command} exited ${failure.exit}: ${failure.said.trim() || 'it said nothing'}`;
    default:
      return unreachable(failure);
  }
}
