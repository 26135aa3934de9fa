/**
 * One command in a running container: `docker exec`, its streams, its end, and what went wrong instead.
 *
 * Must not know: how the container came to be.
 */
import { constants } from 'node:os';
import { after } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import {
  argvOf,
  type Command,
  type CommandEnd,
  type Environment,
  type HearChunk,
  runCommand,
  type SpawnCommand,
  type StreamName,
} from '../../process/process.ts';
import type { ExecutorFailure } from '../failure.ts';
import { execArguments, handOver } from './arguments.ts';
import { endInside } from './end.ts';
import { ask, containerState, type Engine, lastLines } from './engine.ts';

export type Execution = {
  readonly container: string;
  readonly command: Command;
  readonly workdir: string;
  readonly env: Environment;
  readonly mark: string;
  readonly stdin: string | Uint8Array | null;
  readonly timeoutMs: number | null;
  readonly graceMs: number | undefined;
  /** Who starts the client. */
  readonly spawn: SpawnCommand | undefined;
  readonly hear: HearChunk;
  readonly signal: AbortSignal;
  /** Takes what must be called when the run ends, for streams that somebody still has open. */
  readonly keep: (release: () => void) => void;
};

/** How long the client may take to notice that the command it started is gone. */
const clientPatienceMs = 2000;

export async function execute(
  engine: Engine,
  request: Execution,
): Promise<Result<CommandEnd, ExecutorFailure>> {
  const { container, workdir, stdin } = request;
  const inner = argvOf(request.command);
  const over = handOver('shell' in request.command ? ['sh', ...tail(inner)] : inner, request.env, engine.env);
  const args = execArguments({
    container,
    workdir,
    names: over.names,
    interactive: stdin !== null,
    argv: over.argv,
  });
  const words = new FirstWords();
  const client = new AbortController();
  const hear = (stream: StreamName, chunk: Buffer) => {
    words.hear(chunk);
    return request.hear(stream, chunk);
  };
  const { mark, spawn } = request;
  const { signal } = client;
  const options = { cwd: '/', env: over.env, mark, stdin, timeoutMs: null, signal, hear, spawn };
  const running = runCommand({ argv: [engine.bin, ...args] }, options);
  const ending = endingOf(engine, request, () => client.abort());
  const { end, release } = await running;
  const endedBy = await ending.over();
  if (release !== null) request.keep(release);
  if (!end.ok) return end;
  const ended = signalOf(end.value);
  if (endedBy !== null) return ok({ ...ended, endedBy });
  return judge(engine, request, ended, words);
}

const tail = (words: readonly string[]): string[] => words.slice(1);

/** Ends the command inside the container; the client is told nothing, and given up if it does not notice. */
function endingOf(engine: Engine, request: Execution, giveUp: () => void) {
  let by: CommandEnd['endedBy'] = null;
  let work: Promise<unknown> = Promise.resolve();
  let patience: NodeJS.Timeout | null = null;
  const end = (why: 'timeout' | 'canceled') => {
    stop();
    by = why;
    work = endInside(engine, request.container, request.mark, request.graceMs).then(() => {
      patience = setTimeout(giveUp, clientPatienceMs);
    });
  };
  const cancel = () => end('canceled');
  const callOff = request.timeoutMs === null ? null : after(request.timeoutMs, () => end('timeout'));
  function stop() {
    callOff?.();
    request.signal.removeEventListener('abort', cancel);
  }
  if (request.signal.aborted) cancel();
  else request.signal.addEventListener('abort', cancel);
  return {
    over: async () => {
      stop();
      await work;
      if (patience !== null) clearTimeout(patience);
      return by;
    },
  };
}

const signals = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/**
 * An engine reports a signal as a shell does, as 128 and its number; a number that is a signal's is taken for one.
 * The client's own end by a signal is passed on as it is.
 */
function signalOf(end: CommandEnd): CommandEnd {
  const name = end.kind === 'exited' ? signals.get(end.code - 128) : undefined;
  if (name === undefined) return end;
  return { kind: 'signaled', signal: name as NodeJS.Signals, endedBy: end.endedBy };
}

/** The beginning of what came out: some engines complain on the one stream, some on the other. */
class FirstWords {
  #kept = Buffer.alloc(0);

  hear(chunk: Buffer): void {
    if (this.#kept.length < 4096) this.#kept = Buffer.concat([this.#kept, chunk.subarray(0, 4096)]);
  }

  /** The engine's complaint, or null when these are a command's own words. */
  complaint(): string | null {
    const text = this.#kept.toString();
    return enginesWords.test(text) ? text : null;
  }
}

const enginesWords =
  /^(error response from daemon|error: no such container|oci runtime|cannot connect to|error during connect|error: (crun|runc|container|can only)|unable to|failed to)/i;

/**
 * Tells a command's end from the engine's failure to run it: both are an exit code of the client. A command may print
 * the engine's very words, so the container is asked before they are believed.
 */
async function judge(
  engine: Engine,
  request: Execution,
  end: CommandEnd,
  words: FirstWords,
): Promise<Result<CommandEnd, ExecutorFailure>> {
  if (end.kind === 'exited' && end.code === 0) return ok(end);
  const complaint = words.complaint();
  const killed = end.kind === 'signaled' && end.signal === 'SIGKILL';
  if (complaint === null && !killed) return ok(end);
  const state = await containerState(engine, request.container);
  if (!state.ok) return state;
  if (state.value === null) {
    return err({
      reason: 'engine',
      step: 'exec',
      lines: ['the container is gone', ...lastLines(complaint ?? '')],
    });
  }
  if (!state.value.running) {
    const { code, outOfMemory } = state.value;
    const said = await ask(engine, ['logs', '--tail', '5', request.container], 'exec');
    const lines = said.ok ? lastLines(said.value.err.toString()) : [];
    return err({ reason: 'container-exited', code, outOfMemory, lines });
  }
  return complaint === null ? ok(end) : notStarted(request, end, complaint);
}

/** The runtime's words for a program it could not start; anything else was the command's own. */
function notStarted(
  request: Execution,
  end: CommandEnd,
  complaint: string,
): Result<CommandEnd, ExecutorFailure> {
  const code = end.kind === 'exited' ? end.code : 0;
  if (code !== 126 && code !== 127) return ok(end);
  const program = 'shell' in request.command ? 'sh' : request.command.argv[0];
  const cwd = request.workdir;
  if (/chdir to cwd|no such file or directory.*cwd/i.test(complaint)) {
    return err({ reason: 'not-started', failure: { reason: 'bad-cwd', cwd } });
  }
  const missing = /not found|no such file or directory/i.test(complaint);
  return err({
    reason: 'not-started',
    failure: { reason: missing ? 'missing-program' : 'not-executable', program, cwd },
  });
}
