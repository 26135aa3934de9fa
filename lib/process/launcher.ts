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
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Command, Environment, StartFailure } from './command.ts';
import type { Identity } from './identity.ts';
import type { Exit, Spawned, SpawnOptions } from './spawn.ts';

/** How an environment differs from the one of the command before; at first from an empty one. */
export type EnvironmentChange = { readonly set: Environment; readonly unset: readonly string[] };

/** A command to start. `stdio` are paths; null is `/dev/null`. */
export type ToLauncher = {
  readonly id: number;
  readonly command: Command;
  readonly cwd: string;
  /** Most commands of a run have all of it in common but the mark. */
  readonly env: EnvironmentChange;
  readonly mark: string | undefined;
  readonly stdio: readonly [string | null, string | null, string | null];
};

export type FromLauncher =
  | {
      readonly kind: 'started';
      readonly id: number;
      readonly pid: number;
      readonly identity: Identity | null;
    }
  | { readonly kind: 'not-started'; readonly id: number; readonly failure: StartFailure }
  | { readonly kind: 'ended'; readonly id: number; readonly exit: Exit | null };

type Waiting = {
  readonly started: (result: Result<Spawned, StartFailure>) => void;
  readonly ended: (exit: Exit | null) => void;
  readonly exit: Promise<Exit | null>;
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
  readonly spawn = (
    command: Command,
    { cwd, env, mark, stdio }: SpawnOptions,
  ): Promise<Result<Spawned, StartFailure>> => {
    this.start();
    const child = this.#child;
    if (child === null || this.#lost) return Promise.resolve(err(gone));
    this.#last += 1;
    const id = this.#last;
    const path = (descriptor: number | null): string | null =>
      descriptor === null ? null : `/proc/${process.pid}/fd/${descriptor}`;
    const message: ToLauncher = {
      id,
      command,
      cwd,
      env: changeOf(this.#lastEnv, env),
      mark,
      stdio: [path(stdio[0]), path(stdio[1]), path(stdio[2])],
    };
    this.#lastEnv = env;
    let ended: Waiting['ended'] = () => {};
    const exit = new Promise<Exit | null>((tell) => {
      ended = tell;
    });
    return new Promise((started) => {
      this.#waiting.set(id, { started, ended, exit });
      child.ref();
      child.channel?.ref();
      child.send(message);
    });
  };

  /** Ends the process; what it started goes on. */
  close(): void {
    this.#lost = true;
    if (this.#child?.connected) this.#child.disconnect();
  }

  #hear(message: FromLauncher): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    switch (message.kind) {
      case 'started':
        waiting.started(ok({ pid: message.pid, identity: message.identity, exit: waiting.exit }));
        return;
      case 'not-started':
        waiting.started(err(message.failure));
        break;
      case 'ended':
        waiting.ended(message.exit);
        break;
      default:
        unreachable(message);
    }
    this.#waiting.delete(message.id);
    this.#rest();
  }

  /** With nothing under way it keeps nobody alive. */
  #rest(): void {
    if (this.#waiting.size > 0) return;
    this.#child?.unref();
    this.#child?.channel?.unref();
  }

  #lose(): void {
    this.#lost = true;
    for (const { started, ended } of this.#waiting.values()) {
      started(err(gone));
      ended(null);
    }
    this.#waiting.clear();
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
