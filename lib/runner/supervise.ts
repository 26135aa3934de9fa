/**
 * Starts the process of one run and tells how it ended.
 *
 * The process waits for its claim: it must exist before `owner.yml` can name it. It ends when its supervisor does.
 * Must not know: what a run does.
 */
import { join } from 'node:path';
import { closeDescriptor, list, openDescriptor, readRange, remove, sayFileFailure } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { visible } from '../base/text.ts';
import { type Identity, identify, sayStartFailure, spawnChild } from '../process/process.ts';
import type { Store } from '../store/store.ts';
import { ownEnvironment, type Server } from './server.ts';

export type RunProcess = {
  readonly owner: Identity;
  /** How it ended, in words for an operator. */
  readonly ended: Promise<string>;
  letGo(): void;
};

/**
 * A run streams: what it allocates dies young. A small nursery costs it little and keeps its memory small.
 */
const smallHeap = '--max-semi-space-size=4';

/** The last bytes of what a dying process said are its reason. */
const keptWords = 2000;

/** Removes the names that deaths have left of such files. Under the runner lock: nobody else is about to remove one. */
export function forgetWords(store: Store): void {
  const names = list(join(store.root, 'work'));
  for (const name of names.ok ? names.value : [])
    if (name.startsWith('.said-')) remove(join(store.root, 'work', name));
}

export async function startRunProcess(server: Server, id: RunId): Promise<Result<RunProcess, string>> {
  const words = join(server.store.root, 'work', `.said-${id}`);
  // Read back through the open descriptor: the name goes at once, so that few deaths leave it behind.
  const output = openDescriptor(words, 'w+', 0o600);
  if (!output.ok) return err(sayFileFailure(output.error));
  remove(words);
  const { node, bin } = server.program;
  const child = await spawnChild(
    [node, smallHeap, bin, 'run-process', server.gitDir, server.store.root, id],
    {
      env: ownEnvironment(),
      cwd: server.store.root,
      output: output.value,
    },
  );
  const close = (): void => {
    closeDescriptor(output.value);
  };
  if (!child.ok) {
    close();
    return err(`the run's process could not be started: ${sayStartFailure(child.error)}`);
  }
  const owner = identify(child.value.pid);
  const ended = child.value.ended.then(({ code, signal }) => {
    const how = signal === null ? `it exited with ${code}` : `it was ended by ${signal}`;
    const last = tail(`/proc/self/fd/${output.value}`);
    close();
    return last === '' ? how : `${how}: ${last}`;
  });
  if (owner === null) return err(`the run's process ended at once: ${await ended}`);
  return ok({ owner, ended, letGo: child.value.letGo });
}

function tail(path: string): string {
  const read = readRange(path, 0, 1024 * 1024);
  const words = read.ok ? read.value.subarray(-keptWords).toString() : '';
  return visible(words.trim().replace(/\s*\n\s*/g, ' / '));
}
