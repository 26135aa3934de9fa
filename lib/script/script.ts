/**
 * The door of the room: a pipeline's file, evaluated, whose run functions can be walked from ask to ask.
 *
 * Words only; `here.ts` evaluates in this thread, `thread.ts` in one that can be ended.
 * Must not know: executors, the store, git: it hands out asks and takes answers.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import type { JobId } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Answer, Ask } from './ask.ts';

/** What is at a path; only a regular file's bytes count. */
export type TreeEntry =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'symlink' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'submodule' }
  /** A file that was not read because it is larger than anyone writes by hand. */
  | { readonly kind: 'too-big'; readonly size: number };

/** `.quire/` at a commit or on disk: by path inside of it (`ci.fnl`, `lib/more.fnl`). */
export type Tree = ReadonlyMap<string, TreeEntry>;

export type EvaluateOptions = {
  /** How long evaluation, and in a run function each stretch between two primitives, may take; default 10 s. */
  readonly timeMs?: number;
  /** Default 256 MiB. */
  readonly memoryBytes?: number;
  /** The pipeline's file inside the tree; default `ci.fnl` or `ci.lua`, whichever there is. */
  readonly main?: string;
  /** What files of the tree are called in diagnostics; default `.quire/`. */
  readonly prefix?: string;
};

export const defaultLimits = { timeMs: 10_000, memoryBytes: 256 * 1024 * 1024 } as const;

export const limitsOf = ({
  timeMs,
  memoryBytes,
}: EvaluateOptions): { timeMs: number; memoryBytes: number } => ({
  timeMs: timeMs ?? defaultLimits.timeMs,
  memoryBytes: memoryBytes ?? defaultLimits.memoryBytes,
});

/** What the file at a path inside the tree is called in diagnostics. */
export const fileName = (path: string, { prefix }: EvaluateOptions): string => (prefix ?? '.quire/') + path;

export type EvaluationFailure =
  /** Neither `ci.fnl` nor `ci.lua` is there. */
  | { readonly reason: 'no-pipeline' }
  /** All problems, and what was printed before. */
  | {
      readonly reason: 'diagnostics';
      readonly diagnostics: readonly Diagnostic[];
      readonly printed: readonly string[];
    };

export type JobEnd =
  /** Outputs are null when it returned no table. */
  | { readonly state: 'complete'; readonly outputs: Plain | null }
  /** It returned nil and ran, wrote and logged nothing. */
  | { readonly state: 'skipped' }
  | {
      readonly state: 'failed';
      /** One line, with `file:line:` in front when the fault has a place. */
      readonly error: string;
      /** The fault with its place and traceback, where there is one. */
      readonly diagnostic: Diagnostic | null;
    };

export type Step =
  | { readonly kind: 'asks'; readonly ask: Ask }
  | { readonly kind: 'ended'; readonly end: JobEnd };

/** One evaluated pipeline. Several of its jobs may be between two steps at once; of one job only one attempt. */
export interface Script {
  readonly pipeline: Pipeline;
  /** What `print` said while the file was evaluated. */
  readonly printed: readonly string[];
  /** Starts a fresh attempt (from 1) and walks to its first ask. */
  begin(job: JobId, attempt: number): Promise<Step>;
  /** Answers the ask the job waits on and walks to the next. */
  resume(job: JobId, answer: Answer): Promise<Step>;
  /** Forgets an attempt that was canceled or ran out of time. */
  abandon(job: JobId): void;
  close(): Promise<void>;
}
