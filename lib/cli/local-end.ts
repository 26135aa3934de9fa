/**
 * How a local run ended, as words on stderr and an exit code.
 *
 * Must not know: which command ran it.
 */
import { drawDiagnostics } from '../base/draw.ts';
import { readText } from '../base/files.ts';
import { visible } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import type { LocalEnd } from '../runner/local.ts';
import type { Outcome } from '../runs/records.ts';
import { complain, trouble, wrongUsage } from './complain.ts';
import type { Context } from './context.ts';
import { complainOfPipeline, noPipeline } from './evaluation.ts';
import { type ExitCode, exits } from './exit.ts';

/** Complains of what no job is to blame for, and gives the exit code. */
export function tellEnd(
  context: Context,
  end: LocalEnd,
  from: { readonly revision: string | null; readonly pipelineFile: string | null },
): ExitCode {
  switch (end.kind) {
    case 'ended':
      return tellOutcome(context, end.outcome);
    case 'diagnostics':
      if (from.pipelineFile === null) return complainOfPipeline(context, end.diagnostics, end.tree);
      context.stderr.write(
        drawDiagnostics(end.diagnostics, { sourceOf: textAt, colour: context.stderr.colours }),
      );
      return exits.failed;
    case 'no-pipeline':
      return complain(
        context,
        from.pipelineFile === null
          ? noPipeline(from.revision)
          : wrongUsage(`there is no file ${visible(from.pipelineFile)}`).error,
      );
    case 'refused':
      return complain(context, wrongUsage(end.why).error);
    case 'trouble':
      return complain(context, trouble(end.why).error);
    default:
      return unreachable(end);
  }
}

/** Diagnostics of a file that was named on the command line have its whole path. */
function textAt(file: string): string | null {
  const read = readText(file);
  return read.ok ? read.value : null;
}

function tellOutcome(context: Context, { outcome, error }: Outcome): ExitCode {
  switch (outcome) {
    case 'succeeded':
      return exits.done;
    case 'failed-job':
      return exits.failed;
    case 'failed-pipeline':
    case 'failed-timeout':
      complain(context, trouble(visible(error ?? outcome)).error);
      return exits.failed;
    case 'failed-internal':
    case 'failed-orphaned':
      return complain(context, trouble(visible(error ?? outcome)).error);
    case 'canceled':
    case 'replaced':
      return exits.interrupted;
    default:
      return unreachable(outcome);
  }
}
