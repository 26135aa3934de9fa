/**
 * A command that goes on while the test reads what it says and tells it things.
 *
 * Must not know: which command.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { bin, type Forge, until } from '../rig/forge.ts';

export class Talker {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #said = '';

  /** Starts bin/quire in a directory. */
  constructor(forge: Forge, cwd: string, ...words: string[]) {
    this.#child = spawn(process.execPath, [bin, ...words], {
      cwd,
      env: forge.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.#said += bytes;
      });
    }
    this.#ended = new Promise((tell) => this.#child.on('close', tell));
  }

  said = (): string => this.#said;

  /** How often a text was said so far. */
  times = (text: string): number => this.#said.split(text).length - 1;

  /** Waits until a text was said so many times. */
  async hears(text: string, times = 1): Promise<void> {
    await until(`'${text}' ${times} times`, () => this.times(text) >= times, 20_000).catch((error) => {
      throw new Error(`${error.message} in:\n${this.#said}`);
    });
  }

  /** Sends a signal and waits for the end: the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.#child.kill(signal);
    return this.#ended;
  }
}
