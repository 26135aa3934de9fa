/**
 * Starts one process through zx: the only file that imports it.
 *
 * zx's own streams, store, messages and traces are switched off: the child gets descriptors. Its exit is heard of where
 * zx hears of it, before zx has made an answer of it. Must not know: who reads the other end of a descriptor.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { $, Options } from 'zx/core';
import { err, ok, type Result } from '../base/result.ts';
import { argvOf, type Command, type Environment, type StartFailure, shellPath } from './command.ts';
import { badText, explainStart } from './explain.ts';
import { type Identity, identify } from './identity.ts';

export type SpawnOptions = {
  readonly cwd: string;
  readonly env: Environment;
  /** The child's first three descriptors; null is `/dev/null`. */
  readonly stdio: readonly [number | null, number | null, number | null];
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

/** Starts a command from this process. */
export const spawnCommand: SpawnCommand = async (command, options) => {
  const { cwd, env } = options;
  const argv = argvOf(command);
  const bad = badText({ argv, env, cwd });
  if (bad !== null) return err(bad);
  const shell = await load();
  let child: ChildProcess | null = null;
  let failed: Promise<unknown> = new Promise(() => {});
  let exit: Promise<Exit> = new Promise(() => {});
  const start = () => {
    const [program, ...args] = argv;
    const stdio = options.stdio.map((descriptor) => descriptor ?? 'ignore');
    const started = spawn(program, args, { cwd, env, stdio, detached: true });
    failed = new Promise((tell) => started.once('error', tell));
    exit = new Promise((tell) => started.once('exit', (code, signal) => tell({ code, signal })));
    child = started;
    return started;
  };
  const pieces = Object.assign(['shell' in command ? command.shell : command.argv[0]], { raw: [''] });
  const store = { stdout: [], stderr: [], stdall: [] };
  // Set on the shell itself, which starts the process before it returns. Options given to a call would travel in
  // zx's async storage, and the first use of that slows every promise of this process.
  Object.assign(shell, { cwd, env, store, spawn: start as typeof spawn });
  // With every command zx looks for its caller in a trace.
  const running = untraced(() => shell(pieces));
  const pid = (child as ChildProcess | null)?.pid;
  if (pid === undefined) {
    // Out of descriptors, Node emits the error alone and zx would wait for ever.
    const cause = await Promise.race([failed, running.then((output) => output.cause)]);
    return err(explainStart(cause, { argv, env, cwd }));
  }
  return ok({ pid, identity: identify(pid), exit });
};

function untraced<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
