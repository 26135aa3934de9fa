/**
 * Writing a repository's site from a command: opened as its settings want it, under its lock.
 *
 * Must not know: what is written.
 */
import { err, ok, type Result } from '../base/result.ts';
import { acquireLock, sayLockFailure } from '../process/process.ts';
import { type Site, type SiteReport, type SiteResult, saySiteFailure } from '../site/site.ts';
import { lockFile } from '../store/store.ts';
import type { Installation } from './context.ts';
import type { Place } from './place.ts';
import { openSite } from './publishing.ts';

/** Other writers are done within moments; one that is not is stuck. */
const longestWaitMs = 60_000;

/** Does something to the site while nobody else writes it; what went wrong is a sentence. */
export async function workOnSite(
  { store, gitDir, name }: Place,
  installation: Installation,
  work: (site: Site) => Promise<SiteResult>,
): Promise<Result<SiteReport, string>> {
  const site = await openSite({ store, gitDir, repo: name, installation });
  const lock = await acquireLock(lockFile(store, 'site'), { waitMs: longestWaitMs });
  if (!lock.ok) return err(sayLockFailure(lock.error));
  try {
    const done = await work(site);
    return done.ok ? ok(done.value) : err(saySiteFailure(done.error));
  } finally {
    lock.value.release();
  }
}
