/**
 * The rules a draft must keep, each a function from the draft to the problems it finds.
 *
 * Pure. Must not know: wording (`problems.ts`), Lua.
 */
import { type BadJobId, badJobId } from '../base/ids.ts';
import { nearestOfFew } from '../base/text.ts';
import { type Draft, type DraftJob, isSource, sources } from './draft.ts';
import { draftGraph, knots, reachedFrom } from './graph.ts';
import type { Problem } from './problems.ts';

type Rule = (draft: Draft) => readonly Problem[];

// The union tells its codes apart, a fault found in a call only lists them.
const callFaults: Rule = (draft) => draft.faults as readonly Problem[];

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const idCodes = {
  slash: 'slash-in-id',
  dot: 'dot-in-id',
  reserved: 'reserved-id',
  'too-long': 'long-id',
  control: 'control-in-id',
} as const satisfies Record<Exclude<BadJobId, 'empty'>, string>;

function badIds(draft: Draft): Problem[] {
  return draft.jobs.flatMap(({ id, builtIn, span }): Problem[] => {
    const bad = builtIn ? null : badJobId(id);
    if (bad === null) return [];
    return [bad === 'empty' ? { code: 'empty-id', span } : { code: idCodes[bad], span, id }];
  });
}

function duplicateIds(draft: Draft): Problem[] {
  const first = firstById(draft);
  return draft.jobs.flatMap((job): Problem[] => {
    const earlier = first.get(job.id);
    if (earlier === undefined || earlier === job) return [];
    return [{ code: 'duplicate-id', span: job.span, id: job.id, first: earlier.span }];
  });
}

const emptyInputs: Rule = (draft) =>
  draft.jobs
    .filter((job) => job.inputs?.length === 0)
    .map(({ id, span }) => ({ code: 'empty-inputs', span, id }));

function unknownInputs(draft: Draft): Problem[] {
  const known = new Set<string>([...sources, ...draft.jobs.map((job) => job.id)]);
  return draft.jobs.flatMap(({ id, span, inputs }) =>
    [...new Set(inputs ?? [])]
      .filter((input) => !known.has(input))
      .map((input): Problem => {
        const others = [...known].filter((name) => name !== id);
        // What quire registers is often written without its `quire/`.
        const meant = others.find((name) => name === `quire/${input}`) ?? nearestOfFew(input, others);
        return { code: 'unknown-input', span, id, input, nearest: meant };
      }),
  );
}

function cycles(draft: Draft): Problem[] {
  const first = firstById(draft);
  return knots(draftGraph(draft.jobs)).flatMap((members): Problem[] => {
    const places = members.flatMap((id) => first.get(id) ?? []);
    const [head, ...others] = places;
    if (head === undefined) return [];
    const notes = others.map((job) => ({ span: job.span, message: `'${job.id}' is registered here` }));
    return [{ code: 'cycle', span: head.span, members, others: notes }];
  });
}

/** A job is told once: what a cycle, an unknown input or unusable inputs already explain is left out. */
function unreachableJobs(draft: Draft): Problem[] {
  const graph = draftGraph(draft.jobs);
  const first = firstById(draft);
  const known = (input: string): boolean => isSource(input) || first.has(input);
  const inCycle = new Set(knots(graph).flat());
  // A job whose inputs could not be read may well be reached, and so may what needs it.
  const unreadable = draft.jobs.filter((job) => job.inputs === null).map((job) => job.id);
  const reached = reachedFrom(graph, [...sources, ...unreadable]);
  return [...first.values()]
    .filter((job) => !reached.has(job.id) && !inCycle.has(job.id))
    .filter((job) => job.inputs !== null && job.inputs.length > 0 && job.inputs.every(known))
    .map(({ id, span }) => ({ code: 'unreachable-job', span, id }));
}

const secondImages: Rule = ({ images: [first, ...others] }) =>
  first === undefined
    ? []
    : others.map(({ name, span }) => ({ code: 'second-image', span, name, first: first.span }));

function firstById(draft: Draft): ReadonlyMap<string, DraftJob> {
  const first = new Map<string, DraftJob>();
  for (const job of draft.jobs) if (!first.has(job.id)) first.set(job.id, job);
  return first;
}

const rules: readonly Rule[] = [
  callFaults,
  badIds,
  duplicateIds,
  emptyInputs,
  unknownInputs,
  cycles,
  unreachableJobs,
  secondImages,
];

/** Every problem, each once, sorted by place; at one place in the order of the rules. */
export function findProblems(draft: Draft): Problem[] {
  const found = rules.flatMap((rule) => rule(draft));
  return found.sort(
    (a, b) =>
      compareText(a.span.file, b.span.file) ||
      a.span.start.line - b.span.start.line ||
      a.span.start.column - b.span.start.column,
  );
}
