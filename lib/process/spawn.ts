/**
 * Starts one process through zx: the only file that imports it.
 *
 * zx's own streams, store, messages and traces are switched off: the child gets descriptors. Its exit is heard of where
 * zx hears of it, before zx has made an answer of it. Must not know: who reads the other end of a descriptor.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { $, Options } from 'zx/core';
import { err, ok, type Result } from '../base/result.ts';
import { argvOf, type Command, type Environment, type StartFailure, shellPath } from './command.ts';
import { badText, explainStart } from './explain.ts';
import { type Identity, identify } from './identity.ts';

export type SpawnOptions = {
  readonly cwd: string;
  readonly env: Environment;
  /** `NAME=value`, set besides. */
  readonly mark?: string | undefined;
  /** The child's first three descriptors; null is `/dev/null`. */
  readonly stdio: readonly [number | null, number | null, number | null];
  /** Told of the exit at once, before zx makes an answer of it and before any promise. */
  readonly exited?: (exit: Exit) => void;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Spawned = {
  readonly pid: number;
  /** Who that is, known before anybody can have waited for it; null where the system does not say. */
  readonly identity: Identity | null;
  /** The exit, with whatever the process left behind still running; null when nobody is left who could know it. */
  readonly exit: Promise<Exit | null>;
};

/** Starts a command as the leader of its own session and process group. */
export type SpawnCommand = (
  command: Command,
  options: SpawnOptions,
) => Promise<Result<Spawned, StartFailure>>;

let loading: Promise<$> | null = null;

/** Loads zx, which the first command does otherwise: a process that starts none does not pay for it. */
export const load = (): Promise<$> => {
  loading ??= import('zx/core').then((zx) => Object.assign(zx.$, quiet));
  return loading;
};

/** Every option is said, so that no `ZX_…` in our own environment has a say. */
const quiet: Partial<Options> = {
  quiet: true,
  verbose: false,
  nothrow: true,
  shell: shellPath,
  prefix: '',
  postfix: '',
  preferLocal: false,
  quote: (text) => text,
};

/** What became of a start. Without a pid it failed, for the cause that `failed` tells. */
type Start = {
  readonly pid: number | undefined;
  readonly failed: Promise<unknown>;
  readonly exit: Promise<Exit>;
};

/** A call of zx that has got as far as it can without its command. */
type Call = (command: Command, options: SpawnOptions) => Promise<Start>;

let ready: Call | null = null;

/** Makes the call of the next command, for whoever has time now: it takes zx as long as a small part of a fork. */
export async function readyCall(): Promise<void> {
  ready ??= callZx(await load());
}

/** Starts a command from this process. */
export const spawnCommand: SpawnCommand = async (command, options) => {
  const { cwd } = options;
  const env = marked(options);
  const argv = argvOf(command);
  const bad = badText({ argv, env, cwd });
  if (bad !== null) return err(bad);
  const call = ready ?? callZx(await load());
  ready = null;
  const { pid, failed, exit } = await call(command, { ...options, env });
  if (pid === undefined) return err(explainStart(await failed, { argv, env, cwd }));
  return ok({ pid, identity: identify(pid), exit });
};

function marked({ env, mark }: SpawnOptions): Environment {
  if (mark === undefined) return env;
  const equals = mark.indexOf('=');
  return { ...env, [mark.slice(0, equals)]: mark.slice(equals + 1) };
}

/** zx waits for the text of a call that is a promise. */
function callZx(shell: $): Call {
  let start = (): ChildProcess => nobody();
  let tell = (_text: string): void => {};
  const text = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const store = { stdout: [], stderr: [], stdall: [] };
  // Set on the shell itself. Options given to a call would travel in zx's async storage, and the first use of that
  // slows every promise of this process.
  Object.assign(shell, { store, spawn: (() => start()) as typeof spawn });
  // With every command zx looks for its caller in a trace.
  void untraced(() => shell(Object.assign(['', ''], { raw: ['', ''] }), text));
  return (command, options) =>
    new Promise((started) => {
      start = () => {
        try {
          const child = begin(command, options);
          const failed = new Promise((told) => child.once('error', told));
          const exit = new Promise<Exit>((told) => {
            child.once('exit', (code, signal) => {
              options.exited?.({ code, signal });
              told({ code, signal });
            });
          });
          started({ pid: child.pid, failed, exit });
          return child;
        } catch (error) {
          // Where it waited for the text, zx would let this go as a rejection that nobody hears.
          started({ pid: undefined, failed: Promise.resolve(error), exit: new Promise(() => {}) });
          return nobody();
        }
      };
      tell('shell' in command ? command.shell : command.argv[0]);
    });
}

function begin(command: Command, { cwd, env, stdio }: SpawnOptions): ChildProcess {
  const [program, ...args] = argvOf(command);
  return spawn(program, args, { cwd, env, stdio: stdio.map((each) => each ?? 'ignore'), detached: true });
}

/** A child that never was: nothing is ever heard of it. */
const nobody = (): ChildProcess => new EventEmitter() as ChildProcess;

function untraced<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
