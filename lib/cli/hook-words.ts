/**
 * What a pusher is told of the runs that a push made.
 *
 * Must not know: how a run is made or worked.
 */
import { drawDiagnostic } from '../base/draw.ts';
import { type RunId, shortRef, shortSha } from '../base/ids.ts';
import { counted, visible } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import { isSource } from '../pipeline/draft.ts';
import { chains } from '../pipeline/graph.ts';
import type { EvaluatedRun } from '../runner/evaluate.ts';
import type { TakenRun } from '../runner/intake.ts';

/** A pusher's terminal gets no more than this, and no more runs one by one. */
const mostBytes = 32 * 1024;
const mostRuns = 20;

export function tellRuns(
  words: Words,
  runs: readonly TakenRun[],
  evaluated: readonly EvaluatedRun[],
  address: (id: RunId) => string,
): void {
  const told = new Set<EvaluatedRun>();
  for (const run of runs.slice(0, mostRuns)) {
    words.add(`run ${run.number}  ${visible(shortRef(run.draft.ref))}  ${shortSha(run.draft.sha)}\n`);
    const found = evaluated.find(({ ids }) => ids.includes(run.id));
    // Several refs at one commit have one graph, or one list of faults.
    if (found !== undefined && !told.has(found)) tellPipeline(words, found);
    if (found !== undefined) told.add(found);
    words.add(`  ${address(run.id)}\n`);
  }
  if (runs.length > mostRuns) words.add(`and ${counted(runs.length - mostRuns, 'more run')}\n`);
}

function tellPipeline(words: Words, { evaluated, tree }: EvaluatedRun): void {
  switch (evaluated.kind) {
    case 'pipeline':
      if (evaluated.pipeline.jobs.length === 0) words.add('  no jobs\n');
      for (const chain of chains(evaluated.pipeline)) {
        words.add(
          `  ${chain
            .filter((id) => !isSource(id))
            .map(visible)
            .join(' → ')}\n`,
        );
      }
      return;
    case 'diagnostics': {
      const sourceOf = (file: string): string | null => {
        const entry = tree?.get(file.replace(/^\.quire\//, ''));
        return entry?.kind === 'file' ? Buffer.from(entry.bytes).toString() : null;
      };
      for (const problem of evaluated.diagnostics) words.add(drawDiagnostic(problem, { sourceOf }));
      return;
    }
    case 'internal':
      words.add(`  failed: ${evaluated.error}\n`);
      return;
    default:
      unreachable(evaluated);
  }
}

/** What the pusher is told, kept small: a hook whose reader died blocks for ever once a pipe is full. */
export class Words {
  #text = '';
  #left = 0;

  add(text: string): void {
    if (this.#left > 0 || Buffer.byteLength(this.#text) + Buffer.byteLength(text) > mostBytes)
      this.#left += 1;
    else this.#text += text;
  }

  text(): string {
    const rest = this.#left > 0 ? `… the rest is on the run's page\n` : '';
    return (this.#text + rest).replace(/^(?=.)/gm, 'quire: ');
  }
}
