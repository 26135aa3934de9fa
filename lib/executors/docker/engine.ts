/**
 * Asks a container engine through its client and reads the answers.
 *
 * Must not know: runs, images of a pipeline, or what an answer is good for.
 */
import { err, ok, type Result } from '../../base/result.ts';
import {
  type Captured,
  capture,
  type Environment,
  runCommand,
  sayStartFailure,
} from '../../process/process.ts';
import type { DockerSettings, HearExecutor } from '../executor.ts';
import type { EngineStep, ExecutorFailure } from '../failure.ts';

/** How to reach one engine. */
export type Engine = {
  readonly bin: string;
  readonly env: Environment;
};

export const engineOf = (place: {
  readonly docker: DockerSettings;
  readonly toolEnv: Environment;
}): Engine => ({ bin: place.docker.bin ?? 'docker', env: place.toolEnv });

const patienceMs = 60_000;

/** One short question. A non-zero exit is an answer; no client, or none in time, is a failure. */
export async function ask(
  engine: Engine,
  args: readonly string[],
  step: EngineStep,
): Promise<Result<Captured, ExecutorFailure>> {
  const asked = await capture([engine.bin, ...args], { env: engine.env, cwd: '/', timeoutMs: patienceMs });
  if (!asked.ok) return err({ reason: 'engine', step, lines: [sayStartFailure(asked.error)] });
  if (asked.value.endedBy === null) return asked;
  return err({ reason: 'engine', step, lines: [`${engine.bin} did not answer in ${patienceMs / 1000} s`] });
}

/** One short question whose answer must be yes: what it printed. */
export async function demand(
  engine: Engine,
  args: readonly string[],
  step: EngineStep,
): Promise<Result<string, ExecutorFailure>> {
  const asked = await ask(engine, args, step);
  if (!asked.ok) return asked;
  const { code, out, err: errors } = asked.value;
  if (code !== 0) return err({ reason: 'engine', step, lines: lastLines(errors.toString()) });
  return ok(out.toString());
}

/** A long request that is shown as it goes: its exit code and last lines. */
export async function follow(
  engine: Engine,
  args: readonly string[],
  options: {
    readonly step: EngineStep;
    readonly mark: string;
    readonly hear: HearExecutor;
    readonly signal: AbortSignal;
  },
): Promise<Result<{ readonly code: number; readonly lines: readonly string[] }, ExecutorFailure>> {
  const tail = new Tail();
  const { end, release } = await runCommand(
    { argv: [engine.bin, ...args] },
    {
      cwd: '/',
      env: engine.env,
      mark: options.mark,
      stdin: null,
      timeoutMs: null,
      signal: options.signal,
      hear: (stream, chunk) => {
        tail.add(chunk);
        return options.hear({ kind: 'output', stream, chunk });
      },
    },
  );
  release?.();
  if (end.ok) {
    const { value } = end;
    if (value.endedBy !== null) return err({ reason: 'canceled' });
    return ok({ code: value.kind === 'exited' ? value.code : 1, lines: lastLines(tail.text()) });
  }
  if (end.error.reason === 'lost') return end;
  return err({ reason: 'engine', step: options.step, lines: [sayStartFailure(end.error.failure)] });
}

/** The last few kilobytes of a stream. */
class Tail {
  #kept = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, chunk.subarray(-8192)]).subarray(-8192);
  }

  text(): string {
    return this.#kept.toString();
  }
}

/** The last lines that say something; a carriage return ends a progress bar's line. */
export const lastLines = (text: string): string[] =>
  text
    .split(/[\r\n]+/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-8);

/** `docker 28.2.2`: the client's name and the engine's version. */
export async function engineVersion(engine: Engine): Promise<Result<string, ExecutorFailure>> {
  const answer = await demand(engine, ['version', '--format', '{{json .}}'], 'reach');
  if (!answer.ok) return answer;
  const name = engine.bin.slice(engine.bin.lastIndexOf('/') + 1);
  const version =
    /"Server":\{.*?"Version":"([^"]*)"/s.exec(answer.value) ?? /"Version":"([^"]*)"/.exec(answer.value);
  return ok(version?.[1] === undefined ? name : `${name} ${version[1]}`);
}

export type ContainerState = {
  readonly running: boolean;
  readonly code: number;
  readonly outOfMemory: boolean;
};

/** How a container is, or null when there is none by that name. */
export async function containerState(
  engine: Engine,
  container: string,
): Promise<Result<ContainerState | null, ExecutorFailure>> {
  const format = '{{.State.Running}} {{.State.ExitCode}} {{.State.OOMKilled}}';
  const asked = await ask(engine, ['container', 'inspect', '--format', format, container], 'exec');
  if (!asked.ok) return asked;
  const answer = /^(true|false) (-?\d+) (true|false)/.exec(asked.value.out.toString());
  if (answer !== null) {
    return ok({ running: answer[1] === 'true', code: Number(answer[2]), outOfMemory: answer[3] === 'true' });
  }
  const said = asked.value.err.toString();
  if (/no such (container|object)/i.test(said)) return ok(null);
  return err({ reason: 'engine', step: 'exec', lines: lastLines(said) });
}

/** Removes a container with its processes; one that is not there is fine. */
export async function removeContainer(
  engine: Engine,
  container: string,
): Promise<Result<void, ExecutorFailure>> {
  const asked = await ask(engine, ['rm', '--force', '--volumes', container], 'stop');
  if (!asked.ok) return asked;
  const said = asked.value.err.toString();
  if (asked.value.code === 0 || /no such container/i.test(said)) return ok(undefined);
  // Somebody else (a cleanup, an operator) is removing it at this moment.
  if (/removal of container .* is already in progress/i.test(said)) return ok(undefined);
  return err({ reason: 'engine', step: 'stop', lines: lastLines(said) });
}
