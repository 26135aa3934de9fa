/**
 * Processes of quire's own: one that outlives us, and one that must not.
 *
 * Must not know: what they are for.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { err, ok, type Result } from '../base/result.ts';
import type { Argv } from './capture.ts';
import type { Environment, StartFailure } from './command.ts';
import { explainStart } from './explain.ts';

export type ProcessOptions = {
  readonly env: Environment;
  readonly cwd: string;
  /** Where its standard output and error go; null is `/dev/null`. Standard input always is. */
  readonly output: number | null;
};

/** Starts a process in a session of its own that holds none of our descriptors and outlives us. Its pid. */
export async function spawnDetached(
  argv: Argv,
  options: ProcessOptions,
): Promise<Result<number, StartFailure>> {
  const output = options.output ?? 'ignore';
  const started = await start(argv, options, ['ignore', output, output]);
  if (!started.ok) return started;
  started.value.child.unref();
  return ok(started.value.pid);
}

/** The descriptor of a supervised child on which it notices the end of its supervisor. */
export const leash = 3;

export type SupervisedChild = {
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Tells the child to end: it sees what it would see if we had died. */
  letGo(): void;
};

/**
 * Starts a child that ends when we do: its descriptor `leash` closes with our death, however we die, and
 * `whenSupervisorGone` tells it. It leads its own session, so a ^C in our terminal reaches us alone.
 */
export async function spawnChild(
  argv: Argv,
  options: ProcessOptions,
): Promise<Result<SupervisedChild, StartFailure>> {
  const output = options.output ?? 'ignore';
  const started = await start(argv, options, ['ignore', output, output, 'pipe']);
  if (!started.ok) return started;
  const { child, pid } = started.value;
  const held = child.stdio[leash];
  held?.on('error', () => {});
  const ended: SupervisedChild['ended'] = new Promise((tell) => {
    child.on('exit', (code, signal) => tell({ code, signal }));
  });
  return ok({ pid, ended, letGo: () => held?.destroy() });
}

/** In a supervised child: calls `act` once when the supervisor is gone. Keeps no process alive by itself. */
export function whenSupervisorGone(act: () => void): void {
  const socket = new Socket({ fd: leash });
  socket.on('error', () => {});
  socket.once('close', act);
  socket.resume();
  socket.unref();
}

async function start(
  argv: Argv,
  { env, cwd }: ProcessOptions,
  stdio: readonly ('ignore' | 'pipe' | number)[],
): Promise<Result<{ readonly child: ChildProcess; readonly pid: number }, StartFailure>> {
  const [program, ...args] = argv;
  try {
    const child = spawn(program, args, { env, cwd, stdio: [...stdio], detached: true });
    const { pid } = child;
    if (pid !== undefined) return ok({ child, pid });
    const error = await new Promise((tell) => child.once('error', tell));
    return err(explainStart(error, { argv, env, cwd }));
  } catch (error) {
    return err(explainStart(error, { argv, env, cwd }));
  }
}
