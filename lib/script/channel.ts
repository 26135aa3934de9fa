/**
 * A thread that is asked one thing at a time, and ended when it does not answer in time.
 *
 * Must not know: what is asked, what follows from the loss of a thread.
 */
import { Worker } from 'node:worker_threads';
import { after } from '../base/clock.ts';
import type { FromThread, ToThread } from './wire.ts';

/** The thread is gone: it did not answer in time, used all its memory, or broke. */
export type Lost = {
  readonly kind: 'lost';
  readonly why: 'time' | 'memory' | 'broken';
  readonly detail: string;
};

export type ChannelOptions = {
  /** How long an answer may take. */
  readonly patienceMs: number;
  /** How long loading the thread's code may take. */
  readonly startMs: number;
  readonly heapMb: number;
};

export class Channel {
  readonly #worker: Worker;
  readonly #options: ChannelOptions;
  /** The last request without an answer: they wait for each other, as the one VM at the other end makes them anyway. */
  #last: Promise<FromThread | Lost> | null = null;
  #heard: ((message: FromThread | Lost) => void) | null = null;
  #lost: Lost | null = null;

  constructor(file: string, options: ChannelOptions) {
    this.#options = options;
    this.#worker = new Worker(file, {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: options.heapMb },
    });
    this.#worker.on('message', (message: FromThread) => this.#hear(message));
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'broken';
      this.#lose({ kind: 'lost', why, detail: error.message });
    });
    this.#worker.on('exit', (code) =>
      this.#lose({ kind: 'lost', why: 'broken', detail: `its thread exited ${code}` }),
    );
    void this.#inTurn(() => this.#answered(options.startMs, () => {}));
  }

  /** The answer to a message, after those to all earlier ones; without any, it is posted when this returns. */
  ask(message: ToThread): Promise<FromThread | Lost> {
    return this.#inTurn(() =>
      this.#lost === null
        ? this.#answered(this.#options.patienceMs, () => this.#worker.postMessage(message))
        : Promise.resolve(this.#lost),
    );
  }

  #inTurn(request: () => Promise<FromThread | Lost>): Promise<FromThread | Lost> {
    const answered = this.#last === null ? request() : this.#last.then(request);
    this.#last = answered;
    void answered.then(() => {
      if (this.#last === answered) this.#last = null;
    });
    return answered;
  }

  /** A message without an answer. */
  tell(message: ToThread): void {
    if (this.#lost === null) this.#worker.postMessage(message);
  }

  async end(): Promise<void> {
    this.#lose({ kind: 'lost', why: 'broken', detail: 'its thread was ended' });
    await this.#worker.terminate();
  }

  #answered(patienceMs: number, send: () => void): Promise<FromThread | Lost> {
    return new Promise((resolve) => {
      const callOff = after(patienceMs, () => {
        this.#lose({ kind: 'lost', why: 'time', detail: `no answer within ${patienceMs} ms` });
        // The thread ends when it can; nobody waits for it.
        void this.#worker.terminate();
      });
      this.#heard = (message) => {
        callOff();
        this.#heard = null;
        resolve(message);
      };
      send();
    });
  }

  #hear(message: FromThread | Lost): void {
    this.#heard?.(message);
  }

  #lose(lost: Lost): void {
    this.#lost ??= lost;
    this.#hear(this.#lost);
  }
}
