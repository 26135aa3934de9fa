/**
 * Kernel locks: held by an open file, released by closing it or by death, never stale.
 *
 * Node has no flock(2). The program `flock` locks a descriptor it inherits, and that lock belongs to the open file,
 * which is ours: it stays when the program ends. Node opens close-on-exec, so no other child of ours holds it.
 * Must not know: what a lock guards.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeDescriptor, type FileFailure, openDescriptor, sayFileFailure } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';

export type LockFailure =
  /** Somebody else holds it. */
  | { readonly reason: 'busy'; readonly path: string }
  | { readonly reason: 'no-flock' }
  | { readonly reason: 'file'; readonly failure: FileFailure }
  | { readonly reason: 'io'; readonly path: string; readonly detail: string };

/** A lock that is held, until `release` or the end of this process. */
export class Lock {
  readonly path: string;
  #descriptor: number | null;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /** Lets it go; a second call does nothing. */
  release(): void {
    if (this.#descriptor !== null) closeDescriptor(this.#descriptor);
    this.#descriptor = null;
  }
}

/** The lock's file is made when missing, and must never be removed: two could then hold "it" at the same time. */
const openLock = (path: string): Result<number, LockFailure> => {
  const opened = openDescriptor(path, 'a');
  return opened.ok ? opened : err({ reason: 'file', failure: opened.error });
};

/** `flock` with the lock's file as its descriptor 3. */
const argsOf = (waitMs: number | null): string[] => {
  if (waitMs === null) return ['-x', '3'];
  return waitMs <= 0 ? ['-x', '-n', '3'] : ['-x', '-w', (waitMs / 1000).toFixed(3), '3'];
};

/** Takes the lock at once or answers `busy`. Blocks for the 1.5 ms that starting a program takes. */
export function tryLock(path: string): Result<Lock, LockFailure> {
  const opened = openLock(path);
  if (!opened.ok) return opened;
  const stdio = ['ignore', 'ignore', 'pipe', opened.value] as const;
  const { status, error, stderr } = spawnSync('flock', argsOf(0), { stdio: [...stdio] });
  return settle(path, opened.value, status, error, stderr);
}

/** Takes the lock, waiting at most `waitMs` (null: as long as it takes) without blocking this process. */
export async function acquireLock(
  path: string,
  options: { readonly waitMs: number | null; readonly signal?: AbortSignal },
): Promise<Result<Lock, LockFailure>> {
  const opened = openLock(path);
  if (!opened.ok) return opened;
  // Nobody listens to what it says: a pipe costs more than the lock. When it fails it is asked once more, aloud.
  const child = spawn('flock', argsOf(options.waitMs), {
    stdio: ['ignore', 'ignore', 'ignore', opened.value],
  });
  const stop = () => child.kill('SIGKILL');
  options.signal?.addEventListener('abort', stop);
  if (options.signal?.aborted) stop();
  return new Promise((tell) => {
    const end = (code: number | null, error?: Error) => {
      options.signal?.removeEventListener('abort', stop);
      const taken = settle(path, opened.value, code, error);
      tell(!taken.ok && taken.error.reason === 'io' ? tryLock(path) : taken);
    };
    child.on('error', (error) => end(null, error));
    child.on('exit', (code) => end(options.signal?.aborted ? 1 : code));
  });
}

function settle(
  path: string,
  descriptor: number,
  code: number | null,
  error: Error | undefined,
  said: Buffer = Buffer.alloc(0),
): Result<Lock, LockFailure> {
  if (code === 0) return ok(new Lock(path, descriptor));
  closeDescriptor(descriptor);
  if (code === 1) return err({ reason: 'busy', path });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return err({ reason: 'no-flock' });
  const detail = error?.message ?? (said.toString().trim() || `flock ended with ${code}`);
  return err({ reason: 'io', path, detail });
}

/** One sentence for people, with the way out. */
export function sayLockFailure(failure: LockFailure): string {
  switch (failure.reason) {
    case 'busy':
      return `${failure.path} is locked by another process`;
    case 'no-flock':
      return 'the program flock is missing: install util-linux';
    case 'file':
      return sayFileFailure(failure.failure);
    case 'io':
      return `could not lock ${failure.path}: ${failure.detail}`;
    default:
      return unreachable(failure);
  }
}
