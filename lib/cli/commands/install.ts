/**
 * `quire install`: makes pushes to a repository start runs. Doing it again changes nothing that is right already.
 *
 * The hook comes last: it must never find its data directory missing.
 * Must not know: what a run is.
 */
import { join, relative, resolve } from 'node:path';
import { changeMode, exists, makeDirectory, readText, status, writeFile } from '../../base/files.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { visible } from '../../base/text.ts';
import { executorNamed } from '../../executors/registry.ts';
import { gitVersion, hooksOf, isTrue, sayGitFailure, setConfig } from '../../git/git.ts';
import { configFile, prepareStore, siteOf } from '../../store/store.ts';
import { type Complaint, complain, fileTrouble, trouble, wrongUsage } from '../complain.ts';
import { firstConfig } from '../config-text.ts';
import type { Context } from '../context.ts';
import { durableFsync, fsyncSince, isAtLeast } from '../durable-git.ts';
import { type ExitCode, exits } from '../exit.ts';
import { type HookFailure, hookPath, mayNotWrite, putHook, shellWord } from '../hook-file.ts';
import { openPlaceAt, type Place } from '../place.ts';
import { aligned } from '../words.ts';

export type InstallOptions = { readonly siteUrl?: string; readonly executor?: string };

/** What was done, as rows of a small table. */
type Row = readonly [what: string, done: string];

export async function install(context: Context, repo: string, options: InstallOptions): Promise<ExitCode> {
  const wrong = wrongOptions(options);
  if (wrong !== null) return complain(context, wrong);
  const place = await openPlaceAt(context, resolve(context.cwd, repo), 'quire install REPO');
  if (!place.ok) return complain(context, place.error);
  const stranger = otherOwner(place.value);
  if (stranger !== null) return complain(context, stranger);
  const nowhere = noHooksDirectory(context, place.value);
  if (nowhere !== null) return complain(context, nowhere);
  const rows: Row[] = [];
  for (const step of [makeData, writeConfig, setUpGit, writeHook]) {
    const done = await step(context, place.value, options);
    if (!done.ok) return complain(context, done.error);
    rows.push(...done.value);
  }
  const { write, paint } = context.stdout;
  write(`${paint('bold', 'Installed')} in ${place.value.gitDir}\n`);
  write(aligned(rows.map(([what, done]) => [`  ${paint('dim', what)}`, done])));
  write(nextSteps(place.value));
  return exits.done;
}

function wrongOptions({ siteUrl, executor }: InstallOptions): Complaint | null {
  if (siteUrl !== undefined && !/^https?:$/.test(URL.canParse(siteUrl) ? new URL(siteUrl).protocol : ''))
    return wrongUsage(`--site-url ${visible(siteUrl)} is no http or https address`).error;
  if (executor === undefined) return null;
  const named = executorNamed(executor);
  if (named.ok) return null;
  const { nearest, known } = named.error;
  const hint = nearest === null ? `There are: ${known.join(', ')}` : `Did you mean '${nearest}'?`;
  return wrongUsage(`there is no executor '${visible(executor)}'`, hint).error;
}

/** What root writes into somebody's repository, that somebody can't change any more. */
function otherOwner({ gitDir }: Place): Complaint | null {
  const directory = status(gitDir);
  const me = process.getuid?.();
  if (!directory.ok || me === undefined || directory.value.owner === me) return null;
  const message = `${gitDir} belongs to another user (uid ${directory.value.owner}, you are ${me})`;
  const hint = `Install as that user: sudo -u '#${directory.value.owner}' quire install ${gitDir}`;
  return wrongUsage(message, hint).error;
}

/** Looked at before anything is made: what git's config says wrongly is mended there, and no half of quire is left. */
function noHooksDirectory(context: Context, { gitDir, settings }: Place): Complaint | null {
  const { directory, configured } = hooksOf(gitDir, settings, context.env.HOME);
  const made = configured ? makeDirectory(directory) : ok(undefined);
  if (made.ok) return null;
  if (made.error.reason === 'full') return fileTrouble(made.error).error;
  const value = visible(settings.get('core.hooksPath') ?? directory);
  const message = `core.hooksPath is ${value}, which is no directory and can't be made one (${made.error.code})`;
  const hint = `Name another one, or use the repository's own: git -C ${shellWord(gitDir)} config --unset core.hooksPath`;
  return trouble(message, `${hint}\n(with --global where it is set for all repositories)`).error;
}

async function makeData(_: Context, { store, dataDirectory }: Place): Promise<Result<Row[], Complaint>> {
  const isNew = !exists(dataDirectory);
  const prepared = prepareStore(store);
  if (!prepared.ok) return fileTrouble(prepared.error);
  if (isNew) {
    const set = changeMode(dataDirectory, store.modes.directory);
    if (!set.ok) return fileTrouble(set.error);
  }
  const said = isNew ? `made, files with mode ${store.modes.file.toString(8).padStart(4, '0')}` : 'was there';
  return ok([['data', `${dataDirectory} (${said})`]]);
}

async function writeConfig(
  context: Context,
  { store }: Place,
  { siteUrl, executor }: InstallOptions,
): Promise<Result<Row[], Complaint>> {
  const path = configFile(store);
  if (exists(path)) {
    const asked = [
      siteUrl === undefined ? [] : [':site'],
      executor === undefined ? [] : [':executor'],
    ].flat();
    const left =
      asked.length === 0 ? 'left as it is' : `left as it is: set ${asked.join(' and ')} in it yourself`;
    return ok([['config', `${path} (${left})`]]);
  }
  const template = readText(join(context.installation.templates, 'config.fnl'));
  if (!template.ok) return fileTrouble(template.error);
  const settings = { path: context.env.PATH ?? '', siteUrl: siteUrl ?? null, executor: executor ?? null };
  // Secrets may be written into it, so nobody else may read it, whatever the repository's own bits are.
  const written = writeFile(path, firstConfig(template.value, settings), { mode: 0o600, exact: true });
  return written.ok ? ok([['config', `${path} (written)`]]) : fileTrouble(written.error);
}

async function setUpGit(_: Context, { gitDir, settings }: Place): Promise<Result<Row[], Complaint>> {
  const version = await gitVersion();
  if (!version.ok) return trouble(sayGitFailure(version.error));
  const wanted: [key: string, value: string][] = [];
  const rows: Row[] = [];
  const fsync = durableFsync(settings.get('core.fsync'));
  if (!isAtLeast(version.value, fsyncSince)) {
    rows.push([
      'git',
      `${version.value} can't sync loose objects and refs (${fsyncSince} can): a power loss may undo a push`,
    ]);
  } else if (fsync !== null) {
    wanted.push(['core.fsync', fsync]);
  }
  if (!isTrue(settings.get('receive.advertisePushOptions')))
    wanted.push(['receive.advertisePushOptions', 'true']);
  for (const [key, value] of wanted) {
    const set = await setConfig(gitDir, key, value);
    if (!set.ok) return trouble(`could not set ${key}: ${sayGitFailure(set.error)}`);
    rows.push(['git config', `${key} = ${value}`]);
  }
  return ok(rows);
}

async function writeHook(context: Context, place: Place): Promise<Result<Row[], Complaint>> {
  const { gitDir, settings } = place;
  const hooks = hooksOf(gitDir, settings, context.env.HOME);
  const put = putHook(hooks.directory, context.installation);
  if (!put.ok) return err(sayHookFailure(put.error, hooks.directory));
  const { before, kept } = put.value;
  const said = {
    none: 'written',
    foreign: 'written',
    outdated: 'brought up to date',
    current: 'was there',
  } as const;
  const rows: Row[] = [['hook', `${hookPath(hooks.directory)} (${said[before.kind]})`]];
  if (kept !== null) rows.push(['', `the hook from before still runs: ${relative(gitDir, kept)}`]);
  if (hooks.configured)
    rows.push(['', 'core.hooksPath names that directory: other repositories that use it run this hook too']);
  if (/[/\\]_npx[/\\]/.test(context.installation.bin))
    rows.push([
      '',
      "it starts quire from npx's cache, which npm may empty: better install quire for good, then do this again",
    ]);
  return ok(rows);
}

function sayHookFailure(failure: HookFailure, directory: string): Complaint {
  if (failure.reason === 'two-old-hooks') {
    const hint = 'Put what both do into one of them, remove the other, then install again.';
    return wrongUsage(`neither ${failure.path} nor ${failure.kept} is quire's: which one shall run?`, hint)
      .error;
  }
  const complaint = fileTrouble(failure.failure).error;
  if (!mayNotWrite(failure.failure, directory)) return complaint;
  return {
    ...complaint,
    message: `${directory} may not be written, so the hook can't be installed (everything else is)`,
    hint: `Make it writable for you, or point git elsewhere: git config core.hooksPath DIR`,
  };
}

const nextSteps = ({ gitDir, store }: Place): string =>
  [
    '',
    'Next: push a commit that has .quire/ci.fnl (quire init writes one). Its runs will be shown in',
    `  ${join(siteOf(store), 'index.html')}`,
    `So that nothing waits after a power loss: quire --repo ${gitDir} cron --install`,
    '',
  ].join('\n');
