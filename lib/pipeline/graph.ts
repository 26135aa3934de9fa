/**
 * A pipeline as a graph: who waits for whom, in which order, along which chains.
 *
 * Must not know: rules, wording, how a graph is drawn.
 */
import { alg, Graph } from '@dagrejs/graphlib';
import type { JobId } from '../base/ids.ts';
import { isSource } from './draft.ts';
import type { InputId, Pipeline } from './sound.ts';

type Node = { readonly id: string; readonly inputs: readonly string[] | null };

/** Edges go from an input to the job that waits for it. Inputs that name nothing have no edge. */
export type DraftGraph = { readonly graph: Graph; readonly ids: readonly string[] };

// The library keeps names as keys of plain objects: a job called `__proto__` or `1` must be a key like any other.
const key = (id: string): string => `:${id}`;
const idOf = (node: string): string => node.slice(1);

/** The graph of what was registered, sound or not; of two jobs with one id the first counts. */
export function draftGraph(nodes: readonly Node[]): DraftGraph {
  const first = new Map<string, Node>();
  for (const node of nodes) if (!first.has(node.id)) first.set(node.id, node);
  const graph = new Graph({ directed: true });
  for (const id of first.keys()) graph.setNode(key(id));
  for (const { id, inputs } of first.values()) {
    for (const input of inputs ?? [])
      if (first.has(input) || isSource(input)) graph.setEdge(key(input), key(id));
  }
  return { graph, ids: [...first.keys()] };
}

/** All ids that a path leads to from one of `starts`, those included. */
export function reachedFrom({ graph }: DraftGraph, starts: readonly string[]): ReadonlySet<string> {
  return walk(starts, (id) => graph.successors(key(id))?.map(idOf) ?? []);
}

function walk<Id extends string>(starts: readonly Id[], next: (id: Id) => readonly Id[]): ReadonlySet<Id> {
  const seen = new Set<Id>(starts);
  const waiting = [...starts];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const neighbour of next(id)) {
      if (seen.has(neighbour)) continue;
      seen.add(neighbour);
      waiting.push(neighbour);
    }
  }
  return seen;
}

/** The library's search calls itself once per step of a path; past this length it would leave the stack. */
const longestSearch = 1500;

/** The cycles: ids that wait for each other, each group sorted, and a job that waits for itself. */
export function knots({ graph, ids }: DraftGraph): string[][] {
  const core = new Graph({ directed: true });
  for (const id of tangled(graph, ids)) core.setNode(key(id));
  for (const { v, w } of graph.edges()) if (core.hasNode(v) && core.hasNode(w)) core.setEdge(v, w);
  const groups = core.nodeCount() > longestSearch ? [core.nodes()] : alg.tarjan(core);
  return groups
    .filter(([only, ...others]) => only !== undefined && (others.length > 0 || core.hasEdge(only, only)))
    .map((group) => group.map(idOf).sort());
}

/** What is left when every job that waits for nothing left is taken away, again and again. */
function tangled(graph: Graph, ids: readonly string[]): string[] {
  const done = new Set(inOrder(graph, ids));
  return ids.filter((id) => !done.has(id));
}

/**
 * Every id after its inputs; among those that could come next, the one registered first.
 * Ids of a cycle, and what waits for them, are left out.
 */
function inOrder(graph: Graph, ids: readonly string[]): string[] {
  const place = new Map(ids.map((id, index) => [id, index]));
  const missing = new Map(
    ids.map((id) => [id, (graph.predecessors(key(id)) ?? []).filter((node) => !isSource(idOf(node))).length]),
  );
  const ready = heap(ids.flatMap((id, index) => (missing.get(id) === 0 ? [index] : [])));
  const order: string[] = [];
  for (let next = ready.take(); next !== undefined; next = ready.take()) {
    const id = ids[next];
    if (id === undefined) continue;
    order.push(id);
    for (const node of graph.successors(key(id)) ?? []) {
      const left = (missing.get(idOf(node)) ?? 0) - 1;
      missing.set(idOf(node), left);
      const index = place.get(idOf(node));
      if (left === 0 && index !== undefined) ready.add(index);
    }
  }
  return order;
}

/** Numbers out smallest first. */
function heap(start: readonly number[]): { add(n: number): void; take(): number | undefined } {
  const sorted = [...start].sort((a, b) => b - a);
  return {
    take: () => sorted.pop(),
    add(n) {
      let low = 0;
      for (let high = sorted.length; low < high; ) {
        const middle = (low + high) >> 1;
        if ((sorted[middle] ?? 0) > n) low = middle + 1;
        else high = middle;
      }
      sorted.splice(low, 0, n);
    },
  };
}

/** Every job after its inputs; where that leaves a choice, in the order of registration. */
export function topologicalOrder(pipeline: Pipeline): JobId[] {
  const { graph, ids } = draftGraph(pipeline.jobs);
  return inOrder(graph, ids) as JobId[];
}

/** The inputs of a job, their inputs, and so on: jobs and sources, without the job itself. */
export function transitiveInputs(pipeline: Pipeline, job: JobId): ReadonlySet<InputId> {
  const inputs = new Map<InputId, readonly InputId[]>(pipeline.jobs.map(({ id, inputs }) => [id, inputs]));
  return walk(inputs.get(job) ?? [], (id) => inputs.get(id) ?? []);
}

/** The jobs that wait for a job, directly or through others, without the job itself. */
export function transitiveDependents(pipeline: Pipeline, job: JobId): ReadonlySet<JobId> {
  const direct = new Map<InputId, JobId[]>();
  for (const { id, inputs } of pipeline.jobs) for (const input of inputs) add(direct, input, id);
  return walk(direct.get(job) ?? [], (id) => direct.get(id) ?? []);
}

/** `quire ci run --job`: these jobs and all they need, in the order of registration. */
export function neededFor(pipeline: Pipeline, jobs: readonly JobId[]): JobId[] {
  const wanted = new Set<InputId>(jobs);
  for (const job of jobs) for (const input of transitiveInputs(pipeline, job)) wanted.add(input);
  return pipeline.jobs.map(({ id }) => id).filter((id) => wanted.has(id));
}

/** `quire rerun --failed`: these jobs, what they need and what needs them, in the order of registration. */
export function rerunOf(pipeline: Pipeline, failed: readonly JobId[]): JobId[] {
  const again = new Set(neededFor(pipeline, failed));
  for (const job of failed) for (const id of transitiveDependents(pipeline, job)) again.add(id);
  return pipeline.jobs.map(({ id }) => id).filter((id) => again.has(id));
}

/**
 * The graph as chains, so that a pusher sees it in a few lines: each edge is in exactly one chain, and a chain
 * goes on as long as the job at its end has a dependent whose edge is not shown yet.
 */
export function chains(pipeline: Pipeline): (readonly InputId[])[] {
  const inputs = new Map(pipeline.jobs.map((job) => [job.id, job.inputs]));
  const unseen = new Map<InputId, InputId[]>();
  for (const id of topologicalOrder(pipeline))
    for (const input of inputs.get(id) ?? []) add(unseen, input, id);
  for (const list of unseen.values()) list.reverse();
  const nextOf = (id: InputId): InputId | undefined => unseen.get(id)?.pop();
  const found: InputId[][] = [];
  for (const start of unseen.keys()) {
    for (let next = nextOf(start); next !== undefined; next = nextOf(start)) {
      const chain: InputId[] = [start];
      for (let at: InputId | undefined = next; at !== undefined; at = nextOf(at)) chain.push(at);
      found.push(chain);
    }
  }
  return found;
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
