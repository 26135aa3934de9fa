/**
 * Ends processes inside a container, and gives the run's files back to their owner.
 *
 * Must not know: which command a process belongs to; a mark tells.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { monotonic } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { graceMs } from '../../process/process.ts';
import type { HearExecutor } from '../executor.ts';
import type { ExecutorFailure } from '../failure.ts';
import { execArguments } from './arguments.ts';
import { ask, containerState, demand, type Engine, lastLines } from './engine.ts';
import { giveBackArgv, lookArgv } from './scripts.ts';

/** How long killed processes may take to vanish. */
const patienceMs = 5000;

/**
 * SIGTERM, the grace (default 5 s), SIGKILL for every process in the container whose environment holds the mark, until two looks find
 * none. A container that is not running has none.
 */
export async function endInside(
  engine: Engine,
  container: string,
  mark: string,
  grace: number = graceMs,
): Promise<Result<void, ExecutorFailure>> {
  const began = monotonic();
  let clean = 0;
  while (clean < 2) {
    const late = monotonic() - began - grace;
    const signal = late < 0 ? 'TERM' : 'KILL';
    const looked = await exec(engine, container, lookArgv(signal, mark));
    if (!looked.ok) return looked;
    if (looked.value.code !== 0) {
      const state = await containerState(engine, container);
      if (!state.ok) return state;
      if (!state.value?.running) return ok(undefined);
      return err({ reason: 'engine', step: 'stop', lines: lastLines(looked.value.err) });
    }
    const left = Number(looked.value.out.trim());
    clean = left === 0 ? clean + 1 : 0;
    if (clean === 0 && late > patienceMs) {
      return err({ reason: 'engine', step: 'stop', lines: [`${left} processes could not be ended`] });
    }
    if (clean === 0) await pause(20);
  }
  return ok(undefined);
}

async function exec(engine: Engine, container: string, argv: readonly string[]) {
  const request = { container, workdir: '/', names: [], interactive: false, argv };
  const asked = await ask(engine, execArguments(request), 'stop');
  if (!asked.ok) return asked;
  const { code, out, err: errors } = asked.value;
  return ok({ code, out: out.toString(), err: errors.toString() });
}

/**
 * Makes the run's files the user's own: commands in the container ran as its root. Said, not failed, when it can't be
 * done: the run's result does not depend on it.
 */
export async function giveBack(
  engine: Engine,
  container: string,
  user: { readonly uid: number; readonly gid: number },
  hear: HearExecutor,
): Promise<void> {
  // Root can do with any file what it wants.
  if (user.uid === 0) return;
  const argv = giveBackArgv(user);
  const state = await containerState(engine, container);
  if (!state.ok || state.value === null) return;
  const given = state.value.running
    ? await exec(engine, container, argv)
    : await inAnother(engine, container, argv);
  if (given.ok && given.value.code === 0) return;
  const why = given.ok ? lastLines(given.value.err).join('; ') : 'the engine does not answer';
  await hear({ kind: 'note', text: `some files of the workspace may still belong to the container: ${why}` });
}

/** A dead container executes nothing: another one with its image and its mounts does. */
async function inAnother(engine: Engine, container: string, argv: readonly string[]) {
  const image = await demand(engine, ['container', 'inspect', '--format', '{{.Image}}', container], 'stop');
  if (!image.ok) return image;
  const [program = 'sh', ...rest] = argv;
  const args = ['--volumes-from', container, '--user', '0:0', '--network', 'none', '--entrypoint', program];
  const asked = await ask(engine, ['run', '--rm', ...args, image.value.trim(), ...rest], 'stop');
  if (!asked.ok) return asked;
  return ok({ code: asked.value.code, out: '', err: asked.value.err.toString() });
}
