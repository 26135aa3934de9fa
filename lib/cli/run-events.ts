/**
 * A run's events as lines of JSON, for programs: `--events`.
 *
 * The kinds and keys are the contract's; what a program finds in the records anyway is left out.
 * Must not know: where the lines go.
 */
import { isUtf8 } from 'node:buffer';
import { unfinishedTail } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import type { RunEvent, Sink } from '../runs/events.ts';

type Output = {
  readonly at: string;
  /** Null for output that belongs to no job, such as an image build's. */
  readonly job: string | null;
  readonly sh: number | null;
  readonly stream: 'out' | 'err';
};

/** The beginning of a character whose rest has not come yet. */
type Held = { readonly output: Output; readonly bytes: Buffer };

/** Writes each event as one line. */
export class EventLines implements Sink {
  readonly #write: (line: string) => void | Promise<void>;
  readonly #held = new Map<string, Held>();

  constructor(write: (line: string) => void | Promise<void>) {
    this.#write = write;
  }

  hear(event: RunEvent): void | Promise<void> {
    const lines = this.#lines(event);
    if (lines.length > 0) return this.#write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  #lines(event: RunEvent): object[] {
    switch (event.event) {
      case 'run-started': {
        const { at, run, number, ref, sha, jobs } = event;
        return [{ event: event.event, at, run, number, ref, sha, jobs }];
      }
      case 'job-started':
        return [{ event: event.event, at: event.at, job: event.job, attempt: event.attempt }];
      case 'command-started': {
        const { at, job, sh, cmd } = event;
        return [{ event: event.event, at, job, sh, cmd }];
      }
      case 'output': {
        const { at, job, sh, stream } = event;
        return this.#output({ at, job, sh, stream }, event.bytes);
      }
      case 'run-output':
        return this.#output({ at: event.at, job: null, sh: null, stream: event.stream }, event.bytes);
      case 'command-finished': {
        const { at, job, sh, exit, signal } = event;
        const own = ({ output }: Held): boolean => output.job === job && output.sh === sh;
        return [...this.#letGo(own), { event: event.event, at, job, sh, exit, signal }];
      }
      case 'note':
        return [{ event: event.event, at: event.at, job: event.job, text: event.text }];
      case 'container':
        return [];
      case 'job-finished': {
        const { at, job, state, reason, error } = event;
        const own = ({ output }: Held): boolean => output.job === job;
        return [...this.#letGo(own), { event: event.event, at, job, state, reason, error }];
      }
      case 'run-finished': {
        const { at, state, outcome } = event;
        return [...this.#letGo(() => true), { event: event.event, at, state, outcome: outcome.outcome }];
      }
      default:
        return unreachable(event);
    }
  }

  /** A character that a chunk cuts in two waits for its rest: text must not become base64 for that. */
  #output(output: Output, chunk: Uint8Array): object[] {
    const key = JSON.stringify([output.job, output.sh, output.stream]);
    const held = this.#held.get(key);
    const bytes = held === undefined ? Buffer.from(chunk) : Buffer.concat([held.bytes, chunk]);
    const whole = bytes.length - unfinishedTail(bytes);
    this.#held.delete(key);
    if (whole < bytes.length) this.#held.set(key, { output, bytes: bytes.subarray(whole) });
    return whole === 0 ? [] : [lineOf(output, bytes.subarray(0, whole))];
  }

  #letGo(which: (held: Held) => boolean): object[] {
    const lines: object[] = [];
    for (const [key, held] of this.#held) {
      if (!which(held)) continue;
      this.#held.delete(key);
      lines.push(lineOf(held.output, held.bytes));
    }
    return lines;
  }
}

function lineOf({ at, job, sh, stream }: Output, bytes: Buffer): object {
  const said = isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') };
  return { event: 'output', at, job, sh, stream, ...said };
}
