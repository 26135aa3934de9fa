/**
 * `quire cron`: the crontab lines for drain and cleanup, printed, installed or removed.
 *
 * Must not know: what the lines do.
 */
import { err, ok, type Result } from '../../base/result.ts';
import { type Argv, type Captured, capture, sayStartFailure } from '../../process/process.ts';
import { ownEnvironment } from '../../runner/server.ts';
import { type Complaint, complain, trouble, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { cronLines, hasBlock, withBlock } from '../crontab-text.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace } from '../place.ts';

export type CronOptions = { readonly print?: boolean; readonly install?: boolean; readonly remove?: boolean };

export async function cron(context: Context, options: CronOptions): Promise<ExitCode> {
  const wishes = [options.print, options.install, options.remove].filter((wish) => wish === true);
  if (wishes.length > 1)
    return complain(context, wrongUsage('--print, --install and --remove: one at a time'));
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { gitDir } = place.value;
  const lines = cronLines({ gitDir, node: context.installation.node, bin: context.installation.bin });
  const { write } = context.stdout;
  if (!options.install && !options.remove) {
    write(`${lines.join('\n')}\n`);
    return exits.done;
  }
  const crontab = await readCrontab();
  if (!crontab.ok) return complain(context, crontab.error);
  const had = hasBlock(crontab.value, gitDir);
  if (options.remove && !had) {
    write(`Your crontab has no lines of quire for ${gitDir}.\n`);
    return exits.done;
  }
  const written = await writeCrontab(withBlock(crontab.value, gitDir, options.install ? lines : []));
  if (!written.ok) return complain(context, written.error);
  if (options.remove) write(`Took the lines for ${gitDir} out of your crontab.\n`);
  else write(`${had ? 'Brought your crontab up to date' : 'Added to your crontab'}:\n${lines.join('\n')}\n`);
  return exits.done;
}

async function readCrontab(): Promise<Result<string, Complaint>> {
  const listed = await run(['crontab', '-l'], '');
  if (!listed.ok) return listed;
  const { code, out, err: said } = listed.value;
  if (code === 0) return ok(out.toString());
  if (/no crontab/i.test(said.toString())) return ok('');
  return refused(listed.value);
}

async function writeCrontab(text: string): Promise<Result<void, Complaint>> {
  const written = await run(['crontab', '-'], text);
  if (!written.ok) return written;
  return written.value.code === 0 ? ok(undefined) : refused(written.value);
}

const refused = (ended: Captured): Result<never, Complaint> =>
  trouble(`crontab did not work: ${ended.err.toString().trim() || `it exited ${ended.code}`}`);

async function run(argv: Argv, stdin: string): Promise<Result<Captured, Complaint>> {
  const ended = await capture(argv, { env: ownEnvironment(), cwd: '/', stdin });
  if (ended.ok) return ended;
  if (ended.error.reason !== 'missing-program') return err(trouble(sayStartFailure(ended.error)).error);
  const hint =
    'Install cron, or give the lines of quire cron --print to whatever starts things here (a systemd timer).';
  return trouble('the program crontab is missing', hint);
}
