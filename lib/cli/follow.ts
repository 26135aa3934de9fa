/**
 * Streams the logs of runs to whoever pushed them, for as long as somebody reads.
 *
 * Watching only: ^C, or a pusher that is gone, ends the watching and never the runs.
 * Must not know: how the runs are worked.
 */
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonic } from '../base/clock.ts';
import { openNonBlockingWriter } from '../base/files.ts';
import { type RunId, shortRef } from '../base/ids.ts';
import { visible } from '../base/text.ts';
import type { RunRecord } from '../runs/records.ts';
import { isFinal } from '../runs/states.ts';
import type { Store } from '../store/store.ts';
import { paintWith } from './colour.ts';
import { type Listener, LogTeller } from './log-teller.ts';
import { sayState, took } from './words.ts';

export type FollowOptions = {
  /** Who reads nothing for this long is taken to be gone: nothing else tells of a pusher's death. Default 10 s. */
  readonly patienceMs?: number;
};

const defaultPatienceMs = 10_000;

/** How much may wait for a slow reader before the logs are read on. */
const mostWaiting = 64 * 1024;

const lookEveryMs = 20;

/**
 * Tells the runs one after the other until each has ended. Settles early when the reader of standard error stands
 * still or is gone, and at ^C.
 */
export async function followRuns(
  store: Store,
  ids: readonly RunId[],
  options: FollowOptions = {},
): Promise<void> {
  const stop = new AbortController();
  const interrupted = (): void => stop.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupted);
  const outlet = standardError();
  const pusher = new Pusher(outlet, stop, options.patienceMs ?? defaultPatienceMs);
  for (const id of ids) {
    if (stop.signal.aborted) break;
    const run = await new LogTeller(store, id, pusher, { signal: stop.signal }).follow(null);
    if (run !== null && isFinal(run.state)) pusher.write(sayEnd(run));
    await pusher.flush();
  }
  outlet.close();
  for (const signal of signals) process.off(signal, interrupted);
}

const plain = paintWith(false);

function sayEnd({ meta, state, times, outcome }: RunRecord): string {
  const words = [
    `run ${meta.number}`,
    visible(shortRef(meta.ref)),
    sayState(state, plain),
    took(times.startedAt, times.finishedAt, 0),
  ];
  const error = outcome?.error ?? null;
  const why = error === null ? '' : `: ${visible(error)}`;
  return `${words.filter((word) => word !== '').join('  ')}${why}\n`;
}

/** Takes bytes and never waits. */
type Outlet = {
  /** How many bytes were taken, or null: nobody reads any more. */
  write(bytes: Uint8Array): number | null;
  /** Whether all that was taken has reached the reader. */
  isEmpty(): boolean;
  close(): void;
};

/**
 * Node writes standard error synchronously: a pusher that died would hold us for ever. A pipe is opened anew, so that
 * the others who hold it don't notice; a socket can't be, and is written to as one.
 */
function standardError(): Outlet {
  const opened = openNonBlockingWriter('/proc/self/fd/2');
  if (!opened.ok) return socketOutlet(new Socket({ fd: 2, readable: false, writable: true }));
  const { write, close } = opened.value;
  return {
    write: (bytes) => {
      const written = write(bytes);
      return written.ok ? written.value : null;
    },
    isEmpty: () => true,
    close,
  };
}

function socketOutlet(socket: Socket): Outlet {
  let gone = false;
  socket.on('error', () => {
    gone = true;
  });
  return {
    write: (bytes) => {
      if (gone) return null;
      if (socket.writableLength > 0) return 0;
      socket.write(bytes);
      return bytes.length;
    },
    isEmpty: () => gone || socket.writableLength === 0,
    close: () => socket.destroy(),
  };
}

/** The reader at the other end of the push. Aborts `stop` when there is none any more. */
class Pusher implements Listener {
  readonly paint = plain;
  readonly colours = false;
  readonly #out: Outlet;
  readonly #stop: AbortController;
  readonly #patienceMs: number;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(out: Outlet, stop: AbortController, patienceMs: number) {
    this.#out = out;
    this.#stop = stop;
    this.#patienceMs = patienceMs;
  }

  readonly write = (text: string | Uint8Array): void => {
    if (text.length === 0) return;
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  };

  readonly drained = async (): Promise<void> => {
    if (this.#size >= mostWaiting) await this.flush();
    else this.#push();
  };

  /** Until all is written, or nobody reads. */
  async flush(): Promise<void> {
    let since = monotonic();
    while ((this.#size > 0 || !this.#out.isEmpty()) && !this.#stop.signal.aborted) {
      if (this.#push() > 0) since = monotonic();
      else if (monotonic() - since > this.#patienceMs) this.#stop.abort();
      else await pause(lookEveryMs);
    }
  }

  /** Writes as much as fits now. */
  #push(): number {
    let taken = 0;
    for (;;) {
      const [chunk] = this.#chunks;
      if (chunk === undefined) return taken;
      const written = this.#out.write(chunk);
      if (written === null) {
        this.#stop.abort();
        return taken;
      }
      taken += written;
      this.#size -= written;
      if (written < chunk.length) {
        this.#chunks[0] = chunk.subarray(written);
        return taken;
      }
      this.#chunks.shift();
    }
  }
}
