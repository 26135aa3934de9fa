/**
 * What makes a command end before it is done: a signal, a reader that went away, a stream that takes no more.
 *
 * Must not know: what the command is doing.
 */
import { exits } from './exit.ts';

/** Hears of both streams' errors from the start, of signals once somebody wants to end in good order. */
export class Interruption {
  readonly #controller = new AbortController();
  #listening = false;
  #failed = false;

  constructor() {
    process.stdout.on('error', (error) => this.#cannotWrite(process.stdout, error));
    process.stderr.on('error', (error) => this.#cannotWrite(process.stderr, error));
  }

  /** Whether something that was to be printed could not be written: then nothing that ends here is a success. */
  get failed(): boolean {
    return this.#failed;
  }

  listen(): AbortSignal {
    if (this.#listening) return this.#controller.signal;
    this.#listening = true;
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => this.#interrupt());
    return this.#controller.signal;
  }

  #cannotWrite(stream: NodeJS.WriteStream, { code }: NodeJS.ErrnoException): void {
    // `quire list | head`, a terminal that was closed: nobody reads on, so there is nothing to complain about.
    const isGone = code === 'EPIPE' || stream.isTTY;
    if (!isGone) this.#complain(stream, code ?? 'unknown');
    this.#stop(isGone ? exits.done : exits.infrastructure);
  }

  /** Said once: a command that ends in good order may go on writing. */
  #complain(stream: NodeJS.WriteStream, code: string): void {
    const isNews = !this.#failed && stream === process.stdout;
    this.#failed = true;
    if (isNews) process.stderr.write(`quire: could not write to standard output: ${code}\n`);
  }

  /** There is nothing left to do but what a command that listens does to end in good order. */
  #stop(code: number): void {
    if (!this.#listening) process.exit(code);
    this.#controller.abort();
  }

  #interrupt(): void {
    if (this.#controller.signal.aborted) process.exit(exits.interrupted);
    this.#controller.abort();
  }
}
