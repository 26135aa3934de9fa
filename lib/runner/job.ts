/**
 * Works one job: its attempts, one after the other, each from ask to ask until it ends or is ended.
 *
 * Must not know: other jobs, records, how an ask is answered.
 */
import { after, timestamp } from '../base/clock.ts';
import type { JobId } from '../base/ids.ts';
import { LuaFloat, type Plain } from '../base/plain.ts';
import { showDuration } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import { sayExecutorFailure } from '../executors/failure.ts';
import type { Job } from '../pipeline/pipeline.ts';
import type { FinalJobState } from '../runs/states.ts';
import type { JobEnd, Step } from '../script/script.ts';
import type { Redactor } from '../secrets/secrets.ts';
import { answerAsk, type Seat } from './answer.ts';
import { jobEnvironment } from './environment.ts';
import { type Stage, stopReason } from './stage.ts';
import { internal, jobReasonOf } from './stop.ts';

export type JobResult = {
  readonly state: FinalJobState;
  /** Unmasked: what jobs after it get. */
  readonly outputs: Plain | null;
  /** Why it failed, masked; null otherwise. */
  readonly error: string | null;
};

/** What ends one attempt before its function returns. */
type Ending = { readonly kind: 'timeout'; readonly limitMs: number } | { readonly kind: 'stopped' };

type AttemptEnd =
  | { readonly kind: 'ended'; readonly end: JobEnd }
  | { readonly kind: 'ending'; readonly ending: Ending };

/**
 * Runs a job to its end and tells it. `signal` ends it from outside (the run's stop, or fail-fast, whose reason is
 * then `canceled`).
 */
export async function workJob(
  stage: Stage,
  job: Job,
  signal: AbortSignal,
  outputsOf: (job: JobId) => Plain,
): Promise<JobResult> {
  const attempts = job.options.retry + 1;
  const env = jobEnvironment(stage.environment, job.id, job.options.env);
  let lastExit: number | null = null;
  for (let attempt = 1; ; attempt += 1) {
    await stage.emit({ event: 'job-started', at: timestamp(stage.clock()), job: job.id, attempt });
    const seat: Omit<Seat, 'signal'> = { stage, job: job.id, env, outputsOf, lastExit };
    const end = await runAttempt(job, seat as Seat, attempt, signal);
    lastExit = seat.lastExit;
    const told = tell(stage, end);
    if (told.state === 'failed' && attempt < attempts && !signal.aborted) {
      await stage.emit({
        event: 'note',
        at: timestamp(stage.clock()),
        job: job.id,
        text: `attempt ${attempt} of ${attempts} failed: ${told.error ?? ''}`,
      });
      continue;
    }
    await stage.emit({
      event: 'job-finished',
      at: timestamp(stage.clock()),
      job: job.id,
      state: told.state,
      reason: told.reason,
      error: told.error,
      exit: lastExit,
      outputs: told.outputs === null ? null : maskPlain(told.outputs, stage.redactor),
    });
    return told;
  }
}

async function runAttempt(job: Job, seat: Seat, attempt: number, signal: AbortSignal): Promise<AttemptEnd> {
  const { stage } = seat;
  const ended = new AbortController();
  const { timeoutMs } = job.options;
  const callOff =
    timeoutMs === null
      ? null
      : after(timeoutMs, () => ended.abort({ kind: 'timeout', limitMs: timeoutMs } satisfies Ending));
  const stopped = (): void => ended.abort({ kind: 'stopped' } satisfies Ending);
  signal.addEventListener('abort', stopped);
  if (signal.aborted) stopped();
  Object.assign(seat, { signal: ended.signal });
  const cut = new Promise<null>((tellCut) => {
    ended.signal.addEventListener('abort', () => tellCut(null));
    if (ended.signal.aborted) tellCut(null);
  });
  try {
    let step: Step | null = await Promise.race([stage.script.begin(job.id, attempt), cut]);
    while (step !== null && step.kind === 'asks') {
      const answered = await answerAsk(step.ask, seat);
      if (answered.kind === 'stop') {
        stage.stop(answered.reason);
        await cut;
        break;
      }
      const next = ended.signal.aborted ? null : stage.script.resume(job.id, answered.answer);
      await answered.tell?.();
      step = next === null ? null : await Promise.race([next, cut]);
    }
    if (step !== null && step.kind === 'ended' && !ended.signal.aborted)
      return { kind: 'ended', end: step.end };
    stage.script.abandon(job.id);
    const cleared = await stage.session.endJob(job.id);
    if (!cleared.ok) stage.stop(internal(sayExecutorFailure(cleared.error)));
    return { kind: 'ending', ending: ended.signal.reason as Ending };
  } finally {
    callOff?.();
    signal.removeEventListener('abort', stopped);
  }
}

type Told = JobResult & { readonly reason: string | null };

function tell(stage: Stage, attempt: AttemptEnd): Told {
  if (attempt.kind === 'ending') {
    switch (attempt.ending.kind) {
      case 'timeout': {
        const error = `timed out after ${showDuration(attempt.ending.limitMs)}`;
        return { state: 'failed', reason: 'timeout', error, outputs: null };
      }
      case 'stopped': {
        const reason = stopReason(stage.signal);
        return {
          state: 'canceled',
          reason: reason === null ? 'canceled' : jobReasonOf(reason),
          error: null,
          outputs: null,
        };
      }
      default:
        return unreachable(attempt.ending);
    }
  }
  const { end } = attempt;
  switch (end.state) {
    case 'complete':
      return { state: 'complete', reason: null, error: null, outputs: end.outputs };
    case 'skipped':
      return { state: 'skipped', reason: 'did nothing', error: null, outputs: null };
    case 'failed':
      return { state: 'failed', reason: null, error: stage.redactor.mask(end.error), outputs: null };
    default:
      return unreachable(end);
  }
}

/** Outputs as they may be recorded: every text in them, keys included, goes through the masker. */
function maskPlain(value: Plain, redactor: Redactor): Plain {
  if (typeof value === 'string') return redactor.mask(value);
  if (value === null || typeof value !== 'object' || value instanceof LuaFloat) return value;
  if (value instanceof Uint8Array) return redactor.maskBytes(value);
  if (Array.isArray(value)) return value.map((item: Plain) => maskPlain(item, redactor));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redactor.mask(key), maskPlain(item, redactor)]),
  );
}
