/**
 * What can be wrong with a pipeline: the wording and the way out of each problem, in one table by code.
 *
 * Must not know: how a problem is found (`rules.ts`) or drawn.
 */
import { type Diagnostic, diagnostic, type Note, type Span } from '../base/diagnostic.ts';
import type { CallFault } from './draft.ts';

export type Problem =
  | { readonly code: 'empty-id'; readonly span: Span }
  | { [C in IdCode]: { readonly code: C; readonly span: Span; readonly id: string } }[IdCode]
  | { readonly code: 'duplicate-id'; readonly span: Span; readonly id: string; readonly first: Span }
  | { readonly code: 'empty-inputs'; readonly span: Span; readonly id: string }
  | {
      readonly code: 'unknown-input';
      readonly span: Span;
      readonly id: string;
      readonly input: string;
      readonly nearest: string | null;
    }
  /** `members` are sorted; the span is the first one's, `others` are the places of the rest. */
  | {
      readonly code: 'cycle';
      readonly span: Span;
      readonly members: readonly string[];
      readonly others: readonly Note[];
    }
  | { readonly code: 'unreachable-job'; readonly span: Span; readonly id: string }
  | { readonly code: 'second-image'; readonly span: Span; readonly name: string; readonly first: Span }
  | { [C in CallFault['code']]: CallFault & { readonly code: C } }[CallFault['code']];

type IdCode = 'slash-in-id' | 'dot-in-id' | 'reserved-id' | 'long-id' | 'control-in-id';

export type ProblemCode = Problem['code'];

type Wording<P extends Problem> = {
  readonly say: (problem: P) => string;
  readonly hint: (problem: P) => string | null;
};

const callFault: Wording<CallFault> = {
  say: (problem) => `${problem.call}: ${problem.about}`,
  hint: (problem) => problem.hint,
};

/** Wording and advice of every code. */
export const problems: { readonly [C in ProblemCode]: Wording<Extract<Problem, { code: C }>> } = {
  'empty-id': {
    say: () => 'a job id is empty',
    hint: () => 'give the job a name, such as :build',
  },
  'slash-in-id': {
    say: ({ id }) => `job id '${id}' contains '/'`,
    hint: () => "'/' is kept for what quire registers itself, such as quire/push; use '-' or '.'",
  },
  'dot-in-id': {
    say: ({ id }) => `job id '${id}' begins with '.'`,
    hint: () => 'names that begin with a dot are not records; begin with a letter',
  },
  'reserved-id': {
    say: ({ id }) => `job id '${id}' is reserved`,
    hint: () => 'choose another name',
  },
  'long-id': {
    say: ({ id }) => `job id '${id.slice(0, 20)}…' is longer than 100 bytes`,
    hint: () => 'choose a shorter name',
  },
  'control-in-id': {
    say: ({ id }) => `job id ${JSON.stringify(id)} holds a control character`,
    hint: () => 'use letters, digits and punctuation',
  },
  'duplicate-id': {
    say: ({ id }) => `job '${id}' is registered twice`,
    hint: () => 'rename one of the two',
  },
  'empty-inputs': {
    say: ({ id }) => `job '${id}' has no inputs`,
    hint: () => 'list :quire/push so that a push starts it',
  },
  'unknown-input': {
    say: ({ id, input }) => `job '${id}' has the input '${input}', which names nothing`,
    hint: ({ nearest }) =>
      nearest === null ? 'an input is the id of another job, or :quire/push' : `did you mean '${nearest}'?`,
  },
  cycle: {
    say: ({ members }) =>
      members.length === 1
        ? `job '${members[0]}' is its own input (cycle: ${members[0]})`
        : `jobs wait for each other (cycle: ${members.join(', ')})`,
    hint: () => 'take one of these inputs away',
  },
  'unreachable-job': {
    say: ({ id }) => `nothing starts job '${id}': no source reaches it`,
    hint: () => 'list :quire/push, or a job that a push reaches, among its inputs',
  },
  'second-image': {
    say: ({ name }) => `a second image, '${name}': a pipeline has at most one`,
    hint: () => 'keep one (ci.image …)',
  },
  'wrong-type': callFault,
  'unknown-key': callFault,
  'bad-value': callFault,
  'bad-mirror': callFault,
};

/** The problem as every room shows it. */
export function describe(problem: Problem): Diagnostic {
  // The table's type ties each code to its own wording; TypeScript can't follow that through an index.
  const wording = problems[problem.code] as Wording<Problem>;
  return diagnostic({
    code: problem.code,
    message: wording.say(problem),
    span: problem.span,
    notes: notesOf(problem),
    hint: wording.hint(problem),
    job: jobOf(problem),
  });
}

function notesOf(problem: Problem): readonly Note[] {
  if (problem.code === 'cycle') return problem.others;
  if (problem.code === 'duplicate-id') return [{ span: problem.first, message: 'the first one is here' }];
  if (problem.code === 'second-image') return [{ span: problem.first, message: 'the first image is here' }];
  return [];
}

function jobOf(problem: Problem): string | null {
  if ('id' in problem) return problem.id;
  if (problem.code === 'cycle') return problem.members[0] ?? null;
  return 'job' in problem ? problem.job : null;
}
