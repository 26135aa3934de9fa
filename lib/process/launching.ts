/**
 * The process that starts a run's commands: one command for each message, and an answer when it is over.
 *
 * The entry of a bundle of its own, and small: it is forked from all the time. Must not know: who asks.
 */
import { unreachable } from '../base/unreachable.ts';
import type { Environment } from './command.ts';
import { endMarked } from './end.ts';
import { changed, type FromLauncher, type ToLauncher } from './launcher.ts';
import { type SpawnEnd, type Spawned, spawnCommand } from './spawn.ts';

const say = (message: FromLauncher): void => {
  // Whoever asked may be gone; then so are we, in a moment.
  process.send?.(message, undefined, undefined, () => {});
};

// zx takes two traces with every command, and nobody reads one here.
Error.stackTraceLimit = 0;

/** Of the last command. */
let lastEnv: Environment = {};

/** The commands under way. */
const running = new Map<number, Spawned & { readonly mark: string | undefined }>();

function start({ id, command, cwd, env: change, mark, stdio }: Extract<ToLauncher, { kind: 'start' }>): void {
  const env = changed(lastEnv, change);
  lastEnv = env;
  const ended = (end: SpawnEnd): void => {
    say({ kind: 'ended', id, end });
    running.delete(id);
  };
  running.set(id, { mark, ...spawnCommand(command, { cwd, env, mark, stdio, ended }) });
}

async function answer(message: ToLauncher): Promise<void> {
  switch (message.kind) {
    case 'start':
      return start(message);
    case 'identify': {
      const identity = (await running.get(message.id)?.identity()) ?? null;
      return say({ kind: 'identified', id: message.id, identity });
    }
    default:
      unreachable(message);
  }
}

/** Whoever is gone while commands run has died: nobody else might end what it had started. */
async function leave(): Promise<void> {
  await Promise.all(
    [...running.values()].map(async ({ mark, identity }) => {
      if (mark !== undefined) await endMarked(mark, { leader: await identity() });
    }),
  );
  process.exit();
}

process.on('message', (message: ToLauncher) => void answer(message));
process.on('disconnect', () => void leave());
// The first start compiles what all others use: here nobody waits for it yet.
spawnCommand({ shell: ':' }, { cwd: '/', env: {}, stdio: [null, null, null], ended: () => {} });
