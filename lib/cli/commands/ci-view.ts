/**
 * `quire ci view`: evaluates files, each in a VM of its own, and prints what they return.
 *
 * Must not know: how a value is shown.
 */
import { monotonic } from '../../base/clock.ts';
import { type Viewed, viewFile } from '../../evaluate/view-file.ts';
import { defaultLimits } from '../../script/script.ts';
import { type Complaint, complain } from '../complain.ts';
import type { Context } from '../context.ts';
import { drawHere } from '../diagnostics.ts';
import { type DiskFile, openFile } from '../disk-modules.ts';
import { type ExitCode, exits } from '../exit.ts';
import { terminalText } from '../terminal-text.ts';

export type ViewOptions = { readonly json?: boolean; readonly globals?: readonly string[] };

export async function view(
  context: Context,
  files: readonly string[],
  options: ViewOptions,
): Promise<ExitCode> {
  let code: ExitCode = exits.done;
  for (const given of files) {
    const file = openFile(context, given);
    if (!file.ok) {
      code = tellUnread(context, given, file.error, options);
      continue;
    }
    const { name, text, tree } = file.value;
    const viewed = viewFile(tree, name, text, {
      limits: { ...defaultLimits, clock: monotonic },
      ...(options.globals === undefined ? {} : { globals: options.globals }),
      print: (line) => context.stderr.write(`${terminalText(line)}\n`),
    });
    if (!('values' in viewed) && code === exits.done) code = exits.failed;
    if (options.json) context.stdout.write(`${JSON.stringify(lineOf(given, file.value, viewed))}\n`);
    else tell(context, file.value, viewed);
    await context.stdout.drained();
  }
  return code;
}

/** Who reads lines of JSON gets one for every file, as for one that does not evaluate. */
function tellUnread(context: Context, given: string, complaint: Complaint, { json }: ViewOptions): ExitCode {
  if (!json) return complain(context, complaint);
  const { message } = complaint;
  const line = { file: given, stage: 'read', message, at: given, line: null, column: null };
  context.stdout.write(`${JSON.stringify(line)}\n`);
  return exits.failed;
}

function lineOf(given: string, file: DiskFile, viewed: Viewed): object {
  if ('values' in viewed) return { file: given, values: viewed.values.join(' ') };
  const { stage, message, at, line, column } = viewed;
  return { file: given, stage, message, at: file.shown(at), line, column };
}

function tell(context: Context, file: DiskFile, viewed: Viewed): void {
  if ('values' in viewed) context.stdout.write(`${viewed.values.join(' ')}\n`);
  else context.stderr.write(drawHere(context, file, viewed.failure.diagnostics));
}
