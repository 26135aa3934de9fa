/**
 * The process that starts a run's commands: one command for each message, and two answers for each.
 *
 * The entry of a bundle of its own, and small: it is forked from all the time. Must not know: who asks.
 */
import { closeDescriptor, openDescriptor } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Environment, fileTrouble, type StartFailure } from './command.ts';
import { endMarked } from './end.ts';
import type { Identity } from './identity.ts';
import { changed, type FromLauncher, type ToLauncher } from './launcher.ts';
import { type Exit, readyCall, spawnCommand } from './spawn.ts';

type Stdio = [number | null, number | null, number | null];

const say = (message: FromLauncher): void => {
  // Whoever asked may be gone; then so are we, in a moment.
  process.send?.(message, undefined, undefined, () => {});
};

function open(paths: ToLauncher['stdio']): Result<Stdio, StartFailure> {
  const stdio: Stdio = [null, null, null];
  for (const [at, path] of paths.entries()) {
    if (path === null) continue;
    const opened = openDescriptor(path, at === 0 ? 'r' : 'w');
    if (!opened.ok) {
      close(stdio);
      return err(fileTrouble(opened.error));
    }
    stdio[at] = opened.value;
  }
  return ok(stdio);
}

function close(stdio: Stdio): void {
  for (const descriptor of stdio) if (descriptor !== null) closeDescriptor(descriptor);
}

/** Of the last command. */
let lastEnv: Environment = {};

/** The commands under way, by the mark of each. */
const running = new Map<string, Identity | null>();

async function start({ id, command, cwd, env: change, mark, stdio }: ToLauncher): Promise<void> {
  const env = changed(lastEnv, change);
  lastEnv = env;
  const opened = open(stdio);
  if (!opened.ok) return say({ kind: 'not-started', id, failure: opened.error });
  const exited = (exit: Exit): void => {
    say({ kind: 'ended', id, exit });
    if (mark !== undefined) running.delete(mark);
  };
  const spawned = await spawnCommand(command, { cwd, env, mark, stdio: opened.value, exited });
  close(opened.value);
  if (!spawned.ok) return say({ kind: 'not-started', id, failure: spawned.error });
  const { pid, identity } = spawned.value;
  say({ kind: 'started', id, pid, identity });
  if (mark !== undefined) running.set(mark, identity);
  void readyCall();
}

/** Whoever is gone while commands run has died: nobody else might end what it had started. */
async function leave(): Promise<void> {
  await Promise.all([...running].map(([mark, leader]) => endMarked(mark, { leader })));
  process.exit();
}

process.on('message', (message: ToLauncher) => void start(message));
process.on('disconnect', () => void leave());
// The first start compiles what all others use: here nobody waits for it yet.
void spawnCommand({ shell: ':' }, { cwd: '/', env: {}, stdio: [null, null, null] }).then(readyCall);
