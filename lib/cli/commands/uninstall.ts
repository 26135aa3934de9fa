/**
 * `quire uninstall`: puts back the hook that was there before; with `--purge` the records go as well.
 *
 * Must not know: what a run is.
 */
import { join, resolve } from 'node:path';
import { exists, list, removeTree } from '../../base/files.ts';
import { ok, type Result } from '../../base/result.ts';
import { visible } from '../../base/text.ts';
import { unreachable } from '../../base/unreachable.ts';
import { hooksOf } from '../../git/git.ts';
import { sayLockFailure, tryLock } from '../../process/process.ts';
import { lockFile } from '../../store/store.ts';
import { type Complaint, complain, fileTrouble, trouble } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { hookPath, type Taken, takeHook } from '../hook-file.ts';
import { openPlaceAt, type Place } from '../place.ts';

export type UninstallOptions = { readonly purge?: boolean };

export async function uninstall(
  context: Context,
  repo: string,
  options: UninstallOptions,
): Promise<ExitCode> {
  const place = await openPlaceAt(context, resolve(context.cwd, repo), 'quire uninstall REPO');
  if (!place.ok) return complain(context, place.error);
  const { gitDir, settings, dataDirectory } = place.value;
  const hooks = hooksOf(gitDir, settings, context.env.HOME);
  const taken = takeHook(hooks.directory);
  if (!taken.ok) return complain(context, fileTrouble(taken.error));
  const { write } = context.stdout;
  write(`${sayTaken(taken.value, hookPath(hooks.directory))}\n`);
  const isGone = taken.value === 'removed' || taken.value === 'put-back';
  if (isGone && hooks.configured)
    write('core.hooksPath names that directory: other repositories that use it lose this hook too.\n');
  if (!options.purge) {
    if (exists(dataDirectory)) write(`The records stay in ${dataDirectory} (--purge removes them).\n`);
    return exits.done;
  }
  const purged = purge(place.value);
  if (!purged.ok) return complain(context, purged.error);
  write(purged.value);
  return exits.done;
}

function sayTaken(taken: Taken, path: string): string {
  switch (taken) {
    case 'removed':
      return `Removed ${path}.`;
    case 'put-back':
      return `Put back the earlier hook as ${path}.`;
    case 'nothing-there':
      return `There is no ${path}.`;
    case 'not-ours':
      return `${path} is not quire's, so it stays.`;
    default:
      return unreachable(taken);
  }
}

/** What quire itself puts into a data directory. Anything else there is the operator's. */
const own = ['inbox', 'runs', 'work', 'cache', 'lock', 'site', 'paused', 'config.fnl', 'runner.log'];

function purge({ dataDirectory, store }: Place): Result<string, Complaint> {
  if (!exists(dataDirectory)) return ok('There are no records.\n');
  if (exists(lockFile(store, 'runner'))) {
    const lock = tryLock(lockFile(store, 'runner'));
    if (!lock.ok && lock.error.reason === 'busy')
      return trouble(
        'a runner is at work, so the records stay',
        'Wait for it or stop its runs (quire cancel RUN), then do this again.',
      );
    if (!lock.ok) return trouble(sayLockFailure(lock.error));
    lock.value.release();
  }
  for (const name of own) {
    const removed = removeTree(join(dataDirectory, name));
    if (!removed.ok) return fileTrouble(removed.error);
  }
  const rest = list(dataDirectory);
  if (!rest.ok) return fileTrouble(rest.error);
  const others = rest.value.filter((name) => !/^\.tmp-/.test(name));
  if (others.length > 0)
    return ok(
      `Removed the records. ${dataDirectory} stays, since it holds ${others.map(visible).join(', ')}.\n`,
    );
  const removed = removeTree(dataDirectory);
  return removed.ok ? ok(`Removed ${dataDirectory}.\n`) : fileTrouble(removed.error);
}
