/**
 * `quire cleanup`: removes what is past the limits, or lists what would go.
 *
 * Must not know: how anything is removed.
 */
import { join } from 'node:path';
import { parseTimestamp } from '../../base/clock.ts';
import { shortRef } from '../../base/ids.ts';
import { counted, showDuration, visible } from '../../base/text.ts';
import { unreachable } from '../../base/unreachable.ts';
import { carryOut, type Item, planCleanup, sayCleanupFailure, type World } from '../../cleanup/cleanup.ts';
import { tidyFinished } from '../../runner/recover.ts';
import { ownEnvironment } from '../../runner/server.ts';
import { dockerOf, settingsOf } from '../../runner/settings.ts';
import { prepareStore } from '../../store/store.ts';
import type { Paint } from '../colour.ts';
import { complain, fileTrouble, trouble, warn } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace, type Place } from '../place.ts';
import { siteDirectory } from '../publishing.ts';
import { workOnSite } from '../site-work.ts';
import { aligned } from '../words.ts';

export type CleanupOptions = {
  readonly keep?: number;
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly keepFailed?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
};

export async function cleanup(context: Context, options: CleanupOptions): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const prepared = prepareStore(place.value.store);
  if (!prepared.ok) return complain(context, fileTrouble(prepared.error));
  const { store } = place.value;
  if (!options.dryRun) await tidyFinished({ store, say: (line) => warn(context, visible(line)) });
  const world = await worldOf(context, place.value, options);
  const plan = await planCleanup(world);
  if (!plan.ok) return complain(context, trouble(sayCleanupFailure(plan.error), 'See: quire doctor'));
  for (const note of plan.value.notes) warn(context, note);
  if (options.dryRun) {
    tell(context, plan.value.items, 'would go', options, place.value);
    return exits.done;
  }
  const signal = context.interruption();
  const { removed, troubles } = await carryOut(world, plan.value, {
    signal,
    forgetPages: async (ids) => {
      const done = await workOnSite(place.value, context.installation, (site) => site.forget(ids));
      return done.ok ? null : done.error;
    },
  });
  tell(context, removed, 'removed', options, place.value);
  for (const each of troubles) warn(context, each);
  if (signal.aborted) return exits.interrupted;
  return troubles.length === 0 ? exits.done : exits.infrastructure;
}

/** What the command line says wins over `:cleanup` in the config. */
async function worldOf(context: Context, place: Place, options: CleanupOptions): Promise<World> {
  const { store, dataDirectory } = place;
  const settings = await settingsOf(store);
  if (!settings.ok) warn(context, `config.fnl has errors, so its limits are not used: ${settings.error}`);
  const config = settings.ok ? settings.value.config : null;
  return {
    store,
    now: context.clock(),
    limits: {
      keep: options.keep ?? config?.cleanup.keep ?? null,
      olderThanMs: options.olderThan ?? config?.cleanup.olderThanMs ?? null,
      keepFailed: options.keepFailed ?? config?.cleanup.keepFailed ?? null,
    },
    pages: join(await siteDirectory(store), 'runs'),
    engine: { dataDirectory, docker: config === null ? {} : dockerOf(config), toolEnv: ownEnvironment() },
    usesEngine: config?.executor === 'docker',
  };
}

function tell(
  context: Context,
  items: readonly Item[],
  done: string,
  options: CleanupOptions,
  { dataDirectory }: Place,
): void {
  const { write, paint } = context.stdout;
  if (options.json) {
    write(`${JSON.stringify(items.map(documentOf), null, 2)}\n`);
    return;
  }
  write(aligned(items.map((item) => row(item, context.clock(), dataDirectory, paint))));
  const runs = items.filter((item) => item.kind === 'run').length;
  const others = items.length - runs;
  const rest = others === 0 ? '' : ` and ${counted(others, 'leftover')}`;
  write(
    items.length === 0
      ? `Nothing ${done === 'removed' ? 'to remove' : done}.\n`
      : `${counted(runs, 'run')}${rest} ${done}.\n`,
  );
}

function row(item: Item, now: number, dataDirectory: string, paint: Paint): string[] {
  switch (item.kind) {
    case 'run': {
      const { id, number, ref, state, finishedAt } = item.past.run;
      const age = showDuration(now - (parseTimestamp(finishedAt) ?? now));
      const why = item.past.why === 'too-old' ? `${age} old` : 'beyond the number to keep';
      return ['run', id, `#${number}`, visible(shortRef(ref)), state, paint('dim', why)];
    }
    case 'pages':
      return ['pages', item.id, '', '', '', paint('dim', 'their run is gone')];
    case 'stray':
      return ['leftover', visible(item.path.slice(dataDirectory.length + 1))];
    case 'container':
      return [
        'container',
        item.leftover.id.slice(0, 12),
        '',
        '',
        '',
        paint('dim', `of run ${visible(item.leftover.run)}, whose runner is dead`),
      ];
    default:
      return unreachable(item);
  }
}

function documentOf(item: Item): unknown {
  switch (item.kind) {
    case 'run': {
      const { id, number, ref, state, finishedAt } = item.past.run;
      return {
        kind: item.kind,
        id,
        number,
        ref,
        state,
        finished_at: finishedAt,
        why: item.past.why,
        image: item.image,
      };
    }
    case 'pages':
      return { kind: item.kind, id: item.id };
    case 'stray':
      return { kind: item.kind, path: item.path };
    case 'container':
      return { kind: item.kind, id: item.leftover.id, run: item.leftover.run };
    default:
      return unreachable(item);
  }
}
