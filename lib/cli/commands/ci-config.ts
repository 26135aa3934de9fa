/**
 * `quire ci config`: a config file as JSON, its secrets hidden, and what is wrong with it.
 *
 * Must not know: which settings there are.
 */
import { resolve } from 'node:path';
import { drawDiagnostics } from '../../base/draw.ts';
import { readBytes } from '../../base/files.ts';
import { quotableConfig } from '../../config/quote.ts';
import { examineConfig } from '../../config/read.ts';
import { shownConfig } from '../../config/show.ts';
import { defaultExecutor, executorNamed, sayUnknownExecutor } from '../../executors/registry.ts';
import { complain, fileTrouble, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';

export async function config(context: Context, given: string): Promise<ExitCode> {
  const path = resolve(context.cwd, given);
  const bytes = readBytes(path);
  if (!bytes.ok) {
    const absent = bytes.error.reason === 'missing' || bytes.error.reason === 'not-a-file';
    const complaint = absent ? wrongUsage(`there is no file ${given}`) : fileTrouble(bytes.error);
    return complain(context, complaint.error);
  }
  const { stdout, stderr } = context;
  const drawing = { sourceOf: () => quotableConfig(bytes.value.toString()), colour: stderr.colours };
  const examined = examineConfig(path, bytes.value);
  if (!examined.ok) {
    stderr.write(drawDiagnostics(examined.error, drawing));
    return exits.failed;
  }
  const { value, config: settings, errors, warnings } = examined.value;
  stdout.write(`${JSON.stringify(shownConfig(value), null, 2)}\n`);
  for (const { message, span, hint } of warnings) {
    const where = span === null ? '' : `${given}:${span.start.line}: `;
    stderr.write(
      `${stderr.paint('yellow', 'warning')}: ${where}${message}${hint === null ? '' : ` (${hint})`}\n`,
    );
  }
  stderr.write(drawDiagnostics(errors, drawing));
  const executor = executorNamed(settings.executor ?? defaultExecutor);
  if (!executor.ok) complain(context, wrongUsage(`:executor: ${sayUnknownExecutor(executor.error)}`).error);
  return errors.length > 0 || !executor.ok ? exits.failed : exits.done;
}
