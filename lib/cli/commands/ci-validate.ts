/**
 * `quire ci validate`: evaluates a pipeline and says what it is, or all that is wrong with it.
 *
 * Must not know: the rules.
 */
import { visible } from '../../base/text.ts';
import { topologicalOrder } from '../../pipeline/graph.ts';
import { jobLine } from '../../pipeline/graph-text.ts';
import { registered } from '../../pipeline/pipeline.ts';
import { diagnosticLine } from '../../runner/evaluate.ts';
import { complain } from '../complain.ts';
import type { Context } from '../context.ts';
import { complainOfPipeline, evaluate, pipelineSource, tellPrinted } from '../evaluation.ts';
import { type ExitCode, exits } from '../exit.ts';

export type ValidateOptions = { readonly sha?: string; readonly json?: boolean };

export async function validate(context: Context, options: ValidateOptions): Promise<ExitCode> {
  const source = await pipelineSource(context, options.sha ?? null);
  if (!source.ok) return complain(context, source.error);
  const found = await evaluate(context, source.value);
  if (!found.ok) return complain(context, found.error);
  const evaluation = found.value;
  tellPrinted(context, evaluation.printed);
  const { write } = context.stdout;
  if (evaluation.kind === 'faulty') {
    if (!options.json) return complainOfPipeline(context, evaluation.diagnostics, source.value.tree);
    write(`${JSON.stringify({ diagnostics: evaluation.diagnostics.map(diagnosticLine) }, null, 2)}\n`);
    return exits.failed;
  }
  const { pipeline } = evaluation;
  if (options.json) {
    write(`${JSON.stringify(registered(pipeline), null, 2)}\n`);
    return exits.done;
  }
  if (pipeline.image !== null) write(`image: ${visible(pipeline.image)}\n`);
  const jobs = new Map(pipeline.jobs.map((job) => [job.id, job]));
  for (const id of topologicalOrder(pipeline)) {
    const job = jobs.get(id);
    if (job !== undefined) write(`${jobLine(job)}\n`);
  }
  if (pipeline.jobs.length === 0) write('no jobs\n');
  return exits.done;
}
