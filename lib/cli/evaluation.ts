/**
 * The pipeline of a work tree or of a commit, evaluated for a command that only wants to know what it is.
 *
 * Must not know: how a pipeline is shown.
 */
import { resolve } from 'node:path';
import type { Diagnostic } from '../base/diagnostic.ts';
import { drawDiagnostics } from '../base/draw.ts';
import { err, ok, type Result } from '../base/result.ts';
import { counted } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import {
  commitTree,
  diskTree,
  findRepository,
  type GitFailure,
  type Repository,
  resolveRevision,
  sayGitFailure,
  snapshot,
  withObjects,
} from '../git/git.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { treeOf } from '../runner/evaluate.ts';
import type { Tree } from '../script/script.ts';
import { ScriptThread } from '../script/thread.ts';
import { type Complaint, trouble, wrongUsage } from './complain.ts';
import type { Context } from './context.ts';
import { type ExitCode, exits } from './exit.ts';
import { noRepository } from './place.ts';
import { terminalText } from './terminal-text.ts';

/** Where a pipeline was read from. */
export type PipelineSource = {
  readonly repository: Repository;
  /** Null for the work tree. */
  readonly revision: string | null;
  readonly tree: Tree;
};

/** `.quire/` of a commit, or without one of the work tree that the command stands in. */
export async function pipelineSource(
  context: Context,
  revision: string | null,
): Promise<Result<PipelineSource, Complaint>> {
  const start = context.repo === null ? context.cwd : resolve(context.cwd, context.repo);
  const found = await findRepository(start);
  if (!found.ok) return noRepository(found.error, 'work-tree');
  const { gitDir, top } = found.value;
  if (revision !== null) {
    const files = await withObjects(gitDir, async (objects) => {
      const meant = await resolveRevision(objects, revision);
      return meant.ok ? snapshot(commitTree(objects, meant.value.commit.sha), '.quire') : meant;
    });
    if (!files.ok) return badRevision(files.error);
    return ok({ repository: found.value, revision, tree: treeOf(files.value) });
  }
  if (top === null) return wrongUsage(`${gitDir} has no work tree`, 'Name a commit: --sha REV');
  const files = await snapshot(diskTree(top), '.quire');
  if (!files.ok) return trouble(sayGitFailure(files.error));
  return ok({ repository: found.value, revision: null, tree: treeOf(files.value) });
}

const badRevision = (failure: GitFailure): Result<never, Complaint> =>
  failure.reason === 'missing' || failure.reason === 'ambiguous'
    ? wrongUsage(sayGitFailure(failure))
    : trouble(sayGitFailure(failure));

export type Evaluation =
  | { readonly kind: 'sound'; readonly pipeline: Pipeline; readonly printed: readonly string[] }
  | {
      readonly kind: 'faulty';
      readonly diagnostics: readonly Diagnostic[];
      readonly printed: readonly string[];
    };

/** Evaluates in a thread that can be ended: no pipeline gets past its limits. */
export async function evaluate(
  { installation }: Context,
  { tree, revision }: PipelineSource,
): Promise<Result<Evaluation, Complaint>> {
  const script = await new ScriptThread(installation.workerFile).evaluate(tree);
  if (script.ok) {
    const { pipeline, printed } = script.value;
    await script.value.close();
    return ok({ kind: 'sound', pipeline, printed });
  }
  switch (script.error.reason) {
    case 'no-pipeline':
      return err(noPipeline(revision));
    case 'diagnostics':
      return ok({ kind: 'faulty', diagnostics: script.error.diagnostics, printed: script.error.printed });
    default:
      return unreachable(script.error);
  }
}

export function noPipeline(revision: string | null): Complaint {
  const where = revision === null ? 'here' : `in ${revision}`;
  return wrongUsage(`there is no .quire/ci.fnl ${where}`, 'quire init writes one.').error;
}

/** What `print` said while the file was evaluated, for people. */
export function tellPrinted({ stderr }: Context, printed: readonly string[]): void {
  for (const line of printed) stderr.write(`${stderr.paint('cyan', terminalText(line))}\n`);
}

/** All that is wrong with a pipeline, with source lines and carets. */
export function complainOfPipeline(
  { stderr }: Context,
  diagnostics: readonly Diagnostic[],
  tree: Tree,
): ExitCode {
  const sourceOf = (file: string): string | null => {
    const entry = tree.get(file.replace(/^\.quire\//, ''));
    return entry?.kind === 'file' ? Buffer.from(entry.bytes).toString() : null;
  };
  stderr.write(drawDiagnostics(diagnostics, { sourceOf, colour: stderr.colours }));
  stderr.write(`${counted(diagnostics.length, 'problem')}.\n`);
  return exits.failed;
}
