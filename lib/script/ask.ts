/**
 * What a primitive asks for, and what it may be answered: the one seam between a pipeline and the world.
 *
 * Words only; plain data throughout, so that an ask can cross a thread.
 * Must not know: Lua, who answers.
 */
import type { JobId } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';

/** A text for `sh -c`, or a program with its arguments and no shell in between. */
export type Command =
  | { readonly shell: string }
  | { readonly argv: readonly [program: string, ...args: string[]] };

/** A command, checked: environment names are identifiers and don't begin with `QUIRE_`. */
export type ShAsk = {
  readonly want: 'sh';
  /** Counts the job's commands from 1, over all attempts. */
  readonly sh: number;
  readonly command: Command;
  /** The command as it is recorded and shown. */
  readonly cmd: string;
  /** The call's own `:env`; wins over everything else. */
  readonly env: Readonly<Record<string, string>>;
  /** As written, relative to the workspace; null is the workspace. That it stays inside is the answerer's to check. */
  readonly cwd: string | null;
  readonly timeoutMs: number | null;
  /** Null is `/dev/null`. */
  readonly stdin: Uint8Array | null;
};

/** The host's git work of a mirror; which refs go and what the tag is called is decided already. */
export type MirrorAsk = {
  readonly want: 'mirror';
  readonly url: string;
  /** How the remote is told who we are. */
  readonly credential: MirrorCredential;
  /** Null is the commit of the run. */
  readonly sha: string | null;
  /** Null is the repository of the run. */
  readonly gitDir: string | null;
  /** Names or `*` globs of what may go; null: the pushed ref alone. */
  readonly refs: readonly string[] | null;
  /** The name of a lightweight tag to make at the commit; null: none. */
  readonly tag: string | null;
};

export type MirrorCredential =
  | { readonly kind: 'none' }
  /** A secret by its name: a token, or a whole `Authorization: …` line. */
  | { readonly kind: 'secret'; readonly name: string }
  /** The text itself, from `quire.stdlib`'s `:auth-header`. */
  | { readonly kind: 'header'; readonly text: string };

export type Ask =
  | ShAsk
  | MirrorAsk
  | { readonly want: 'secret'; readonly name: string }
  /** All keys of `:quire/push`. */
  | { readonly want: 'push' }
  /** What a job that is a transitive input returned. */
  | { readonly want: 'outputs'; readonly of: JobId }
  /** Paths are as written, relative to the workspace; that they stay inside is the answerer's to check. */
  | { readonly want: 'read-file'; readonly path: string }
  | { readonly want: 'write-file'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly want: 'log'; readonly text: string }
  | { readonly want: 'env'; readonly name: string };

export type Want = Ask['want'];

/** How a command ended. */
export type ShEnd = {
  /** -1 when a signal ended it. */
  readonly exit: number;
  readonly signal: string | null;
  /** The first 4 MiB of each stream. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** Whether there was more than that. */
  readonly truncated: boolean;
};

/** The value that answers each want. */
export type Answers = {
  readonly sh: ShEnd;
  /** The outputs `{:tag :refs}`, or null when it did nothing. */
  readonly mirror: Plain;
  readonly secret: string | Uint8Array;
  readonly push: Plain;
  /** Null when the job was skipped or returned no table. */
  readonly outputs: Plain;
  readonly 'read-file': Uint8Array;
  readonly 'write-file': null;
  readonly log: null;
  readonly env: string | null;
};

/** `raise` becomes an error at the call, with its line; the message is a sentence without one. */
export type Answer =
  | { readonly kind: 'raise'; readonly message: string }
  | { [W in Want]: { readonly kind: 'value'; readonly want: W; readonly value: Answers[W] } }[Want];

/** An answer that the type ties to its want. */
export const answer = <W extends Want>(want: W, value: Answers[W]): Answer =>
  ({ kind: 'value', want, value }) as Answer;

export const refuse = (message: string): Answer => ({ kind: 'raise', message });

/** How much of each stream a result keeps. */
export const resultLimit = 4 * 1024 * 1024;
