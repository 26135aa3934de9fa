/**
 * Real pipes from a command to us.
 *
 * Node gives a child sockets, on which `echo > /dev/stdout` fails. A FIFO is a pipe: it is made, opened and unlinked
 * at once, then opened again through `/proc/self/fd`, so nothing of it is left on any disk. An emptied one is used
 * again. Must not know: what is written into them.
 */
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  closeDescriptor,
  descriptorPath,
  type FileFailure,
  makeTemporaryDirectory,
  openDescriptor,
  openFifo,
  removeTree,
} from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { capture } from './capture.ts';
import { fileTrouble, type StartFailure } from './command.ts';

/** One pipe, open for reading here. */
export type Pipe = {
  readonly ours: Socket;
  /** Opened for writing by whoever starts the child, as long as `ours` is open. Until then it has no end. */
  readonly path: string;
};

/** How many are made at a time, and how many empty ones are kept. */
const [batch, most] = [32, 64];

/** Descriptors that keep an unlinked, empty FIFO alive: readers, so that the end of the last writer is still seen. */
const free: number[] = [];

/** For both streams of a command. */
export type Pipes = { readonly out: Pipe; readonly errors: Pipe };

/** Two that are open already: opening takes as long as a small part of a fork, and it can be done during one. */
let ready: Pipes | null = null;

let making: Promise<Result<void, StartFailure>> | null = null;

/** Makes the first pipes before a command waits for them. What fails here fails again when one is wanted, and is told then. */
export async function warmPipes(): Promise<void> {
  if (free.length === 0) await morePipes();
}

/** Makes some. Many may wait for the same batch; who finds nothing left of it asks again. */
export function morePipes(): Promise<Result<void, StartFailure>> {
  making ??= makeMore().finally(() => {
    making = null;
  });
  return making;
}

/** Opens the pipes of the next command, for a caller that has to wait anyway. What fails here fails again then. */
export function readyPipes(): void {
  if (ready !== null) return;
  const opened = openBoth();
  if (!opened?.ok) return;
  ready = opened.value;
  // As long as nobody has asked for them they keep nobody alive.
  for (const { ours } of [ready.out, ready.errors]) ours.unref();
}

/** Pipes that a child writes and we read; each ends when the last process that can write is gone. Null: `morePipes` first. */
export function takePipes(): Result<Pipes, StartFailure> | null {
  if (ready === null) return openBoth();
  const taken = ready;
  ready = null;
  for (const { ours } of [taken.out, taken.errors]) ours.ref();
  return ok(taken);
}

/** Both, or none; null when there are not as many. */
function openBoth(): Result<Pipes, StartFailure> | null {
  if (free.length < 2) return null;
  const out = openNext();
  if (!out.ok) return out;
  const errors = openNext();
  if (errors.ok) return ok({ out: out.value, errors: errors.value });
  out.value.ours.destroy();
  return errors;
}

function openNext(): Result<Pipe, StartFailure> {
  const keeper = free.pop();
  if (keeper === undefined) throw new Error('no pipe is left');
  const opened = open(keeper);
  return opened.ok ? opened : err(fileTrouble(opened.error));
}

function open(keeper: number): Result<Pipe, FileFailure> {
  const reader = openFifo(descriptorPath(keeper));
  if (!reader.ok) {
    closeDescriptor(keeper);
    return reader;
  }
  const ours = new Socket({ fd: reader.value, readable: true, writable: false });
  let emptied = false;
  ours.once('end', () => {
    emptied = true;
  });
  // A pipe that somebody can still write to, or that still holds bytes, is given up, not used again.
  ours.once('close', () => {
    if (emptied && free.length < most) free.push(keeper);
    else closeDescriptor(keeper);
  });
  return ok({ ours, path: descriptorPath(keeper) });
}

async function makeMore(): Promise<Result<void, StartFailure>> {
  const directory = makeTemporaryDirectory(join(tmpdir(), `quire-pipe-${process.pid}-`));
  if (!directory.ok) return err(fileTrouble(directory.error));
  try {
    const paths = Array.from({ length: batch }, (_, index) => join(directory.value, String(index)));
    const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
    const made = await capture(['mkfifo', '-m', '600', ...paths], { env, cwd: '/' });
    if (!made.ok) return made;
    if (made.value.code !== 0) {
      return err({ reason: 'io', code: 'mkfifo', detail: made.value.err.toString().trim() });
    }
    for (const path of paths) {
      // Opening for reading alone would wait for a writer.
      const both = openDescriptor(path, 'r+');
      const keeper = both.ok ? openDescriptor(path, 'r') : both;
      if (both.ok) closeDescriptor(both.value);
      if (!keeper.ok) return err(fileTrouble(keeper.error));
      free.push(keeper.value);
    }
    return ok(undefined);
  } finally {
    removeTree(directory.value);
  }
}
