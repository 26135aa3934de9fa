/**
 * Runs a command: streams with backpressure, stdin, timeout, cancellation.
 *
 * A command is over when its process exits. Whoever it left behind with its streams open delays nothing and is read on
 * until `release`. Must not know: jobs, logs, containers.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { after } from '../base/clock.ts';
import { closeDescriptor, descriptorPath } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Command, CommandEnd, Environment, HearChunk, NoEnd, StartFailure } from './command.ts';
import { endMarked } from './end.ts';
import { openInput } from './input.ts';
import { makePipes, type Pipe, type Pipes, takePipes } from './pipes.ts';
import { type SpawnCommand, type SpawnEnd, type Spawned, spawnCommand } from './spawn.ts';

export type RunOptions = {
  readonly cwd: string;
  /** Complete but for the mark: nothing is inherited. */
  readonly env: Environment;
  /** `NAME=value`, set besides: by it is found what leaves the process group. */
  readonly mark: string;
  /** Null is `/dev/null`. */
  readonly stdin: string | Uint8Array | null;
  /** Null: no limit. */
  readonly timeoutMs: number | null;
  readonly signal: AbortSignal;
  readonly hear: HearChunk;
  /** Between SIGTERM and SIGKILL; default 5 s. */
  readonly graceMs?: number | undefined;
  /** Who starts it; default: this process. */
  readonly spawn?: SpawnCommand | undefined;
};

export type Ran = {
  /** Known when all that the command wrote itself was heard. */
  readonly end: Result<CommandEnd, NoEnd>;
  /** Stops reading what it left behind; null when that has no stream of it open. */
  readonly release: (() => void) | null;
};

/**
 * Runs a command as the leader of its own session and process group. It is on its way when this has returned, unless
 * pipes have to be made first. Rejects only when `hear` threw.
 */
export async function runCommand(command: Command, options: RunOptions): Promise<Ran> {
  const input = options.stdin === null ? ok(null) : openInput(options.stdin);
  if (!input.ok) return notStarted(input.error);
  try {
    const pipes = takePipes() ?? (await makePipes());
    return pipes.ok ? await runWith(input.value, pipes.value, command, options) : notStarted(pipes.error);
  } finally {
    if (input.value !== null) closeDescriptor(input.value);
  }
}

const notStarted = (failure: StartFailure): Ran => ({
  end: err({ reason: 'not-started', failure }),
  release: null,
});

async function runWith(
  input: number | null,
  { out, errors }: Pipes,
  command: Command,
  options: RunOptions,
): Promise<Ran> {
  const { spawn = spawnCommand, cwd, env, mark } = options;
  const stdio = [input === null ? null : descriptorPath(input), out.path, errors.path] as const;
  out.hear((chunk) => options.hear('out', chunk));
  errors.hear((chunk) => options.hear('err', chunk));
  let ended = (_end: SpawnEnd): void => {};
  const over = new Promise<SpawnEnd>((tell) => {
    ended = tell;
  });
  const lost = () => ended({ kind: 'lost' });
  const ending = endingOf(spawn(command, { cwd, env, mark, stdio, ended }), lost, options);
  try {
    const end = await over;
    ending.over();
    await ending.done();
    const drained = await Promise.all([out.drain(), errors.drain()]);
    const left = [out, errors].filter((_, at) => !drained[at]);
    return { end: endOf(end, ending.by()), release: left.length === 0 ? null : () => giveUp(left) };
  } finally {
    ending.over();
  }
}

const giveUp = (pipes: readonly Pipe[]): void => {
  for (const pipe of pipes) pipe.giveUp();
};

function endOf(end: SpawnEnd, endedBy: CommandEnd['endedBy']): Ran['end'] {
  switch (end.kind) {
    case 'exited': {
      const { code, signal } = end;
      return ok(
        signal === null
          ? { kind: 'exited', code: code ?? 0, endedBy }
          : { kind: 'signaled', signal, endedBy },
      );
    }
    case 'not-started':
      return err({ reason: 'not-started', failure: end.failure });
    case 'lost':
      return err({ reason: 'lost' });
    default:
      return unreachable(end);
  }
}

/** How long who started a command may take to say who it is, and that it is over once it was ended. */
const patienceMs = 1000;

/**
 * Waits for the timeout and the cancellation, and ends the command with all that it started, once. `lost` is called
 * when its end is not told then: a command may have stopped who started it.
 */
function endingOf(spawned: Spawned, lost: () => void, options: RunOptions) {
  let by: CommandEnd['endedBy'] = null;
  let work: Promise<unknown> = Promise.resolve();
  const end = (why: 'timeout' | 'canceled') => {
    over();
    by = why;
    work = endAll();
  };
  async function endAll(): Promise<void> {
    const leader = await Promise.race([spawned.identity(), pause(patienceMs, null, { ref: false })]);
    await endMarked(options.mark, { graceMs: options.graceMs, leader });
    setTimeout(lost, patienceMs).unref();
  }
  const cancel = () => end('canceled');
  const callOff = options.timeoutMs === null ? null : after(options.timeoutMs, () => end('timeout'));
  function over() {
    callOff?.();
    options.signal.removeEventListener('abort', cancel);
  }
  if (options.signal.aborted) cancel();
  else options.signal.addEventListener('abort', cancel);
  return { over, done: () => work, by: () => by };
}
