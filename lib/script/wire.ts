/**
 * What is said between a script's thread and its owner, as data that survives being posted.
 *
 * Posting keeps plain data as it is, but of a `LuaFloat` only its fields: they are wrapped on the way.
 * Must not know: what is done with any of it.
 */
import type { JobId } from '../base/ids.ts';
import { LuaFloat, type Plain } from '../base/plain.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Answer, ShEnd } from './ask.ts';
import type { EvaluateOptions, EvaluationFailure, JobEnd, Step, Tree } from './script.ts';

export type ToThread =
  | { readonly kind: 'evaluate'; readonly tree: Tree; readonly options: EvaluateOptions }
  /** `commands`: how many the job ran before, in earlier attempts. */
  | { readonly kind: 'begin'; readonly job: JobId; readonly commands: number }
  | { readonly kind: 'resume'; readonly job: JobId; readonly answer: PostedAnswer }
  | { readonly kind: 'abandon'; readonly job: JobId };

/** Each but `ready` and `over` answers one message, in their order. */
export type FromThread =
  /** The thread has loaded its code. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'evaluated'; readonly pipeline: Pipeline; readonly printed: readonly string[] }
  | { readonly kind: 'not-evaluated'; readonly failure: EvaluationFailure }
  /** `over`: a limit was passed, and nothing can be run in this thread's VM any more. */
  | { readonly kind: 'step'; readonly step: PostedStep; readonly over: boolean };

/** `Map` and wrapped floats can't be taken for anything a pipeline made. */
export type Posted =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Posted[]
  | ReadonlyMap<string, Posted>
  | { readonly float: number };

export function toPosted(data: Plain): Posted {
  if (data === null || typeof data !== 'object') return data;
  if (data instanceof LuaFloat) return { float: data.value };
  if (data instanceof Uint8Array) return data;
  if (Array.isArray(data)) return data.map(toPosted);
  return new Map(Object.entries(data).map(([key, item]) => [key, toPosted(item)]));
}

export function fromPosted(data: Posted): Plain {
  if (data === null || typeof data !== 'object') return data;
  if (data instanceof Uint8Array) return data;
  if (Array.isArray(data)) return data.map(fromPosted);
  if (data instanceof Map) {
    return Object.fromEntries([...data].map(([key, item]: [string, Posted]) => [key, fromPosted(item)]));
  }
  return new LuaFloat((data as { readonly float: number }).float);
}

type PostedEnd =
  | { readonly state: 'complete'; readonly outputs: Posted }
  | Exclude<JobEnd, { state: 'complete' }>;

export type PostedStep =
  | Extract<Step, { kind: 'asks' }>
  | { readonly kind: 'ended'; readonly end: PostedEnd };

export function postStep(step: Step): PostedStep {
  if (step.kind === 'asks' || step.end.state !== 'complete') return step as PostedStep;
  return { kind: 'ended', end: { state: 'complete', outputs: toPosted(step.end.outputs) } };
}

export function receiveStep(step: PostedStep): Step {
  if (step.kind === 'asks' || step.end.state !== 'complete') return step as Step;
  return { kind: 'ended', end: { state: 'complete', outputs: fromPosted(step.end.outputs) } };
}

export type PostedAnswer =
  | Extract<Answer, { kind: 'raise' }>
  | { readonly kind: 'value'; readonly want: Wants; readonly value: Posted }
  | { readonly kind: 'sh'; readonly value: ShEnd };

type Wants = Exclude<Extract<Answer, { kind: 'value' }>['want'], 'sh'>;

export function postAnswer(answer: Answer): PostedAnswer {
  if (answer.kind === 'raise') return answer;
  if (answer.want === 'sh') return { kind: 'sh', value: answer.value };
  return { kind: 'value', want: answer.want, value: toPosted(answer.value) };
}

export function receiveAnswer(posted: PostedAnswer): Answer {
  if (posted.kind === 'raise') return posted;
  if (posted.kind === 'sh') return { kind: 'value', want: 'sh', value: posted.value };
  // The value was of this want's type when it was posted.
  return { kind: 'value', want: posted.want, value: fromPosted(posted.value) } as Answer;
}
