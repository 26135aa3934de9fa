/**
 * A process that starts commands for this one.
 *
 * A fork copies the page tables of the process that forks. The process of a run holds the records, the logs and the VM:
 * forking from a small one takes half the time, and meanwhile this one goes on. The small one holds none of our
 * descriptors: it opens a command's through `/proc`. It ends when we do, since its channel closes then; with commands
 * under way that was our death, and it ends them first.
 * Must not know: what a command is for.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { unreachable } from '../base/unreachable.ts';
import type { Command, Environment, StartFailure } from './command.ts';
import type { Identity } from './identity.ts';
import type { SpawnCommand, SpawnEnd, Stdio } from './spawn.ts';

/** How an environment differs from the one of the command before; at first from an empty one. */
export type EnvironmentChange = { readonly set: Environment; readonly unset: readonly string[] };

export type ToLauncher =
  | {
      readonly kind: 'start';
      readonly id: number;
      readonly command: Command;
      readonly cwd: string;
      /** Most commands of a run have all of it in common but the mark. */
      readonly env: EnvironmentChange;
      readonly mark: string | undefined;
      readonly stdio: Stdio;
    }
  | { readonly kind: 'identify'; readonly id: number };

export type FromLauncher =
  | { readonly kind: 'ended'; readonly id: number; readonly end: SpawnEnd }
  | { readonly kind: 'identified'; readonly id: number; readonly identity: Identity | null };

/** What waits for word of one command. */
type Waiting = {
  readonly ended: (end: SpawnEnd) => void;
  readonly identified: ((identity: Identity | null) => void)[];
};

const gone: StartFailure = {
  reason: 'io',
  code: 'launcher',
  detail: 'the process that starts commands died',
};

/** Starts commands in a process of its own, from `start` (or the first command) to `close`. */
export class Launcher {
  readonly #file: string;
  readonly #env: Environment;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | null = null;
  #lost = false;
  #last = 0;
  #lastEnv: Environment = {};

  /** `file` is the script of `launching.ts`. */
  constructor(file: string, env: Environment) {
    this.#file = file;
    this.#env = env;
  }

  /** Starts the process, so that the first command finds it ready. */
  start(): void {
    if (this.#child !== null || this.#lost) return;
    // Its complaints, if it should ever break, go where ours go. A ^C in our terminal is not for it.
    const child = spawn(process.execPath, [this.#file], {
      env: this.#env,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true,
    });
    this.#child = child;
    child.on('message', (message: FromLauncher) => this.#hear(message));
    child.on('error', () => this.#lose());
    child.on('disconnect', () => this.#lose());
    child.on('exit', () => this.#lose());
    this.#rest();
  }

  /** As `spawnCommand`, from there. */
  readonly spawn: SpawnCommand = (command, { cwd, env, mark, stdio, ended }) => {
    this.start();
    const child = this.#child;
    if (child === null || this.#lost) {
      queueMicrotask(() => ended({ kind: 'not-started', failure: gone }));
      return { identity: async () => null };
    }
    const send = (message: ToLauncher): boolean => child.send(message);
    this.#last += 1;
    const id = this.#last;
    const identified: Waiting['identified'] = [];
    this.#waiting.set(id, { ended, identified });
    child.ref();
    child.channel?.ref();
    send({ kind: 'start', id, command, cwd, env: changeOf(this.#lastEnv, env), mark, stdio });
    this.#lastEnv = env;
    return {
      identity: () =>
        new Promise((tell) => {
          if (!this.#waiting.has(id)) return tell(null);
          identified.push(tell);
          send({ kind: 'identify', id });
        }),
    };
  };

  /** Ends the process, once nothing that it started runs any more. */
  close(): void {
    this.#lost = true;
    if (this.#child?.connected) this.#child.disconnect();
    // A command may have stopped it.
    this.#child?.kill('SIGCONT');
  }

  #hear(message: FromLauncher): void {
    switch (message.kind) {
      case 'identified':
        this.#waiting.get(message.id)?.identified.shift()?.(message.identity);
        return;
      case 'ended':
        this.#end(message.id, message.end);
        this.#rest();
        return;
      default:
        unreachable(message);
    }
  }

  #end(id: number, end: SpawnEnd): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    for (const tell of waiting?.identified ?? []) tell(null);
    waiting?.ended(end);
  }

  /** With nothing under way it keeps nobody alive. */
  #rest(): void {
    if (this.#waiting.size > 0) return;
    this.#child?.unref();
    this.#child?.channel?.unref();
  }

  #lose(): void {
    this.#lost = true;
    for (const id of [...this.#waiting.keys()]) this.#end(id, { kind: 'lost' });
  }
}

const noChange: EnvironmentChange = { set: {}, unset: [] };

function changeOf(before: Environment, now: Environment): EnvironmentChange {
  if (before === now) return noChange;
  return {
    set: Object.fromEntries(Object.entries(now).filter(([name, value]) => before[name] !== value)),
    unset: Object.keys(before).filter((name) => !Object.hasOwn(now, name)),
  };
}

/** The environment that `changeOf` compared. */
export function changed(before: Environment, { set, unset }: EnvironmentChange): Environment {
  const now = { ...before, ...set };
  for (const name of unset) delete now[name];
  return now;
}
