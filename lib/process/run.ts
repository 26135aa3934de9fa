/**
 * Runs a command: streams with backpressure, stdin, timeout, cancellation.
 *
 * A command is over when its process exits. Whoever it left behind with its streams open delays nothing and is read on
 * until `release`. Must not know: jobs, logs, containers.
 */
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { after } from '../base/clock.ts';
import { closeDescriptor } from '../base/files.ts';
import { ok, type Result } from '../base/result.ts';
import type { Command, CommandEnd, Environment, HearChunk, StartFailure, StreamName } from './command.ts';
import { endMarked } from './end.ts';
import type { Identity } from './identity.ts';
import { openInput } from './input.ts';
import { abandonPipe, morePipes, type Pipes, readyPipes, takePipes } from './pipes.ts';
import { type SpawnCommand, type Spawned, spawnCommand } from './spawn.ts';

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

export type RunningCommand = {
  readonly pid: number;
  /**
   * When it is over and all that it wrote itself was heard. Null when who started it died: then nobody knows. Rejects
   * only when `hear` threw.
   */
  readonly ended: Promise<CommandEnd | null>;
  /** Whether somebody it left behind still has its streams open. */
  heldOpen(): boolean;
  /** Stops reading what it left behind. Only after `ended`. */
  release(): void;
};

/**
 * Starts a command as the leader of its own session and process group. It is on its way when this has returned,
 * unless pipes have to be made first.
 */
export async function startCommand(
  command: Command,
  options: RunOptions,
): Promise<Result<RunningCommand, StartFailure>> {
  const opened = streamsNow(options.stdin) ?? (await openStreams(options.stdin));
  if (!opened.ok) return opened;
  const { out, errors, input } = opened.value;
  const release = () => {
    out.ours.destroy();
    errors.ours.destroy();
  };
  const stdio = [input, out.childs, errors.childs] as const;
  const { spawn = spawnCommand, cwd, env, mark } = options;
  const spawning = spawn(command, { cwd, env, mark, stdio });
  readyPipes();
  const spawned = await spawning;
  for (const descriptor of stdio) if (descriptor !== null) closeDescriptor(descriptor);
  if (!spawned.ok) {
    release();
    return spawned;
  }
  return ok({
    pid: spawned.value.pid,
    ended: watch(spawned.value, out.ours, errors.ours, options),
    heldOpen: () => !out.ours.closed || !errors.ours.closed,
    release,
  });
}

type Streams = Pipes & { readonly input: number | null };

async function openStreams(stdin: RunOptions['stdin']): Promise<Result<Streams, StartFailure>> {
  for (;;) {
    const opened = streamsNow(stdin);
    if (opened !== null) return opened;
    const made = await morePipes();
    if (!made.ok) return made;
  }
}

/** Null when pipes have to be made first. */
function streamsNow(stdin: RunOptions['stdin']): Result<Streams, StartFailure> | null {
  const pipes = takePipes();
  if (!pipes?.ok) return pipes;
  const input = stdin === null ? ok(null) : openInput(stdin);
  if (input.ok) return ok({ ...pipes.value, input: input.value });
  abandonPipe(pipes.value.out);
  abandonPipe(pipes.value.errors);
  return input;
}

async function watch(
  spawned: Spawned,
  out: Socket,
  errors: Socket,
  options: RunOptions,
): Promise<CommandEnd | null> {
  const streams = [listen(out, 'out', options.hear), listen(errors, 'err', options.hear)];
  const ending = endingOf(spawned.identity, options);
  try {
    const exit = await spawned.exit;
    ending.over();
    await ending.done();
    if (exit === null) return null;
    const { code, signal } = exit;
    await drained(streams);
    const endedBy = ending.by();
    return signal === null
      ? { kind: 'exited', code: code ?? 0, endedBy }
      : { kind: 'signaled', signal, endedBy };
  } finally {
    ending.over();
  }
}

/** Waits for the timeout and the cancellation, and ends the command with all that it started, once. */
function endingOf(leader: Identity | null, options: RunOptions) {
  let by: CommandEnd['endedBy'] = null;
  let work: Promise<unknown> = Promise.resolve();
  const end = (why: 'timeout' | 'canceled') => {
    over();
    by = why;
    work = endMarked(options.mark, { graceMs: options.graceMs, leader });
  };
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

/** What is known of one stream while the last bytes are awaited. */
type Heard = {
  /** Bytes since the start. */
  bytes: number;
  /** Whether nobody is left who could write to it, and all was heard. */
  isOver: boolean;
  /** The hearing that the stream waits for, or null. */
  pending: Promise<void> | null;
  failure: { readonly error: unknown } | null;
};

function listen(socket: Socket, name: StreamName, hear: HearChunk): Heard {
  const heard: Heard = { bytes: 0, isOver: false, pending: null, failure: null };
  socket.on('error', () => {});
  socket.once('end', () => {
    heard.isOver = true;
  });
  socket.on('data', (chunk: Buffer) => {
    heard.bytes += chunk.length;
    const slow = hear(name, chunk);
    if (slow === undefined) return;
    socket.pause();
    heard.pending = slow
      .catch((error: unknown) => {
        heard.failure ??= { error };
      })
      .then(() => {
        heard.pending = null;
        socket.resume();
      });
  });
  return heard;
}

/** More than any pipe holds: whatever comes after that many bytes was written by somebody who is still there. */
const pipeBytes = 1_048_576;

/**
 * Until all that the command wrote before its exit was heard: a whole turn of the event loop, which looks at every
 * pipe, brings nothing more. That takes microseconds, however long a grandchild keeps the pipe open.
 */
async function drained(streams: readonly Heard[]): Promise<void> {
  const total = () => streams.reduce((sum, stream) => sum + stream.bytes, 0);
  const atExit = total();
  let quiet = 0;
  const isOver = () => streams.every((stream) => stream.isOver && stream.pending === null);
  while (!isOver() && quiet < 3 && total() - atExit <= pipeBytes) {
    const before = total();
    await turn();
    const pending = streams.map((stream) => stream.pending).filter((wait) => wait !== null);
    await Promise.all(pending);
    quiet = pending.length > 0 || total() > before ? 0 : quiet + 1;
  }
  for (const { failure } of streams) if (failure !== null) throw failure.error;
}
