/**
 * Runs commands as processes of this machine.
 *
 * Must not know: containers.
 */
import type { JobId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  type CommandEnd,
  type Environment,
  endMarked,
  type HearChunk,
  runCommand,
} from '../process/process.ts';
import type { CommandSpec, Executor, RunPlace, Session } from './executor.ts';
import type { ExecutorFailure } from './failure.ts';
import { insideWorkspace } from './inside.ts';
import { commandMark, jobMark, runMark } from './marks.ts';

export const host: Executor = {
  name: 'host',
  start: async (place) => ok(new HostSession(place)),
  recover: (run) => endMarked(runMark(run.id)),
};

class HostSession implements Session {
  readonly cache: string;
  readonly #place: RunPlace;
  readonly #environments = new WeakMap<Environment, Environment>();
  #commands = 0;
  #releases: (() => void)[] = [];

  constructor(place: RunPlace) {
    this.#place = place;
    this.cache = place.cache;
  }

  async run(
    spec: CommandSpec,
    hear: HearChunk,
    signal: AbortSignal,
  ): Promise<Result<CommandEnd, ExecutorFailure>> {
    const inside = insideWorkspace(this.#place.workspace, spec.cwd);
    if (!inside.ok) return inside;
    if (signal.aborted) return err({ reason: 'canceled' });
    this.#commands += 1;
    const mark = commandMark(this.#place.id, spec.job, this.#commands);
    const { stdin, timeoutMs } = spec;
    const { end, release } = await runCommand(spec.command, {
      cwd: inside.value.path,
      env: this.#environmentOf(spec),
      mark,
      stdin,
      timeoutMs,
      signal,
      hear,
      graceMs: this.#place.graceMs,
      spawn: this.#place.spawn,
    });
    if (release !== null) this.#releases.push(release);
    return end;
  }

  /** Made once for all commands that were given the same one. */
  #environmentOf({ hostEnv, env }: CommandSpec): Environment {
    const known = this.#environments.get(env);
    if (known !== undefined) return known;
    const whole = { ...hostEnv, QUIRE_CACHE: this.cache, ...env };
    this.#environments.set(env, whole);
    return whole;
  }

  endJob(job: JobId): Promise<Result<void, ExecutorFailure>> {
    return endMarked(jobMark(this.#place.id, job), { graceMs: this.#place.graceMs });
  }

  async stop(): Promise<Result<void, ExecutorFailure>> {
    const ended = await endMarked(runMark(this.#place.id), { graceMs: this.#place.graceMs });
    for (const release of this.#releases) release();
    this.#releases = [];
    return ended;
  }
}
