/**
 * Runs a command: streams with backpressure, stdin, timeout, cancellation.
 *
 * A command is over when its process exits. Whoever it left behind with its streams open delays nothing and is read on
 * until `release`. Must not know: jobs, logs, containers.
 */
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { after } from '../base/clock.ts';
import { closeDescriptor, descriptorPath } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import type {
  Command,
  CommandEnd,
  Environment,
  HearChunk,
  NoEnd,
  StartFailure,
  StreamName,
} from './command.ts';
import { endMarked } from './end.ts';
import { openInput } from './input.ts';
import { morePipes, type Pipes, readyPipes, takePipes } from './pipes.ts';
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
  const opened = streamsNow(options.stdin) ?? (await openStreams(options.stdin));
  if (!opened.ok) return { end: err({ reason: 'not-started', failure: opened.error }), release: null };
  const { out, errors, input } = opened.value;
  const { spawn = spawnCommand, cwd, env, mark } = options;
  const stdio = [input === null ? null : descriptorPath(input), out.path, errors.path] as const;
  let ended = (_end: SpawnEnd): void => {};
  const over = new Promise<SpawnEnd>((tell) => {
    ended = tell;
  });
  const spawned = spawn(command, { cwd, env, mark, stdio, ended });
  // All that need not wait is done during the fork: while a command runs, every processor has to do with it.
  const heard = [listen(out.ours, 'out', options.hear), listen(errors.ours, 'err', options.hear)];
  const ending = endingOf(spawned, options);
  readyPipes();
  try {
    const end = await over;
    ending.over();
    await ending.done();
    if (end.kind === 'exited') await drained(heard);
    return { end: endOf(end, ending.by()), release: releaseOf(heard, [out.ours, errors.ours]) };
  } finally {
    ending.over();
    if (input !== null) closeDescriptor(input);
  }
}

function endOf(end: SpawnEnd, endedBy: CommandEnd['endedBy']): Ran['end'] {
  switch (end.kind) {
    case 'exited': {
      const { code, signal } = end.exit;
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

function releaseOf(heard: readonly Heard[], sockets: readonly Socket[]): Ran['release'] {
  if (heard.every(({ isOver }) => isOver)) return null;
  return () => {
    for (const socket of sockets) socket.destroy();
  };
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
  for (const { ours } of [pipes.value.out, pipes.value.errors]) ours.destroy();
  return input;
}

/** Waits for the timeout and the cancellation, and ends the command with all that it started, once. */
function endingOf(spawned: Spawned, options: RunOptions) {
  let by: CommandEnd['endedBy'] = null;
  let work: Promise<unknown> = Promise.resolve();
  const end = (why: 'timeout' | 'canceled') => {
    over();
    by = why;
    work = spawned.identity().then((leader) => endMarked(options.mark, { graceMs: options.graceMs, leader }));
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
