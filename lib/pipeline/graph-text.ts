/**
 * A pipeline's graph for a terminal: one line a job, inputs above, lines on the left that say what feeds what.
 *
 * Must not know: colours, how wide the terminal is.
 */
import { visible } from '../base/text.ts';
import { isSource } from './draft.ts';
import { topologicalOrder } from './graph.ts';
import type { InputId, Job, Pipeline } from './sound.ts';

/** A column carries what one job or source gives, until its last dependent has been drawn. */
type Lane = { readonly from: InputId; left: number } | null;

type Row = { readonly cells: readonly string[]; readonly label: string };

/** Lines of text, each ended by a newline; an empty pipeline gives an empty text. */
export function graphText(pipeline: Pipeline): string {
  const uses = useCounts(pipeline);
  const jobs = new Map<InputId, Job>(pipeline.jobs.map((job) => [job.id, job]));
  const started = [...uses.keys()].filter(isSource);
  const lanes: Lane[] = [];
  const rows: Row[] = [];
  for (const id of [...started, ...topologicalOrder(pipeline)]) {
    rows.push(rowOf(id, jobs.get(id), uses.get(id) ?? 0, lanes));
  }
  const width = Math.max(0, ...rows.map(({ cells }) => cells.length));
  return rows.map(({ cells, label }) => `${joined(cells, width)} ${label}\n`).join('');
}

/** How many jobs wait directly for each job and source. */
function useCounts(pipeline: Pipeline): Map<InputId, number> {
  const uses = new Map<InputId, number>();
  for (const { inputs } of pipeline.jobs)
    for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  return uses;
}

/** Draws one job, and leaves the lanes as they are below it. */
function rowOf(id: InputId, job: Job | undefined, uses: number, lanes: Lane[]): Row {
  const joining = lanes.flatMap((lane, column) =>
    lane !== null && job?.inputs.includes(lane.from) ? [column] : [],
  );
  const ending = new Set<number>();
  for (const column of joining) {
    const lane = lanes[column];
    if (lane === null || lane === undefined) continue;
    lane.left -= 1;
    if (lane.left === 0) ending.add(column);
  }
  const column = placeFor(joining, ending, lanes);
  const first = Math.min(column, ...joining);
  const last = Math.max(column, ...joining);
  const cells = lanes.map((lane, at) => {
    if (at === column) return isSource(id) ? '◆' : '●';
    const inside = at > first && at < last;
    if (joining.includes(at)) return joint(ending.has(at), at === first, at === last);
    if (lane === null) return inside ? '─' : ' ';
    return '│';
  });
  if (column >= cells.length) cells.push(isSource(id) ? '◆' : '●');
  for (const at of ending) lanes[at] = null;
  lanes[column] = uses > 0 ? { from: id, left: uses } : null;
  while (lanes.length > 0 && lanes[lanes.length - 1] === null) lanes.pop();
  const spaced = cells.map((cell, at) => cell + (at >= first && at < last ? '─' : ' '));
  return { cells: spaced, label: labelOf(id, job) };
}

/** Where an input's line ends if one does, so that a chain goes straight down; else the first free column. */
function placeFor(joining: readonly number[], ending: ReadonlySet<number>, lanes: readonly Lane[]): number {
  const straight = joining.find((column) => ending.has(column));
  if (straight !== undefined) return straight;
  const after = Math.max(-1, ...joining);
  const free = lanes.findIndex((lane, column) => lane === null && column > after);
  return free >= 0 ? free : lanes.length;
}

function joint(ends: boolean, first: boolean, last: boolean): string {
  if (ends) return first ? '╰' : last ? '╯' : '┴';
  return first ? '├' : last ? '┤' : '┼';
}

function joined(cells: readonly string[], width: number): string {
  return cells.join('') + '  '.repeat(width - cells.length);
}

function labelOf(id: InputId, job: Job | undefined): string {
  if (job === undefined) return visible(id);
  const { retry, always, allowFailure } = job.options;
  const marks = [
    always ? 'always' : null,
    allowFailure ? 'may fail' : null,
    retry > 0 ? `retry ${retry}` : null,
  ].filter((mark) => mark !== null);
  const inputs = `<- [${job.inputs.map(visible).join(' ')}]`;
  return `${visible(id)}  ${inputs}${marks.length > 0 ? `  (${marks.join(', ')})` : ''}`;
}

/** One job as `quire ci validate` lists it. */
export const jobLine = (job: Job): string => `${visible(job.id)} <- [${job.inputs.map(visible).join(', ')}]`;

/** The chains of `graph.ts` as text: `quire/push -> build -> test`. */
export const chainText = (chain: readonly InputId[]): string => chain.map(visible).join(' -> ');
