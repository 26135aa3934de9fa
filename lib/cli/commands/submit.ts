/**
 * `quire run`, `quire rerun`: runs that a person asks for.
 *
 * Must not know: how a run is worked.
 */
import { userInfo } from 'node:os';
import { shortRef, shortSha } from '../../base/ids.ts';
import type { Result } from '../../base/result.ts';
import { visible } from '../../base/text.ts';
import { commitTree, type GitFailure, sayGitFailure, withObjects } from '../../git/git.ts';
import { parseVariable } from '../../runner/intake.ts';
import {
  type SubmitFailure,
  type Submitted,
  saySubmitFailure,
  submitAgain,
  submitRevision,
} from '../../runner/submit.ts';
import { findRun, prepareStore } from '../../store/store.ts';
import { complain, fileTrouble, storeTrouble, trouble, warn, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { drawFrom } from '../diagnostics.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace, type Place } from '../place.ts';
import { serve } from '../serving.ts';

export type RunOptions = Json & { readonly variable?: readonly string[] };
export type RerunOptions = Json & { readonly failed?: boolean };

/** The new run as one line of JSON, for a script that wants to ask for it later. */
type Json = { readonly json?: boolean };

/** `K=V` words as a map; the first that may not be set is the complaint. */
export function variablesOf(
  words: readonly string[],
): Result<Record<string, string>, ReturnType<typeof wrongUsage>['error']> {
  const variables: Record<string, string> = {};
  for (const word of words) {
    const parsed = parseVariable(word);
    if (!parsed.ok) return wrongUsage(`--variable ${visible(word)}: ${parsed.error}`);
    variables[parsed.value.name] = parsed.value.value;
  }
  return { ok: true, value: variables };
}

/** `$QUIRE_PUSHER` as for a push, else who we are. */
const pusherOf = (context: Context): string => context.env.QUIRE_PUSHER ?? userInfo().username;

const serverOf = (context: Context, place: Place) =>
  serve({
    store: place.store,
    gitDir: place.gitDir,
    repo: place.name,
    installation: context.installation,
    say: (line) => warn(context, visible(line)),
  });

export async function run(context: Context, word: string, options: RunOptions): Promise<ExitCode> {
  const variables = variablesOf(options.variable ?? []);
  if (!variables.ok) return complain(context, variables.error);
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const prepared = prepareStore(place.value.store);
  if (!prepared.ok) return complain(context, fileTrouble(prepared.error).error);
  const wish = { pusher: pusherOf(context), variables: variables.value };
  const done = await submitRevision(serverOf(context, place.value), word, wish);
  return tell(context, place.value, done, options);
}

export async function rerun(context: Context, word: string, options: RerunOptions): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const id = await findRun(place.value.store, word);
  if (!id.ok) return complain(context, storeTrouble(id.error).error);
  const wish = { pusher: pusherOf(context), failedOnly: options.failed ?? false };
  const done = await submitAgain(serverOf(context, place.value), id.value, wish);
  return tell(context, place.value, done, options);
}

/** A word that names no commit is the caller's slip; what there is to name, git lists. */
function noRevision(failure: GitFailure, gitDir: string): ReturnType<typeof wrongUsage> {
  if (failure.reason !== 'missing') return wrongUsage(sayGitFailure(failure));
  const said = failure.name === '' ? 'no branch, tag or commit is named' : sayGitFailure(failure);
  return wrongUsage(said, `See: git -C ${gitDir} branch -a`);
}

async function tell(
  context: Context,
  { gitDir }: Place,
  done: Result<Submitted, SubmitFailure>,
  { json = false }: Json,
): Promise<ExitCode> {
  if (!done.ok) {
    const said = saySubmitFailure(done.error);
    switch (done.error.reason) {
      case 'store':
        return complain(context, storeTrouble(done.error.failure).error);
      case 'git':
        return complain(context, noRevision(done.error.failure, gitDir));
      case 'refused':
        return complain(context, wrongUsage(said).error);
      case 'runner':
        return complain(context, trouble(said, 'See: quire doctor').error);
    }
  }
  const { id, number, draft, evaluated } = done.value;
  const { ref, sha } = draft;
  context.stdout.write(
    json
      ? `${JSON.stringify({ number, id, ref, sha })}\n`
      : `run ${number}  ${visible(shortRef(ref))}  ${shortSha(sha)}\n`,
  );
  switch (evaluated?.evaluated.kind) {
    case 'diagnostics': {
      const { diagnostics } = evaluated.evaluated;
      const { colours, write } = context.stderr;
      write(
        await withObjects(gitDir, (objects) =>
          drawFrom(commitTree(objects, draft.sha), diagnostics, colours),
        ),
      );
      return exits.failed;
    }
    case 'internal':
      return complain(context, trouble(evaluated.evaluated.error).error);
    default:
      if (!json) context.stdout.write(`To watch it: quire logs ${number} -f\n`);
      return exits.done;
  }
}
