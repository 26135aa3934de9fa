/**
 * `quire init`: a first pipeline that fits what is there.
 *
 * Must not know: what a pipeline may say.
 */
import { join, relative, resolve } from 'node:path';
import { exists, list, makeDirectory, readText, writeNewFile } from '../../base/files.ts';
import { scaffoldFor } from '../../config/scaffold.ts';
import { findRepository } from '../../git/git.ts';
import { complain, fileTrouble, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';

export async function init(context: Context, directory: string | null): Promise<ExitCode> {
  const asked = resolve(context.cwd, directory ?? '.');
  const repository = await findRepository(asked);
  // A directory that is no work tree yet may become one: `git init` often comes later.
  const top = repository.ok ? repository.value.top : asked;
  if (top === null) {
    return complain(
      context,
      wrongUsage(`${asked} is a bare repository`, 'Run this where the files are checked out.'),
    );
  }
  const names = list(top);
  if (!names.ok) {
    const missing = names.error.reason === 'missing';
    return complain(context, missing ? wrongUsage(`there is no directory ${top}`) : fileTrouble(names.error));
  }
  for (const name of ['ci.fnl', 'ci.lua']) {
    const path = join(top, '.quire', name);
    if (exists(path))
      return complain(
        context,
        wrongUsage(`${path} is there already`, 'It is never overwritten. See: quire ci validate'),
      );
  }
  const scaffold = scaffoldFor(names.value);
  const text = readText(join(context.installation.templates, 'init', `${scaffold}.fnl`));
  if (!text.ok) return complain(context, fileTrouble(text.error));
  const path = join(top, '.quire', 'ci.fnl');
  const made = makeDirectory(join(top, '.quire'));
  const written = made.ok ? writeNewFile(path, text.value, { durable: false }) : made;
  if (!written.ok) return complain(context, fileTrouble(written.error));
  const { write, paint } = context.stdout;
  const shown = relative(context.cwd, path) || path;
  const kind = scaffold === 'plain' ? '' : ` for a ${scaffold} project`;
  write(`${paint('bold', 'Wrote')} ${shown}${kind}.\n`);
  write('Next: quire ci validate checks it, quire ci run runs it here; then commit and push it.\n');
  return exits.done;
}
