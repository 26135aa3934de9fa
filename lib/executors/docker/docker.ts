/**
 * Runs commands in one container per run, through the engine's client: start, exec, stop.
 *
 * Commands run as the container's root; the files are the owner's again when the run stops. A process that a command
 * leaves behind with its output open goes on, unheard: the client hangs up, on some engines 2 s after the command.
 * Must not know: what the client's arguments look like (`arguments.ts`), or where an image comes from (`image.ts`).
 */
import { join } from 'node:path/posix';
import { timestamp } from '../../base/clock.ts';
import type { JobId } from '../../base/ids.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { CommandEnd, HearChunk } from '../../process/process.ts';
import type { CommandSpec, Executor, HearExecutor, RunPlace, Session } from '../executor.ts';
import type { ExecutorFailure } from '../failure.ts';
import { insideWorkspace } from '../inside.ts';
import { commandMark, jobMark, markName, markValue, runMark } from '../marks.ts';
import { containerName, places, runArguments } from './arguments.ts';
import { endInside, giveBack } from './end.ts';
import { ask, type Engine, engineOf, engineVersion, lastLines, removeContainer } from './engine.ts';
import { execute } from './execute.ts';
import { prepareImage } from './image.ts';
import { recover } from './leftovers.ts';

export const docker: Executor = { name: 'docker', start, recover };

async function start(
  place: RunPlace,
  hear: HearExecutor,
  signal: AbortSignal,
): Promise<Result<Session, ExecutorFailure>> {
  const engine = engineOf(place);
  const version = await engineVersion(engine);
  if (!version.ok) return version;
  await hear({ kind: 'container', facts: { engine: version.value } });
  const image = await prepareImage(engine, place, hear, signal);
  if (!image.ok) return image;
  if (signal.aborted) return err({ reason: 'canceled' });
  // Not cut short by a cancellation: a request whose client is gone is carried out all the same, and then nobody's.
  const container = await startContainer(engine, place, image.value);
  if (!container.ok) return container;
  const facts = { container_id: container.value, container_started_at: timestamp(place.clock()) };
  await hear({ kind: 'container', facts });
  const session = new DockerSession(engine, place, container.value, hear);
  if (!signal.aborted) return ok(session);
  await session.stop();
  return err({ reason: 'canceled' });
}

async function startContainer(
  engine: Engine,
  place: RunPlace,
  image: string,
): Promise<Result<string, ExecutorFailure>> {
  const { id: run, docker: settings, ...rest } = place;
  const asked = await ask(engine, runArguments({ ...rest, run, settings, image }), 'start');
  const container = asked.ok ? asked.value.out.toString().trim() : '';
  if (asked.ok && asked.value.code === 0 && container !== '') return ok(container);
  // A container that was made but could not be started stays behind otherwise.
  await removeContainer(engine, containerName(run));
  if (!asked.ok) return asked;
  return err({ reason: 'engine', step: 'start', lines: lastLines(asked.value.err.toString()) });
}

class DockerSession implements Session {
  readonly cache = places.cache;
  readonly #engine: Engine;
  readonly #place: RunPlace;
  readonly #container: string;
  readonly #hear: HearExecutor;
  #commands = 0;
  #releases: (() => void)[] = [];
  #stopping: Promise<Result<void, ExecutorFailure>> | null = null;

  constructor(engine: Engine, place: RunPlace, container: string, hear: HearExecutor) {
    this.#engine = engine;
    this.#place = place;
    this.#container = container;
    this.#hear = hear;
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
    const env = { QUIRE_CACHE: this.cache, ...spec.env, [markName]: markValue(mark) };
    const { command, stdin, timeoutMs } = spec;
    const { graceMs, spawn } = this.#place;
    const workdir = join(places.workspace, inside.value.relative);
    const request = { container: this.#container, command, workdir, env, mark, stdin, timeoutMs, graceMs };
    return execute(this.#engine, {
      ...request,
      spawn,
      hear,
      signal,
      keep: (release) => this.#releases.push(release),
    });
  }

  endJob(job: JobId): Promise<Result<void, ExecutorFailure>> {
    return endInside(this.#engine, this.#container, jobMark(this.#place.id, job), this.#place.graceMs);
  }

  stop(): Promise<Result<void, ExecutorFailure>> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<Result<void, ExecutorFailure>> {
    // What it left running is asked to end before the container takes it down.
    await endInside(this.#engine, this.#container, runMark(this.#place.id), this.#place.graceMs);
    await giveBack(this.#engine, this.#container, this.#place.user, this.#hear);
    const removed = await removeContainer(this.#engine, this.#container);
    for (const release of this.#releases) release();
    this.#releases = [];
    if (!removed.ok) {
      // Another stop may have more luck.
      this.#stopping = null;
      return removed;
    }
    const facts = { container_stopped_at: timestamp(this.#place.clock()) };
    await this.#hear({ kind: 'container', facts });
    return removed;
  }
}
