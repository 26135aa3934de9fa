/**
 * `quire site`: brings the site up to date, or makes all of it again from the records.
 *
 * Must not know: what a page is.
 */
import { join } from 'node:path';
import { counted } from '../../base/text.ts';
import { prepareStore, sayStoreFailure } from '../../store/store.ts';
import { complain, fileTrouble, storeTrouble, trouble, warn } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace } from '../place.ts';
import { siteDirectory } from '../publishing.ts';
import { newestRuns } from '../runs-read.ts';
import { workOnSite } from '../site-work.ts';

export type SiteOptions = { readonly full?: boolean };

/** Pages that a crash left behind are among the newest; older ones never change, but may have been removed. */
const recent = 50;

export async function site(context: Context, options: SiteOptions): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { store } = place.value;
  const prepared = prepareStore(store);
  if (!prepared.ok) return complain(context, fileTrouble(prepared.error));
  const runs = await newestRuns(store, { most: recent, state: null, ref: null });
  if (!runs.ok) return complain(context, storeTrouble(runs.error));
  const changes = runs.value.map((seen) => ({ run: seen.kind === 'run' ? seen.run.meta.id : seen.id }));
  const done = await workOnSite(place.value, context.installation, (each) =>
    options.full ? each.rebuild() : each.mend(changes),
  );
  if (!done.ok) return complain(context, trouble(done.error, 'See: quire doctor'));
  for (const failure of done.value.unreadable) warn(context, sayStoreFailure(failure));
  const index = join(await siteDirectory(store), 'index.html');
  context.stdout.write(`${counted(done.value.written.length, 'file')} written: ${index}\n`);
  return exits.done;
}
