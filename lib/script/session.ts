/**
 * One VM with an evaluated pipeline in it: registers while the file runs, then walks run functions from ask to ask.
 *
 * A job that runs for too long ends alone; passing the memory limit ends the VM, and with it every job in it.
 * Must not know: threads, who answers.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import { place } from '../base/draw.ts';
import type { JobId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Answer as LuaAnswer, LuaFailure, LuaFunction, LuaValue, Run } from '../lua/vm.ts';
import { transitiveInputs } from '../pipeline/graph.ts';
import { checkDraft, type Job, type Pipeline } from '../pipeline/pipeline.ts';
import type { Answer } from './ask.ts';
import type { Attempt, Pending } from './asking.ts';
import { findPipeline } from './entry.ts';
import { withPipelineHint } from './hints.ts';
import { moduleNames } from './modules.ts';
import { noDeeds, outcomeOf } from './outcome.ts';
import { primitiveNames } from './runtime.ts';
import type { EvaluateOptions, EvaluationFailure, JobEnd, Step, Tree } from './script.ts';
import { createStage, type Stage } from './stage.ts';

/** Whether a problem stays one however the file went on after the error that broke it off. */
const isCertain = ({ code }: Diagnostic): boolean => code !== 'unknown-input' && code !== 'unreachable-job';

const knownNames = { primitives: primitiveNames, modules: moduleNames };

/** A job between its begin and its end. */
type Walk = { readonly run: Run<Pending>; readonly attempt: Attempt; pending: Pending | null };

export class Session {
  readonly pipeline: Pipeline;
  readonly printed: readonly string[];
  readonly #stage: Stage;
  readonly #walks = new Map<JobId, Walk>();
  /** The job that ended the VM. */
  #overBy: JobId | null = null;

  private constructor(stage: Stage, pipeline: Pipeline, printed: readonly string[]) {
    this.#stage = stage;
    this.pipeline = pipeline;
    this.printed = printed;
  }

  /** Evaluates the pipeline's file: every problem, or a session whose jobs can begin. */
  static evaluate(tree: Tree, options: EvaluateOptions): Result<Session, EvaluationFailure> {
    const main = findPipeline(tree, options);
    if (!main.ok) return main;
    const stage = createStage({ tree, main: main.value.file, options });
    const ran = stage.evaluator.evaluate(main.value.file, main.value.text);
    const { printed } = stage;
    const checked = checkDraft(stage.registration.draft());
    if (ran.ok && checked.ok) return ok(new Session(stage, checked.value, printed));
    const found = checked.ok ? [] : checked.error;
    const diagnostics = ran.ok
      ? found
      : [
          ...found.filter(isCertain),
          ...ran.error.diagnostics.map((each) => withPipelineHint(each, knownNames)),
        ];
    return err({ reason: 'diagnostics', diagnostics, printed });
  }

  /** Whether the VM is over: no job can begin or go on here. */
  get over(): boolean {
    return this.#overBy !== null;
  }

  /** Starts an attempt; `commands` is how many the job ran before. */
  begin(id: JobId, commands: number): Step {
    const job = this.pipeline.jobs.find((one) => one.id === id);
    if (job === undefined) throw new Error(`no job ${id} in this pipeline`);
    let last = commands;
    const attempt: Attempt = {
      job: id,
      deeds: noDeeds(),
      inputs: transitiveInputs(this.pipeline, id),
      nextCommand: () => {
        last += 1;
        return last;
      },
    };
    const walk: Walk = { run: this.#stage.evaluator.vm.run(this.#bodyOf(job)), attempt, pending: null };
    this.#walks.set(id, walk);
    return this.#walkOn(walk, [this.#stage.runtime]);
  }

  resume(id: JobId, answer: Answer): Step {
    const walk = this.#walks.get(id);
    if (walk === undefined || walk.pending === null) throw new Error(`job ${id} has not asked anything`);
    const { pending } = walk;
    walk.pending = null;
    return this.#walkOn(walk, received(pending, answer));
  }

  abandon(id: JobId): void {
    this.#walks.delete(id);
  }

  #bodyOf(job: Job): LuaFunction {
    const body = this.#stage.registration.bodyOf(job.run);
    return body.kind === 'run' ? body.run : this.#stage.mirrorBody(body.plan, job);
  }

  #walkOn(walk: Walk, input: readonly LuaValue[] | LuaAnswer): Step {
    const { job, deeds } = walk.attempt;
    const step = this.#stage.during(walk.attempt, () => walk.run.next(input));
    switch (step.kind) {
      case 'asks':
        walk.pending = step.ask;
        return { kind: 'asks', ask: step.ask.ask };
      case 'returned':
        this.#walks.delete(job);
        return { kind: 'ended', end: outcomeOf(step.values, deeds) };
      case 'failed':
        this.#walks.delete(job);
        return { kind: 'ended', end: this.#failed(job, step.failure) };
      default:
        return unreachable(step);
    }
  }

  #failed(id: JobId, failure: LuaFailure): JobEnd {
    if (this.#stage.evaluator.vm.meter.over !== null) {
      this.#overBy ??= id;
      if (this.#overBy !== id) return endedWith(this.#overBy);
    }
    const [fault] = this.#stage.evaluator.explain(failure);
    const { span } = this.pipeline.jobs.find((job) => job.id === id) ?? { span: null };
    if (fault === undefined) throw new Error('a failure has an explanation');
    return failedBy({ ...fault, span: fault.span ?? span, job: id });
  }
}

/** A fault as the end of a job. */
export function failedBy(fault: Diagnostic): JobEnd {
  const at = fault.span === null ? '' : `${place(fault.span)}: `;
  return { state: 'failed', error: `${at}${fault.message}`, diagnostic: fault };
}

/** The end of a job that was under way when another one's limit ended the VM. */
export const endedWith = (culprit: JobId): JobEnd => ({
  state: 'failed',
  error: `ended together with job '${culprit}', which passed a limit of the evaluation they share`,
  diagnostic: null,
});

/** What an answer becomes at the primitive that waits for it. */
function received(pending: Pending, answer: Answer): LuaAnswer {
  if (answer.kind === 'raise') return { kind: 'error', message: `${pending.name}: ${answer.message}` };
  if (answer.want !== pending.ask.want) throw new Error(`${pending.ask.want} was answered as ${answer.want}`);
  return pending.receive(answer.value);
}
