/**
 * Which file of `.quire/` is the pipeline, and whether it can be read at all.
 *
 * Must not know: how a file is evaluated.
 */
import { isUtf8 } from 'node:buffer';
import { type Diagnostic, diagnostic, pointSpan } from '../base/diagnostic.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import {
  type EvaluateOptions,
  type EvaluationFailure,
  fileName,
  type Tree,
  type TreeEntry,
} from './script.ts';

const pipelineFiles = ['ci.fnl', 'ci.lua'] as const;

/** Nobody writes a longer one by hand, and reading it is part of answering a push. */
export const largestFile = 1024 * 1024;

/** The pipeline's file: what it is called, and its text. */
export function findPipeline(
  tree: Tree,
  options: EvaluateOptions,
): Result<{ readonly file: string; readonly text: string }, EvaluationFailure> {
  const present = candidates(tree, options);
  const [path, other] = present;
  if (path === undefined) return err({ reason: 'no-pipeline' });
  if (other !== undefined) {
    return problem(
      'two-pipelines',
      fileName(other, options),
      `both ${fileName(path, options)} and ${fileName(other, options)} are there`,
      'keep one of them',
    );
  }
  const file = fileName(path, options);
  const source = readSource(tree.get(path), file);
  return source.ok
    ? ok({ file, text: source.value })
    : err({ reason: 'diagnostics', diagnostics: [source.error], printed: [] });
}

const candidates = (tree: Tree, { main }: EvaluateOptions): string[] =>
  (main === undefined ? pipelineFiles : [main]).filter((path) => tree.has(path));

/** What the pipeline's file is called, for a fault of the evaluation as a whole. */
export function mainFile(tree: Tree, options: EvaluateOptions): string | null {
  const [path] = candidates(tree, options);
  return path === undefined ? null : fileName(path, options);
}

const problem = (
  code: string,
  file: string,
  message: string,
  hint: string,
): Result<never, EvaluationFailure> =>
  err({ reason: 'diagnostics', diagnostics: [fault(code, file, message, hint)], printed: [] });

const fault = (code: string, file: string, message: string, hint: string): Diagnostic =>
  diagnostic({ code, message, span: pointSpan(file, 1, 1), hint });

/** The text of a regular file, without a byte-order mark; or why it is none. */
export function readSource(entry: TreeEntry | undefined, file: string): Result<string, Diagnostic> {
  switch (entry?.kind) {
    case 'file':
      return entry.bytes.length > largestFile
        ? err(tooBig(file, entry.bytes.length))
        : decode(entry.bytes, file);
    case 'symlink':
      return err(notRegular(file, 'a symlink'));
    case 'directory':
      return err(notRegular(file, 'a directory'));
    case 'submodule':
      return err(notRegular(file, 'a submodule'));
    case 'too-big':
      return err(tooBig(file, entry.size));
    case undefined:
      return err(notRegular(file, 'missing'));
    default:
      return unreachable(entry);
  }
}

const notRegular = (file: string, what: string): Diagnostic =>
  fault('not-a-file', file, `${file} is ${what}`, 'only a regular file is evaluated');

const tooBig = (file: string, size: number): Diagnostic =>
  fault(
    'file-too-big',
    file,
    `${file} has ${size} bytes; at most ${largestFile} are evaluated`,
    'move data out of the pipeline, and read it in a job',
  );

function decode(bytes: Uint8Array, file: string): Result<string, Diagnostic> {
  // A byte-order mark is dropped by the decoder.
  if (isUtf8(bytes)) return ok(new TextDecoder('utf-8').decode(bytes));
  return err(
    diagnostic({
      code: 'not-utf-8',
      message: `${file} is not UTF-8`,
      span: pointSpan(file, firstBadLine(bytes), 1),
      hint: 'save it as UTF-8',
    }),
  );
}

function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; ; line += 1) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}
