/**
 * Real pipes between a command and us.
 *
 * Node gives a child sockets, on which `echo > /dev/stdout` and `cat /dev/stdin` fail. A FIFO is a pipe: it is made,
 * opened and unlinked at once, then opened again through `/proc/self/fd`, so nothing of it is left on any disk.
 * An emptied one is used again. Must not know: what is written into them.
 */
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  closeDescriptor,
  type FileFailure,
  makeTemporaryDirectory,
  openDescriptor,
  removeTree,
} from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { capture } from './capture.ts';
import type { StartFailure } from './command.ts';

/** The pipes of one command. */
export type Pipes = {
  readonly out: Socket;
  readonly err: Socket;
  readonly input: Socket | null;
  /** The child's first three descriptors; null is `/dev/null`. */
  readonly childs: readonly [number | null, number, number];
  /** Once the child has its ends: ours would keep the pipes from ending. */
  closeChilds(): void;
  /** Closes our ends. A pipe that has not ended is given up with them. */
  release(): void;
};

/** One pipe with both ends open here. */
type Pipe = { readonly ours: Socket; readonly childs: number };

type Way = 'from-child' | 'to-child';

/** How many are made at a time, and how many empty ones are kept. */
const [batch, most] = [16, 64];

/** Descriptors that keep an unlinked, empty FIFO alive: readers, so that the end of the last writer is still seen. */
const free: number[] = [];

/** The output pipes of a command and, when it is given input, the one it reads. */
export async function openPipes(withInput: boolean): Promise<Result<Pipes, StartFailure>> {
  const wanted: Way[] = ['from-child', 'from-child', ...(withInput ? (['to-child'] as const) : [])];
  while (free.length < wanted.length) {
    const made = await makeMore();
    if (!made.ok) return made;
  }
  const opened: Pipe[] = [];
  const release = () => {
    for (const pipe of opened) pipe.ours.destroy();
  };
  const closeChilds = () => {
    for (const pipe of opened) closeDescriptor(pipe.childs);
  };
  for (const way of wanted) {
    const pipe = open(way);
    if (!pipe.ok) {
      closeChilds();
      release();
      return err(failureOf(pipe.error));
    }
    opened.push(pipe.value);
  }
  const [out, errors, input] = opened;
  if (out === undefined || errors === undefined) throw new Error('two pipes were asked for');
  return ok({
    out: out.ours,
    err: errors.ours,
    input: input?.ours ?? null,
    childs: [input?.childs ?? null, out.childs, errors.childs],
    closeChilds,
    release,
  });
}

function open(way: Way): Result<Pipe, FileFailure> {
  const keeper = free.pop();
  if (keeper === undefined) throw new Error('no pipe left');
  const path = `/proc/self/fd/${keeper}`;
  // The keeper reads already, so a writer never waits; with the writer first, the reader never sees a false end.
  const writer = openDescriptor(path, 'w');
  if (!writer.ok) {
    closeDescriptor(keeper);
    return writer;
  }
  const reader = openDescriptor(path, 'r');
  if (!reader.ok) {
    closeDescriptor(writer.value);
    closeDescriptor(keeper);
    return reader;
  }
  if (way === 'to-child') {
    // Used once: what the child leaves unread must reach nobody else, and must not keep us writing.
    closeDescriptor(keeper);
    return ok({
      ours: new Socket({ fd: writer.value, readable: false, writable: true }),
      childs: reader.value,
    });
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
  return ok({ ours, childs: writer.value });
}

async function makeMore(): Promise<Result<void, StartFailure>> {
  const directory = makeTemporaryDirectory(join(tmpdir(), 'quire-pipe-'));
  if (!directory.ok) return err(failureOf(directory.error));
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
      if (!keeper.ok) return err(failureOf(keeper.error));
      free.push(keeper.value);
    }
    return ok(undefined);
  } finally {
    removeTree(directory.value);
  }
}

const failureOf = ({ code, path }: FileFailure): StartFailure => ({ reason: 'io', code, detail: path });
