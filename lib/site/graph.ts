/**
 * The job graph as places on a plane: boxes and curves, ready to be drawn as SVG.
 *
 * The layout is by dagre, loaded when a run with several jobs is first drawn.
 * Must not know: markup, colours.
 */
import type { JobLine } from '../runs/records.ts';
import type { JobState } from '../runs/states.ts';

export type GraphBox = {
  readonly id: string;
  /** The id, shortened to what the box holds. */
  readonly label: string;
  /** Null for a source such as `quire/push`. */
  readonly state: JobState | null;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

export type GraphLine = {
  readonly to: string;
  readonly path: string;
  /** Of the job it leads to. */
  readonly state: JobState | null;
};

export type Graph = {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly GraphBox[];
  readonly lines: readonly GraphLine[];
};

const boxHeight = 34;
const margin = 4;
const letterWidth = 7.3;
const longestLabel = 24;
/** Past this many boxes a drawing explains nothing, and the layout takes seconds: the table of jobs does better. */
const mostBoxes = 160;

type Box = { id: string; label: string; width: number; height: number };
type Edge = { from: string; to: string };

/** The drawing of a pipeline's jobs, or null when there is nothing to see: a single job, or too many. No job has a state yet. */
export async function graphOf(lines: readonly JobLine[]): Promise<Graph | null> {
  const jobs = new Set<string>(lines.map((line) => line.id));
  const edges = edgesOf(lines);
  const sources = [...new Set(edges.map((edge) => edge.from))].filter((id) => !jobs.has(id));
  if (lines.length < 2 || lines.length + sources.length > mostBoxes || edges.length > 3 * mostBoxes)
    return null;
  const boxes = [...sources, ...lines.map((line) => line.id)].map(boxOf);
  const placed = await layout(boxes, edges);
  return {
    width: placed.width,
    height: placed.height,
    boxes: placed.boxes.map((box) => ({ ...box, state: null })),
    lines: placed.curves.map(({ edge, path }) => ({ to: edge.to, path, state: null })),
  };
}

/** A line from each input; a source is drawn only for jobs that need nothing else, or every box would hang on it. */
function edgesOf(lines: readonly JobLine[]): Edge[] {
  const ids = new Set<string>(lines.map((line) => line.id));
  return lines.flatMap((line) => {
    const inputs = [...new Set(line.inputs)];
    const jobs = inputs.filter((input) => ids.has(input));
    return (jobs.length > 0 ? jobs : inputs).map((from) => ({ from, to: line.id }));
  });
}

function boxOf(id: string): Box {
  const name = id.startsWith('quire/') ? id.slice('quire/'.length) : id;
  const letters = Array.from(name);
  const label = letters.length > longestLabel ? `${letters.slice(0, longestLabel - 1).join('')}…` : name;
  return { id, label, width: Math.round(Array.from(label).length * letterWidth + 44), height: boxHeight };
}

type Placed = {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Omit<GraphBox, 'state'>[];
  readonly curves: readonly { readonly edge: Edge; readonly path: string }[];
};

async function layout(boxes: readonly Box[], edges: readonly Edge[]): Promise<Placed> {
  const dagre = await import('@dagrejs/dagre');
  const graph = new dagre.graphlib.Graph<
    object,
    { width: number; height: number; x?: number; y?: number },
    object
  >();
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 44, edgesep: 8, marginx: margin, marginy: margin });
  // Numbers, not ids, name the nodes: an id may be `__proto__`.
  const numbers = new Map(boxes.map((box, index) => [box.id, String(index)]));
  const nameOf = (id: string): string => numbers.get(id) ?? '';
  boxes.forEach((box, index) => {
    graph.setNode(String(index), { width: box.width, height: box.height });
  });
  for (const edge of edges) graph.setEdge(nameOf(edge.from), nameOf(edge.to), {});
  dagre.layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  const centres = boxes.map((box) => graph.node(nameOf(box.id)) as Point);
  const bends = edges.map(
    (edge) => (graph.edge(nameOf(edge.from), nameOf(edge.to)) as { points: Point[] }).points,
  );
  const direction = isUpsideDown(centres) ? -1 : 1;
  // The layout counts boxes only; a curve that passes under them or over them needs room as well.
  const heights = [
    ...centres.flatMap(({ y }) => [direction * y - boxHeight / 2, direction * y + boxHeight / 2]),
    ...bends.flat().map(({ y }) => direction * y),
  ];
  const top = Math.min(...heights) - margin;
  const upright = ({ x, y }: Point): Point => ({ x, y: direction * y - top });
  // Boxes of a column begin at one line, so that no curve to a short one runs through a long one.
  const lefts = new Map<number, number>();
  boxes.forEach(({ width }, index) => {
    const x = centres[index]?.x ?? 0;
    lefts.set(x, Math.min(lefts.get(x) ?? x, x - width / 2));
  });
  const places = boxes.map((box, index) => {
    const centre = upright(centres[index] ?? { x: 0, y: 0 });
    return {
      ...box,
      x: Math.round(lefts.get(centre.x) ?? centre.x),
      y: Math.round(centre.y - box.height / 2),
    };
  });
  return {
    width: Math.ceil(size.width ?? 0),
    height: Math.ceil(Math.max(...heights) + margin - top),
    boxes: places,
    curves: edges.map((edge, index) => ({
      edge,
      path: curve((bends[index] ?? []).map(upright), places, edge),
    })),
  };
}

type Point = { readonly x: number; readonly y: number };

/** Whether most boxes of a column stand above one that was registered earlier: the layout does not mind, a reader does. */
function isUpsideDown(centres: readonly Point[]): boolean {
  let balance = 0;
  for (const [index, first] of centres.entries()) {
    for (const later of centres.slice(index + 1)) {
      if (later.x === first.x) balance += Math.sign(later.y - first.y);
    }
  }
  return balance < 0;
}

/** From the right side of one box, through the layout's bends, to the left side of the other. */
function curve(points: readonly Point[], places: readonly (Box & Point)[], edge: Edge): string {
  const from = places.find((box) => box.id === edge.from);
  const to = places.find((box) => box.id === edge.to);
  if (from === undefined || to === undefined) return '';
  const start = { x: from.x + from.width, y: from.y + from.height / 2 };
  const end = { x: to.x, y: to.y + to.height / 2 };
  // Every third bend is a rank's; the ones between only hold the layout's straight stretches apart.
  const bends = points.slice(1, -1).filter((point) => point.x > start.x + 8 && point.x < end.x - 8);
  const stops = points.length <= 3 ? [start, end] : [start, ...bends, end];
  let path = `M${tenth(start.x)} ${tenth(start.y)}`;
  for (let at = 1; at < stops.length; at += 1) {
    const [before, here] = [stops[at - 1], stops[at]];
    if (before === undefined || here === undefined) continue;
    const middle = (before.x + here.x) / 2;
    path += `C${tenth(middle)} ${tenth(before.y)} ${tenth(middle)} ${tenth(here.y)} ${tenth(here.x)} ${tenth(here.y)}`;
  }
  return path;
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
