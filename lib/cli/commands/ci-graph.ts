/**
 * `quire ci graph`: the job graph, for a terminal or for other programs.
 *
 * Must not know: how any of the formats is written.
 */
import { nearestOfFew, visible } from '../../base/text.ts';
import { graphDot, graphMermaid } from '../../pipeline/graph-formats.ts';
import { graphText } from '../../pipeline/graph-text.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { complain, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { complainOfPipeline, evaluate, pipelineSource, tellPrinted } from '../evaluation.ts';
import { type ExitCode, exits } from '../exit.ts';

export type GraphOptions = { readonly sha?: string; readonly format: string };

/** The layout of the last one is a library that nobody else waits for. */
const formats = new Map<string, (pipeline: Pipeline) => string | Promise<string>>([
  ['text', graphText],
  ['dot', graphDot],
  ['mermaid', graphMermaid],
  ['svg', async (pipeline) => (await import('../../pipeline/graph-svg.ts')).graphSvg(pipeline)],
]);

export async function graph(context: Context, options: GraphOptions): Promise<ExitCode> {
  const draw = formats.get(options.format);
  if (draw === undefined) {
    const near = nearestOfFew(options.format, formats.keys());
    const hint = near === null ? `There are ${[...formats.keys()].join(', ')}.` : `Did you mean '${near}'?`;
    return complain(context, wrongUsage(`there is no format '${visible(options.format)}'`, hint));
  }
  const source = await pipelineSource(context, options.sha ?? null);
  if (!source.ok) return complain(context, source.error);
  const found = await evaluate(context, source.value);
  if (!found.ok) return complain(context, found.error);
  tellPrinted(context, found.value.printed);
  if (found.value.kind === 'faulty')
    return complainOfPipeline(context, found.value.diagnostics, source.value.tree);
  context.stdout.write(await draw(found.value.pipeline));
  return exits.done;
}
