/**
 * Real pipes from commands to us.
 *
 * Node gives a child sockets, on which `echo > /dev/stdout` fails. A FIFO is a pipe: it is made, opened and unlinked
 * at once, then opened again through `/proc`, so nothing of it is left on any disk. To make a pipe and a stream that
 * reads it takes longer than to run a small command: one pipe serves many commands, one after the other. It has no end
 * meanwhile, since we could write to it ourselves. Must not know: what is written into them.
 */
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import {
  closeDescriptor,
  descriptorPath,
  makeTemporaryDirectory,
  openDescriptor,
  openFifo,
  readNow,
  removeTree,
} from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { capture } from './capture.ts';
import { fileTrouble, type StartFailure } from './command.ts';

/** How many are made at a time, and how many are kept. */
const [batch, most] = [32, 64];

/** More than any pipe holds: whatever comes after that many bytes was written by somebody who is still there. */
const pipeBytes = 1_048_576;

/** What is read while nobody waits for the event loop; copied at once. */
const window = Buffer.allocUnsafeSlow(65_536);

/** Hears what is written. While a promise it returned is pending nothing more is read: memory stays bounded. */
type Hear = (chunk: Buffer) => void | Promise<void>;

/** A pipe that reads for one command at a time. */
export class Pipe {
  /** Opened for writing by whoever starts the command. */
  readonly path: string;
  readonly #reader: number;
  #writer: number;
  #socket: Socket | null = null;
  #hear: Hear = () => {};
  /** The hearing that reading waits for. */
  #slow: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(reader: number, writer: number) {
    this.path = descriptorPath(reader);
    this.#reader = reader;
    this.#writer = writer;
  }

  /** Who hears from now on. */
  hear(hear: Hear): void {
    this.#hear = hear;
    this.#failure = null;
    if (this.#socket !== null) return;
    this.#socket = new Socket({ fd: this.#reader, readable: true, writable: false });
    this.#socket.on('data', (chunk: Buffer) => this.#deliver(chunk));
    this.#socket.on('error', () => {});
    // Whoever waits for a command waits for its end, not for this.
    this.#socket.unref();
  }

  /**
   * Once the command is over: lets hear what it wrote and was not heard yet. True when nobody is left who could write
   * more: then the pipe serves another command. Otherwise it is read on until `giveUp`. Rejects when `hear` threw.
   */
  async drain(): Promise<boolean> {
    for (let bytes = 0; ; ) {
      if (this.#isBehind()) await this.#catchUp();
      closeDescriptor(this.#writer);
      if (this.#failure !== null) {
        this.giveUp();
        throw this.#failure.error;
      }
      // A stream that broke has closed its descriptor, which may be somebody else's by now.
      if (this.#socket?.destroyed) return false;
      const read = readNow(this.#reader, window);
      // That there is nothing to read, but could be, is told as an error.
      if (!read.ok) return false;
      if (read.value === 0) {
        this.#keep();
        return true;
      }
      bytes += read.value;
      this.#deliver(Buffer.from(window.subarray(0, read.value)));
      if (bytes > pipeBytes || !this.#reopen()) return false;
    }
  }

  /** The end was read: nobody else has the pipe. Whoever waits for the command does not wait for this. */
  #keep(): void {
    process.nextTick(() => {
      if (free.length < most && this.#reopen()) free.push(this);
      else this.giveUp();
    });
  }

  /** To be called before the event loop goes on: it would see an end. */
  #reopen(): boolean {
    const writer = openDescriptor(this.path, 'w');
    if (writer.ok) this.#writer = writer.value;
    return writer.ok;
  }

  /** Reads no more. */
  giveUp(): void {
    this.#socket?.destroy();
  }

  #deliver(chunk: Buffer): void {
    const slow = this.#hear(chunk);
    if (slow === undefined) return;
    this.#socket?.pause();
    this.#slow = slow
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .then(() => {
        this.#slow = null;
        this.#socket?.resume();
      });
  }

  /** Whether something was read that was not heard. */
  #isBehind(): boolean {
    return this.#slow !== null || (this.#socket?.readableLength ?? 0) > 0;
  }

  async #catchUp(): Promise<void> {
    while (this.#isBehind()) {
      await this.#slow;
      await turn();
    }
  }
}

const free: Pipe[] = [];

let making: Promise<Result<void, StartFailure>> | null = null;

/** Makes the first pipes before a command waits for them. What fails here fails again when one is wanted, and is told then. */
export async function warmPipes(): Promise<void> {
  if (free.length === 0) await makeBatch();
}

/** Many may wait for the same batch. */
function makeBatch(): Promise<Result<void, StartFailure>> {
  making ??= makeMore().finally(() => {
    making = null;
  });
  return making;
}

/** For both streams of a command. */
export type Pipes = { readonly out: Pipe; readonly errors: Pipe };

/** Both, or null when there are not as many: `makePipes` then. */
export function takePipes(): Result<Pipes, never> | null {
  if (free.length < 2) return null;
  const [out, errors] = [free.pop(), free.pop()];
  return out === undefined || errors === undefined ? null : ok({ out, errors });
}

/** As `takePipes`, after making some. Who finds nothing left of a batch waits for the next. */
export async function makePipes(): Promise<Result<Pipes, StartFailure>> {
  for (;;) {
    const made = await makeBatch();
    if (!made.ok) return made;
    const taken = takePipes();
    if (taken !== null) return taken;
  }
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
      const reader = openFifo(path);
      const writer = reader.ok ? openDescriptor(path, 'w') : reader;
      if (reader.ok && writer.ok) free.push(new Pipe(reader.value, writer.value));
      else if (reader.ok) closeDescriptor(reader.value);
      if (!writer.ok) return err(fileTrouble(writer.error));
    }
    return ok(undefined);
  } finally {
    removeTree(directory.value);
  }
}
