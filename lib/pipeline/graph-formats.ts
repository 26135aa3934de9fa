/**
 * A pipeline's graph in the languages of other programs: Graphviz's dot, mermaid.
 *
 * Must not know: how those programs lay it out.
 */
import { visible } from '../base/text.ts';
import { isSource } from './draft.ts';
import { topologicalOrder } from './graph.ts';
import type { InputId, Pipeline } from './sound.ts';

/** Sources that something waits for, then jobs, each after its inputs. */
export function graphNodes(pipeline: Pipeline): InputId[] {
  const used = new Set(pipeline.jobs.flatMap(({ inputs }) => inputs.filter(isSource)));
  return [...used, ...topologicalOrder(pipeline)];
}

/** Every edge, from an input to the job that waits for it. */
export const graphEdges = (pipeline: Pipeline): (readonly [from: InputId, to: InputId])[] =>
  pipeline.jobs.flatMap(({ id, inputs }) => inputs.map((input) => [input, id] as const));

export function graphDot(pipeline: Pipeline): string {
  const lines = [
    'digraph pipeline {',
    '  rankdir=LR;',
    '  node [shape=box, style=rounded, fontname="sans-serif"];',
    ...graphNodes(pipeline).map((id) => `  ${dotText(id)}${isSource(id) ? ' [shape=cds]' : ''};`),
    ...graphEdges(pipeline).map(([from, to]) => `  ${dotText(from)} -> ${dotText(to)};`),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

const dotText = (id: string): string => `"${visible(id).replace(/[\\"]/g, '\\$&')}"`;

export function graphMermaid(pipeline: Pipeline): string {
  const nodes = graphNodes(pipeline);
  // An id may hold what mermaid takes for syntax, so nodes are numbered and ids are only labels.
  const names = new Map(nodes.map((id, index) => [id, `n${index}`]));
  const lines = [
    'flowchart LR',
    ...nodes.map((id) => {
      const [open, close] = isSource(id) ? ['([', '])'] : ['[', ']'];
      return `  ${names.get(id)}${open}"${mermaidText(id)}"${close}`;
    }),
    ...graphEdges(pipeline).map(([from, to]) => `  ${names.get(from)} --> ${names.get(to)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** mermaid reads `#35;` as the character of that number; everything but plain letters is written so. */
const mermaidText = (id: string): string =>
  visible(id).replace(/[^A-Za-z0-9 _./-]/gu, (c) => `#${c.codePointAt(0)};`);
