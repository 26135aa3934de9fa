/**
 * A job's log as text for a terminal, entry by entry.
 *
 * Must not know: where logs lie, who reads.
 */
import { unreachable } from '../base/unreachable.ts';
import type { LogEntry } from '../runs/records.ts';
import type { Paint } from './colour.ts';
import { TerminalText, terminalText } from './terminal-text.ts';

export type LogTextOptions = {
  readonly paint: Paint;
  readonly colours: boolean;
  /** What every line begins with; default nothing. */
  readonly prefix?: string;
};

/** One job's log; its two streams are kept apart until their lines are whole. */
export class LogText {
  readonly #options: LogTextOptions;
  readonly #streams: { readonly out: TerminalText; readonly err: TerminalText };

  constructor(options: LogTextOptions) {
    this.#options = options;
    this.#streams = { out: new TerminalText(options), err: new TerminalText(options) };
  }

  /** The lines that one more entry completes. */
  entry(entry: LogEntry): string {
    const { paint } = this.#options;
    switch (entry.kind) {
      case 'output':
        return this.#prefixed(this.#streams[entry.stream].push(entry.bytes));
      case 'command':
        return this.end() + this.#prefixed(`${paint('bold', `$ ${terminalText(entry.cmd)}`)}\n`);
      case 'exit':
        return this.end() + this.#prefixed(sayEnd(entry.exit, entry.signal, paint));
      case 'note':
        return this.end() + this.#prefixed(`${paint('cyan', terminalText(entry.text))}\n`);
      case 'attempt':
        return this.end() + this.#prefixed(`${paint('yellow', `attempt ${entry.attempt}`)}\n`);
      case 'truncated':
        return this.end() + this.#prefixed(`${paint('yellow', 'the log is full: the rest was not kept')}\n`);
      default:
        return unreachable(entry);
    }
  }

  /** Lines that never ended. */
  end(): string {
    return this.#prefixed(this.#streams.out.end() + this.#streams.err.end());
  }

  #prefixed(text: string): string {
    const { prefix } = this.#options;
    return prefix === undefined || prefix === '' || text === '' ? text : text.replace(/^(?!$)/gm, prefix);
  }
}

/** Nothing for a command that went well. */
function sayEnd(exit: number, signal: string | null, paint: Paint): string {
  if (signal !== null) return `${paint('red', `ended by ${signal}`)}\n`;
  return exit === 0 ? '' : `${paint('red', `exited ${exit}`)}\n`;
}
