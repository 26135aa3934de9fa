/**
 * A pipeline's graph as a drawing of its own: SVG, light and dark.
 *
 * Must not know: the site's pages, which draw their own with links and states.
 */
import { visible } from '../base/text.ts';
import { isSource } from './draft.ts';
import { graphEdges, graphNodes } from './graph-formats.ts';
import type { Pipeline } from './sound.ts';

const letter = 8.2;
const height = 34;
const margin = 16;

const style = `
  text { font: 14px ui-monospace, monospace; fill: #1f2328; text-anchor: middle; dominant-baseline: central }
  rect { fill: #f6f8fa; stroke: #8c959f }
  .source { fill: #ddf4ff; stroke: #54aeff }
  path { fill: none; stroke: #8c959f; stroke-width: 1.5 }
  .tip { fill: #8c959f; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } rect { fill: #21262d; stroke: #6e7681 } .source { fill: #0c2d6b; stroke: #388bfd }
    path { stroke: #6e7681 } .tip { fill: #6e7681 }
  }
`;

/** Laid out by dagre, which is loaded here and only when someone asks for a drawing. */
export async function graphSvg(pipeline: Pipeline): Promise<string> {
  const { Graph, layout } = await import('@dagrejs/dagre');
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 48, marginx: margin, marginy: margin });
  graph.setDefaultEdgeLabel(() => ({}));
  const ids = graphNodes(pipeline);
  const keys = new Map<string, string>(ids.map((id, index) => [id, `n${index}`]));
  for (const [id, key] of keys) graph.setNode(key, { width: widthOf(id), height });
  for (const [from, to] of graphEdges(pipeline)) graph.setEdge(keys.get(from) ?? '', keys.get(to) ?? '');
  layout(graph);

  const { width = 0, height: tall = 0 } = graph.graph();
  const edges = graph.edges().map((edge: { v: string; w: string }) => curve(graph.edge(edge).points ?? []));
  const boxes = [...keys].map(([id, key]) => {
    const { x = 0, y = 0, width: wide } = graph.node(key);
    const kind = isSource(id) ? ' class="source"' : '';
    return (
      `<rect${kind} x="${round(x - wide / 2)}" y="${round(y - height / 2)}" width="${round(wide)}"` +
      ` height="${height}" rx="6"/><text x="${round(x)}" y="${round(y)}">${escapeXml(id)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(tall)}" width="${Math.ceil(width)}" height="${Math.ceil(tall)}" role="img" aria-label="job graph">`,
    `<style>${style}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
    ...edges,
    ...boxes,
    '</svg>',
    '',
  ].join('\n');
}

const widthOf = (id: string): number => Array.from(visible(id)).length * letter + 28;

type Point = { readonly x: number; readonly y: number };

/** A smooth line through dagre's points: each but the first and last only pulls. */
function curve(points: readonly Point[]): string {
  const [first, ...others] = points;
  const last = others.pop();
  if (first === undefined || last === undefined) return '';
  let path = `M${at(first)}`;
  for (const [index, point] of others.entries()) {
    const next = others[index + 1];
    const end = next === undefined ? last : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    path += `Q${at(point)} ${at(end)}`;
  }
  if (others.length === 0) path += `L${at(last)}`;
  return `<path d="${path}" marker-end="url(#tip)"/>`;
}

const at = ({ x, y }: Point): string => `${round(x)} ${round(y)}`;
const round = (n: number): number => Math.round(n * 10) / 10;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What XML can't hold at all (lone surrogates, FFFE, FFFF) becomes U+FFFD. */
const escapeXml = (text: string): string =>
  visible(text)
    .replace(/[\p{Surrogate}\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (c) => entities[c] ?? c);
