/**
 * A script in this thread: for the hook and for checking, where nothing else waits.
 *
 * One call of a library function may run past every limit (see `lua/vm.ts`); whoever can't wait uses `thread.ts`.
 * Must not know: threads.
 */
import type { JobId } from '../base/ids.ts';
import { ok, type Result } from '../base/result.ts';
import type { Answer } from './ask.ts';
import { CommandCounts, changedPipeline } from './renewal.ts';
import type { EvaluateOptions, EvaluationFailure, Script, Step, Tree } from './script.ts';
import { Session } from './session.ts';

export { prepareStage } from './stage.ts';

/** Evaluates the pipeline of a tree. */
export async function evaluateHere(
  tree: Tree,
  options: EvaluateOptions = {},
): Promise<Result<Script, EvaluationFailure>> {
  const session = Session.evaluate(tree, options);
  return session.ok ? ok(new LocalScript(session.value, () => Session.evaluate(tree, options))) : session;
}

class LocalScript implements Script {
  readonly pipeline: Script['pipeline'];
  readonly printed: Script['printed'];
  #session: Session;
  /** Sessions that a limit ended, by the jobs that were under way in them. */
  readonly #old = new Map<JobId, Session>();
  readonly #again: () => Result<Session, EvaluationFailure>;
  readonly #commands = new CommandCounts();

  constructor(session: Session, again: () => Result<Session, EvaluationFailure>) {
    this.#session = session;
    this.#again = again;
    this.pipeline = session.pipeline;
    this.printed = session.printed;
  }

  async begin(job: JobId): Promise<Step> {
    if (this.#session.over) {
      const renewed = this.#again();
      const changed = changedPipeline(this.pipeline, renewed.ok ? ok(renewed.value.pipeline) : renewed);
      if (changed !== null) return changed;
      if (renewed.ok) this.#session = renewed.value;
    }
    this.#old.set(job, this.#session);
    return this.#commands.heard(job, this.#session.begin(job, this.#commands.of(job)));
  }

  async resume(job: JobId, answer: Answer): Promise<Step> {
    const session = this.#old.get(job) ?? this.#session;
    return this.#commands.heard(job, session.resume(job, answer));
  }

  abandon(job: JobId): void {
    this.#old.get(job)?.abandon(job);
    this.#old.delete(job);
  }

  async close(): Promise<void> {}
}
