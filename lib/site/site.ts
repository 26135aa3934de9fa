/**
 * The door of the room: a static site of the runs that the records tell of.
 *
 * Everything shown of a run is read from its records at the moment of writing, so whoever writes last writes the truth.
 * The caller holds the site's lock around every call that writes. Must not know: how a run is made or worked on.
 */
import { sayFileFailure } from '../base/files.ts';
import type { Sha } from '../base/ids.ts';
import { err, ok } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import { type StoreFailure, sayStoreFailure } from '../store/store.ts';
import * as addresses from './addresses.ts';
import { copyAssets } from './assets.ts';
import type { PutPage } from './lists.ts';
import { missingPage } from './missing-page.ts';
import { Output, type Readers } from './output.ts';
import type { Records } from './records.ts';
import { loadTemplates, type Renderer, type RenderFailure } from './render.ts';
import { newMemory } from './run-files.ts';
import {
  forget,
  mend,
  rebuild,
  type Site,
  type SiteFailure,
  type SiteResult,
  update,
  type Work,
} from './updates.ts';

export { plainLine, plainText } from './ansi.ts';
export type { Readers } from './output.ts';
export { type Records, recordsOf } from './records.ts';
export { type SiteSink, siteSink } from './sink.ts';
export type { Change, Site, SiteFailure, SiteReport, SiteResult } from './updates.ts';

export type SiteOptions = {
  readonly records: Records;
  /** The directory of the `*.eta` files. */
  readonly templates: string;
  /** The directory of what every site gets as it is: stylesheet, script, icons, schemas. */
  readonly assets: string;
  /** Where the site is written. */
  readonly target: string;
  /** What the site is called: the repository's name, unless configured. */
  readonly title: string;
  /** Its address, for what must be absolute in the feed; default null. */
  readonly url?: string | null;
  /** The ref whose runs decide what the badge of the whole site says; default null: any ref's. */
  readonly mainRef?: string | null;
  /** Who may read the files beside their owner; default nobody. */
  readonly readers?: Readers;
  /** Whether a group writes the files together; default false. */
  readonly groupWrites?: boolean;
  /** The text of a file at a commit, to quote it in diagnostics; default: nothing is quoted. */
  readonly sourceOf?: (sha: Sha, file: string) => Promise<string | null>;
};

/** One sentence for people. */
export function saySiteFailure(failure: SiteFailure): string {
  switch (failure.reason) {
    case 'disk':
      return `the site: ${sayFileFailure(failure.failure)}`;
    case 'template':
      return `the site: template ${failure.template}: ${failure.problem}`;
    case 'records':
      return `the site: ${sayStoreFailure(failure.failure)}`;
    default:
      return unreachable(failure);
  }
}

/** A site; nothing is read or written until it is used. */
export function createSite(options: SiteOptions): Site {
  const memory = newMemory();
  const names = { title: options.title, url: options.url ?? null };
  let renderer: Renderer | null = null;
  let framed = false;

  const during = async (work: (tools: Work) => Promise<SiteFailure | null>): Promise<SiteResult> => {
    if (renderer === null) {
      const loaded = loadTemplates(options.templates);
      if (!loaded.ok) return loaded;
      renderer = loaded.value;
    }
    const render = renderer;
    const output = new Output(options.target, options.readers ?? 'owner', options.groupWrites ?? false);
    let broken: RenderFailure | null = null;
    const put: PutPage = (address, name, model) => {
      const page = render(name, model);
      if (page.ok) output.write(address, page.value);
      else broken = broken ?? page.error;
    };
    const unreadable: StoreFailure[] = [];
    if (!framed || !output.has(addresses.statusFile)) {
      const trouble = copyAssets(output, options.assets);
      if (trouble !== null) return err({ reason: 'disk', failure: trouble });
      put(addresses.missingPage, 'missing', missingPage(names));
    }
    const failure = await work({
      records: options.records,
      files: {
        output,
        put,
        names,
        records: options.records,
        sourceOf: options.sourceOf ?? (async () => null),
        memory,
        unreadable,
      },
      lists: { output, put, names, mainRef: options.mainRef ?? null },
    });
    if (output.failure !== null) return err({ reason: 'disk', failure: output.failure });
    if (failure !== null) return err(failure);
    if (broken !== null) return err(broken);
    framed = true;
    return ok({ written: output.written, unreadable });
  };

  return {
    update: (changes) => during((work) => update(work, changes)),
    mend: (changes) => during((work) => mend(work, changes)),
    rebuild: () => during(rebuild),
    forget: (ids) => during((work) => forget(work, ids)),
  };
}
