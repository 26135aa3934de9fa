/**
 * The site of a repository, as its settings want it.
 *
 * Must not know: when pages are written.
 */
import { commitTree, headRef, withObjects } from '../git/git.ts';
import { settingsOf } from '../runner/settings.ts';
import { createSite, recordsOf, type Site } from '../site/site.ts';
import { type Store, siteOf } from '../store/store.ts';
import type { Installation } from './context.ts';

export type SitePlace = {
  readonly store: Store;
  readonly gitDir: string;
  readonly repo: string;
  readonly installation: Installation;
};

/** Where the site is written: `:site {:dir …}`, or `site/` beside the records. */
export async function siteDirectory(store: Store): Promise<string> {
  const settings = await settingsOf(store);
  return (settings.ok ? settings.value.config.site.dir : null) ?? siteOf(store);
}

/** A site that writes nothing yet. A broken config does not keep its runs from being shown. */
export async function openSite(place: SitePlace): Promise<Site> {
  const { store, gitDir, repo, installation } = place;
  const [settings, mainRef] = await Promise.all([settingsOf(store), headRef(gitDir)]);
  const wanted = settings.ok ? settings.value.config.site : { url: null, title: null, dir: null };
  return createSite({
    records: recordsOf(store),
    templates: installation.templates,
    assets: installation.assets,
    target: wanted.dir ?? siteOf(store),
    title: wanted.title ?? repo,
    url: wanted.url,
    mainRef,
    readers: readersOf(store),
    groupWrites: (store.modes.file & 0o020) !== 0,
    sourceOf: async (sha, file) => {
      const text = await withObjects(gitDir, (objects) => commitTree(objects, sha).read(file, 1024 * 1024));
      return text.ok ? text.value.toString() : null;
    },
  });
}

/** The site holds what the records hold, so the same people may read it. */
function readersOf(store: Store): 'owner' | 'group' | 'everyone' {
  if ((store.modes.file & 0o004) !== 0) return 'everyone';
  return (store.modes.file & 0o040) !== 0 ? 'group' : 'owner';
}
