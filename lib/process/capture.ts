/**
 * Runs a helper program of quire's own and collects what it says, bounded.
 *
 * For tools whose answer is small (`mkfifo`, a container engine's client), not for jobs' commands (`run.ts`).
 * Must not know: which tools there are.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { err, ok, type Result } from '../base/result.ts';
import type { Environment, StartFailure } from './command.ts';
import { explainStart } from './explain.ts';

export type CaptureOptions = {
  readonly env: Environment;
  readonly cwd: string;
  /** Default: `/dev/null`. */
  readonly stdin?: string | Uint8Array;
  /** After which it is killed; default: 60 s. */
  readonly timeoutMs?: number;
  /** Kept of each stream, from its beginning; the rest is read and dropped. Default: 1 MiB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
};

export type Captured = {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: Buffer;
  readonly err: Buffer;
  /** Why it was killed, or null when it ended by itself. */
  readonly endedBy: 'timeout' | 'canceled' | null;
};

export type Argv = readonly [program: string, ...args: string[]];

/** Runs a program to its end. A non-zero exit is an answer, not a failure. */
export async function capture(argv: Argv, options: CaptureOptions): Promise<Result<Captured, StartFailure>> {
  const { env, cwd } = options;
  const [program, ...args] = argv;
  let child: ChildProcess;
  try {
    child = spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    return err(explainStart(error, { argv, env, cwd }));
  }
  const [out, errors] = [collect(child.stdout, options.maxBytes), collect(child.stderr, options.maxBytes)];
  // A program that does not read its input closes it early: its exit code says what that means.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.stdin ?? '');
  let endedBy: Captured['endedBy'] = null;
  const end = (by: 'timeout' | 'canceled') => {
    endedBy ??= by;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(() => end('timeout'), options.timeoutMs ?? 60_000);
  const cancel = () => end('canceled');
  options.signal?.addEventListener('abort', cancel);
  if (options.signal?.aborted) cancel();
  try {
    return await new Promise((settle) => {
      let patience: NodeJS.Timeout | null = null;
      child.on('error', (error) => settle(err(explainStart(error, { argv, env, cwd }))));
      // What the program left behind may hold the streams; it is not waited for.
      child.on('exit', () => {
        patience = setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, 250);
      });
      child.on('close', (code, signal) => {
        if (patience !== null) clearTimeout(patience);
        settle(ok({ code, signal, out: out(), err: errors(), endedBy }));
      });
    });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', cancel);
  }
}

function collect(stream: NodeJS.ReadableStream | null, maxBytes = 1_048_576): () => Buffer {
  const kept: Buffer[] = [];
  let size = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (size < maxBytes) kept.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
  });
  return () => Buffer.concat(kept);
}
