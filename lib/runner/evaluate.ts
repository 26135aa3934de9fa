/**
 * Evaluates the pipelines of pending runs and records what was found.
 *
 * Outside any lock, once for each distinct commit; only a run that ends here needs the queue's.
 * Must not know: who waits for the answer.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import type { RunId, Sha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import { commitTree, type Objects, type Snapshot, sayGitFailure, snapshot } from '../git/git.ts';
import { type Pipeline, registered } from '../pipeline/pipeline.ts';
import type { DiagnosticLine, Outcome, PipelineRecord } from '../runs/records.ts';
import type { Tree, TreeEntry } from '../script/script.ts';
import { endPending, inQueue, recordPipelines, sayStoreFailure } from '../store/store.ts';
import type { Server } from './server.ts';
import { type Settings, scriptLimits } from './settings.ts';

/** What evaluation made of a commit. */
export type Evaluated =
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }
  | { readonly kind: 'diagnostics'; readonly diagnostics: readonly Diagnostic[] }
  /** No fault of the pipeline: the repository or the settings can't be read. */
  | { readonly kind: 'internal'; readonly error: string };

/** `.quire/` at a commit, as the script room wants it: paths from inside of it. */
export async function pipelineTree(objects: Objects, sha: Sha): Promise<Result<Tree, string>> {
  const read = await snapshot(commitTree(objects, sha), '.quire');
  return read.ok ? ok(treeOf(read.value)) : err(sayGitFailure(read.error));
}

/** A snapshot of `.quire` with its paths shortened. */
export function treeOf(files: Snapshot): Tree {
  const tree = new Map<string, TreeEntry>();
  for (const [path, entry] of files) {
    const name = path.replace(/^\.quire\//, '');
    // Git has no entry for a directory, but one called ci.fnl has to be answered as what it is.
    for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1))
      tree.set(name.slice(0, at), { kind: 'directory' });
    switch (entry.kind) {
      case 'file':
        tree.set(name, entry);
        break;
      case 'too-large':
        tree.set(name, { kind: 'too-big', size: entry.size });
        break;
      case 'symlink':
      case 'submodule':
        tree.set(name, { kind: entry.kind });
        break;
      case 'other':
        tree.set(name, { kind: 'directory' });
    }
  }
  return tree;
}

/** The compiler and the VM, loaded when first called for; who knows that it will evaluate calls early. */
export const evaluation = () => import('../script/here.ts');

/** Evaluates a commit in this process and forgets the VM. What hangs inside the VM hangs us: see the hook's limit. */
export async function evaluateCommit(
  server: Server,
  sha: Sha,
  settings: Result<Settings, string>,
): Promise<Omit<EvaluatedRun, 'ids'>> {
  if (!settings.ok) return { evaluated: { kind: 'internal', error: settings.error }, tree: null };
  const tree = await server.withObjects((objects) => pipelineTree(objects, sha));
  if (!tree.ok) return { evaluated: { kind: 'internal', error: tree.error }, tree: null };
  const { evaluateHere } = await evaluation();
  const script = await evaluateHere(tree.value, scriptLimits(settings.value.config));
  if (script.ok) {
    const { pipeline } = script.value;
    await script.value.close();
    return { evaluated: { kind: 'pipeline', pipeline }, tree: tree.value };
  }
  switch (script.error.reason) {
    case 'no-pipeline':
      return { evaluated: { kind: 'internal', error: 'the commit has no .quire/ci.fnl' }, tree: tree.value };
    case 'diagnostics':
      return {
        evaluated: { kind: 'diagnostics', diagnostics: script.error.diagnostics },
        tree: tree.value,
      };
    default:
      return unreachable(script.error);
  }
}

export type EvaluatedRun = {
  readonly ids: readonly RunId[];
  readonly evaluated: Evaluated;
  /** The files it was evaluated from, to quote. */
  readonly tree: Tree | null;
};

/** Evaluates each distinct commit of these runs once, here, and records the result in each of them. */
export async function evaluateRuns(
  server: Server,
  runs: readonly { readonly id: RunId; readonly sha: Sha }[],
  settings: Result<Settings, string>,
): Promise<EvaluatedRun[]> {
  const bySha = new Map<Sha, RunId[]>();
  for (const { id, sha } of runs) bySha.set(sha, [...(bySha.get(sha) ?? []), id]);
  const all: EvaluatedRun[] = [];
  for (const [sha, ids] of bySha) {
    const { tree, evaluated } = await evaluateCommit(server, sha, settings);
    await record(server, ids, evaluated);
    all.push({ ids, evaluated, tree });
  }
  return all;
}

export const diagnosticRecord = (diagnostics: readonly Diagnostic[]): PipelineRecord => ({
  kind: 'diagnostics',
  diagnostics: diagnostics.map(diagnosticLine),
});

/** What a record holds of a diagnostic. */
export const diagnosticLine = ({ code, message, span, hint, job }: Diagnostic): DiagnosticLine => ({
  code,
  message,
  file: span?.file ?? null,
  line: span?.start.line ?? null,
  column: span?.start.column ?? null,
  hint,
  job,
});

/** What a record holds of a sound pipeline. */
export const pipelineRecord = (pipeline: Pipeline): PipelineRecord => ({
  kind: 'jobs',
  ...registered(pipeline),
});

function recordOf(evaluated: Evaluated): PipelineRecord | null {
  switch (evaluated.kind) {
    case 'pipeline':
      return pipelineRecord(evaluated.pipeline);
    case 'diagnostics':
      return diagnosticRecord(evaluated.diagnostics);
    case 'internal':
      return null;
  }
}

/** `failed-pipeline` or `failed-internal`, or null when the run may go on. */
function outcomeOf(evaluated: Evaluated): Outcome | null {
  switch (evaluated.kind) {
    case 'pipeline':
      return null;
    case 'diagnostics':
      return { outcome: 'failed-pipeline', error: sayFirst(evaluated.diagnostics), replacedBy: null };
    case 'internal':
      return { outcome: 'failed-internal', error: evaluated.error, replacedBy: null };
  }
}

/** The first fault and how many more there are: one line. */
export function sayFirst(diagnostics: readonly Diagnostic[]): string {
  const first = diagnostics[0];
  if (first === undefined) return 'the pipeline does not evaluate';
  const at = first.span === null ? '' : `${first.span.file}:${first.span.start.line}: `;
  const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : '';
  return `${at}${first.message}${more}`;
}

/**
 * A run that was canceled or replaced meanwhile has no use for its evaluation. The marks of those that end here stay
 * for the runner, which can write the site.
 */
async function record(server: Server, ids: readonly RunId[], evaluated: Evaluated): Promise<void> {
  const pipeline = recordOf(evaluated);
  const outcome = outcomeOf(evaluated);
  const written =
    pipeline === null
      ? ok(undefined)
      : await recordPipelines(
          server.store,
          ids.map((id) => ({ id, pipeline })),
        );
  if (!written.ok) return void server.say(sayStoreFailure(written.error));
  if (outcome === null) return;
  const ended = await inQueue(server.store, async (queue) => {
    for (const id of ids) {
      const moved = await endPending(queue, id, outcome);
      if (!moved.ok && moved.error.reason !== 'not-here' && moved.error.reason !== 'not-found') return moved;
    }
    return ok(undefined);
  });
  if (!ended.ok) server.say(sayStoreFailure(ended.error));
}
