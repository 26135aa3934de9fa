/**
 * What every command is given: where to print, where it stands, what is installed, when to stop.
 *
 * A command is `(context, options) => Promise<ExitCode>`, in a file of its own under `commands/`.
 * Must not know: any command, any repository.
 */
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Paint, paintWith, wantsColour } from './colour.ts';
import type { Interruption } from './interruption.ts';

/** One of the program's two streams. */
export type Output = {
  write(text: string | Uint8Array): void;
  /** Settles when the reader has taken what was written. Who prints much waits here: memory stays bounded. */
  drained(): Promise<void>;
  readonly paint: Paint;
  readonly colours: boolean;
  /** Null when it is not a terminal. */
  readonly columns: number | null;
};

/** Where the parts of this installation are. All paths are absolute. */
export type Installation = {
  readonly root: string;
  /** The program's file, to be started with `node`. */
  readonly bin: string;
  readonly node: string;
  /** The template of `post-receive`. */
  readonly hook: string;
  readonly templates: string;
  /** What every generated site gets as it is. */
  readonly assets: string;
  /** The script of the thread that holds a run's Lua VM. */
  readonly workerFile: string;
  /** The script of the process that starts a run's commands. */
  readonly launcherFile: string;
};

export type Context = {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** `--repo`, as it was written. */
  readonly repo: string | null;
  readonly installation: Installation;
  /**
   * From the first call on, ^C and the other polite signals abort this signal instead of ending the process, and so
   * does a reader of our output that went away. A second ^C ends the process. A command that never asks just dies.
   */
  interruption(): AbortSignal;
};

export function installationOf(bin: string): Installation {
  const root = dirname(dirname(bin));
  return {
    root,
    bin,
    node: process.execPath,
    hook: join(root, 'hooks', 'post-receive'),
    templates: join(root, 'templates'),
    assets: join(root, 'site'),
    workerFile: join(root, 'bin', 'worker.cjs'),
    launcherFile: join(root, 'bin', 'launcher.cjs'),
  };
}

export type GlobalOptions = {
  readonly repo?: string;
  /** False for `--no-color`. */
  readonly color?: boolean;
};

/** The context of this process. */
export function processContext(bin: string, globals: GlobalOptions, interruption: Interruption): Context {
  const colour = globals.color ?? true;
  return {
    stdout: outputTo(process.stdout, colour),
    stderr: outputTo(process.stderr, colour),
    cwd: process.cwd(),
    env: process.env,
    clock: systemClock,
    repo: globals.repo ?? null,
    installation: installationOf(bin),
    interruption: () => interruption.listen(),
  };
}

function outputTo(stream: NodeJS.WriteStream, colour: boolean): Output {
  const isTerminal = stream.isTTY === true;
  const colours = wantsColour({ asked: colour, env: process.env, isTerminal });
  return {
    write: (text) => {
      stream.write(text);
    },
    drained: () => {
      if (!stream.writableNeedDrain) return Promise.resolve();
      return new Promise((settle) => {
        stream.once('drain', settle);
        stream.once('close', settle);
      });
    },
    paint: paintWith(colours),
    colours,
    get columns() {
      return isTerminal ? stream.columns : null;
    },
  };
}
