/**
 * The door of the room: a static site of the runs that the records tell of.
 *
 * Everything shown of a run is read from its records at the moment of writing, so whoever writes last writes the truth.
 * The caller holds the site's lock around every call that writes. Must not know: how a run is made or worked on.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { type Entry, type FileFailure, listEntries, readBytes, sayFileFailure } from '../base/files.ts';
import type { JobId, RunId, Sha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import { runStates } from '../runs/states.ts';
import { type StoreFailure, sayStoreFailure } from '../store/store.ts';
import * as addresses from './addresses.ts';
import {
  knownRows,
  type Lists,
  type PutPage,
  readStatus,
  rebuildLists,
  removeOthers,
  updateLists,
} from './lists.ts';
import { missingPage } from './missing-page.ts';
import { Output, type Readers } from './output.ts';
import type { Records } from './records.ts';
import { loadTemplates, type Renderer, type RenderFailure } from './render.ts';
import { type RunRow, rowOf } from './row.ts';
import { newMemory, publishRun, type RunFiles } from './run-files.ts';

export { plainLine, plainText } from './ansi.ts';
export type { Readers } from './output.ts';
export { type Records, recordsOf } from './records.ts';
export { type SiteSink, siteSink } from './sink.ts';

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
  /** The text of a file at a commit, to quote it in diagnostics; default: nothing is quoted. */
  readonly sourceOf?: (sha: Sha, file: string) => Promise<string | null>;
};

export type Change = {
  readonly run: RunId;
  /** The jobs of the run that changed; default all. */
  readonly jobs?: ReadonlySet<JobId>;
};

export type SiteFailure = RenderFailure | { readonly reason: 'records'; readonly failure: StoreFailure };

export type SiteReport = {
  /** The files whose bytes changed, as addresses from the site's root. */
  readonly written: readonly string[];
  /** Runs that could not be read and therefore keep the pages they had. */
  readonly unreadable: readonly StoreFailure[];
};

export type SiteResult = Result<SiteReport, SiteFailure>;

export type Site = {
  /** Brings exactly the pages that show these runs up to date. A site that is not there yet is built whole. */
  update(changes: readonly Change[]): Promise<SiteResult>;
  /** Everything anew from the records; byte for byte what the updates give. */
  rebuild(): Promise<SiteResult>;
  /** Removes the pages of runs whose records are gone. */
  forget(ids: readonly RunId[]): Promise<SiteResult>;
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

  type Work = { readonly files: RunFiles; readonly lists: Lists; readonly unreadable: StoreFailure[] };

  const during = async (work: (tools: Work) => Promise<SiteFailure | null>): Promise<SiteResult> => {
    if (renderer === null) {
      const loaded = loadTemplates(options.templates);
      if (!loaded.ok) return loaded;
      renderer = loaded.value;
    }
    const render = renderer;
    const output = new Output(options.target, options.readers ?? 'owner');
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
      files: {
        output,
        put,
        names,
        log: options.records.log,
        sourceOf: options.sourceOf ?? (async () => null),
        memory,
        unreadable,
      },
      lists: { output, put, names, mainRef: options.mainRef ?? null },
      unreadable,
    });
    if (output.failure !== null) return err({ reason: 'disk', failure: output.failure });
    if (failure !== null) return err(failure);
    if (broken !== null) return err(broken);
    framed = true;
    return ok({ written: output.written, unreadable });
  };

  const rebuild = async ({ files, lists, unreadable }: Work): Promise<SiteFailure | null> => {
    const rows = new Map<RunId, RunRow>();
    const kept = new Set<string>();
    for (const state of runStates) {
      const ids = options.records.list(state);
      if (!ids.ok) return { reason: 'records', failure: ids.error };
      for (const id of ids.value) {
        kept.add(id);
        const record = await options.records.read(id);
        if (!record.ok) {
          if (record.error.reason === 'io') return { reason: 'records', failure: record.error };
          if (record.error.reason === 'unreadable') unreadable.push(record.error);
          continue;
        }
        await publishRun(files, record.value, 'all');
        rows.set(id, rowOf(record.value));
        if (files.output.failure !== null) return null;
        await breathe();
      }
    }
    removeOthers(files.output, 'runs', kept);
    rebuildLists(lists, [...rows.values()]);
    return null;
  };

  const forget = (lists: Lists, gone: ReadonlySet<string>): void => {
    const rows = [...knownRows(lists)].filter((row) => !gone.has(row.id));
    rebuildLists(lists, rows);
    for (const id of gone) lists.output.remove(addresses.runDirectory(id as RunId));
  };

  const update = async (changes: readonly Change[], work: Work): Promise<SiteFailure | null> => {
    const status = readStatus(work.files.output);
    if (status === null) return rebuild(work);
    const rows = new Map<RunId, RunRow>();
    const gone = new Set<string>();
    for (const change of changes) {
      const record = await options.records.read(change.run);
      if (record.ok) {
        await publishRun(work.files, record.value, change.jobs ?? 'all');
        rows.set(change.run, rowOf(record.value));
      } else if (record.error.reason === 'not-found') {
        gone.add(change.run);
      } else if (record.error.reason === 'unreadable') {
        work.unreadable.push(record.error);
      } else {
        return { reason: 'records', failure: record.error };
      }
    }
    if (rows.size > 0) updateLists(work.lists, status, [...rows.values()]);
    if ([...gone].some((id) => work.files.output.has(addresses.runDirectory(id as RunId)))) {
      forget(work.lists, gone);
    }
    return null;
  };

  return {
    update: (changes) => during((work) => update(changes, work)),
    rebuild: () => during(rebuild),
    forget: (ids) =>
      during(async (work) => {
        if (readStatus(work.files.output) === null) return rebuild(work);
        forget(work.lists, new Set(ids));
        return null;
      }),
  };
}

/** Copies what every site gets as it is; answers the first trouble. */
function copyAssets(output: Output, from: string, to = 'assets'): FileFailure | null {
  const entries = listEntries(from);
  if (!entries.ok) return entries.error;
  for (const entry of entries.value.filter(isAsset)) {
    const [source, address] = [`${from}/${entry.name}`, `${to}/${entry.name}`];
    if (entry.kind === 'directory') {
      const trouble = copyAssets(output, source, address);
      if (trouble !== null) return trouble;
    } else {
      const bytes = readBytes(source);
      if (!bytes.ok) return bytes.error;
      output.write(address, bytes.value);
    }
  }
  return null;
}

const isAsset = (entry: Entry): boolean => !entry.name.startsWith('.') && entry.kind !== 'symlink';
