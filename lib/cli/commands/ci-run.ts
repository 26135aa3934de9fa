/**
 * `quire ci run`: the pipeline of the work tree in place, or of a commit in a workspace made for it.
 *
 * Must not know: how a run is worked; it brings the settings and shows what happens.
 */
import { openWriter } from '../../base/files.ts';
import { ok, type Result } from '../../base/result.ts';
import { runLocally } from '../../runner/local.ts';
import { internal, type StopReason } from '../../runner/stop.ts';
import { type Sink, tee } from '../../runs/events.ts';
import { type Complaint, complain, fileTrouble } from '../complain.ts';
import type { Context, Output } from '../context.ts';
import type { ExitCode } from '../exit.ts';
import { cancelSignal, type LocalOptions, pathFrom, standing, workbench } from '../local.ts';
import { tellEnd } from '../local-end.ts';
import { RunDisplay, statusRows, summary } from '../run-display.ts';
import { EventLines } from '../run-events.ts';
import { screenOn } from '../terminal.ts';

export type CiRunOptions = LocalOptions & {
  readonly sha?: string;
  readonly job?: readonly string[];
  /** `null`, `stdout` or a file. */
  readonly events?: string;
  readonly outDir?: string;
};

export async function ciRun(context: Context, options: CiRunOptions): Promise<ExitCode> {
  const revision = options.sha ?? null;
  const at = await standing(context, revision);
  if (!at.ok) return complain(context, at.error);
  const bench = await workbench(context, at.value, options);
  if (!bench.ok) return complain(context, bench.error);
  const stop = new AbortController();
  const events = openEvents(context, options.events ?? 'null', (reason) => stop.abort(reason));
  if (!events.ok) return complain(context, events.error);

  const canceled = cancelSignal(context);
  canceled.addEventListener('abort', () => stop.abort(canceled.reason));
  const out: Output = options.events === 'stdout' ? context.stderr : context.stdout;
  const screen = screenOn(out, options.events === 'stdout' ? process.stderr : process.stdout);
  const display = new RunDisplay(screen, context.clock);
  screen.keep(() => statusRows(display, screen.paint, ''));
  const began = context.clock();
  const end = await runLocally({
    ...bench.value,
    revision,
    choice: options.job === undefined ? { kind: 'all' } : { kind: 'jobs', jobs: options.job },
    sink: tee(events.value.sink, display),
    outDirectory: pathFrom(context, options.outDir),
    signal: stop.signal,
  });
  screen.close();
  events.value.close();
  if (end.kind === 'ended') {
    out.write(summary(display.view, end.outcome, began, context.clock(), out.paint));
  }
  return tellEnd(context, end, { revision, pipelineFile: null });
}

type Events = { readonly sink: Sink; close(): void };

/** Where `--events` go. A disk that takes no more of them ends the run: an incomplete account must not pass for one. */
function openEvents(
  context: Context,
  where: string,
  fail: (reason: StopReason) => void,
): Result<Events, Complaint> {
  if (where === 'null') return ok({ sink: { hear: () => {} }, close: () => {} });
  if (where === 'stdout') {
    const { stdout } = context;
    const sink = new EventLines((lines) => {
      stdout.write(lines);
      return stdout.drained();
    });
    return ok({ sink, close: () => {} });
  }
  const path = pathFrom(context, where) ?? where;
  const opened = openWriter(path);
  if (!opened.ok) return fileTrouble(opened.error);
  const file = opened.value;
  const sink = new EventLines((lines) => {
    const written = file.append(lines);
    if (!written.ok) fail(internal(`could not write events to ${path}: ${written.error.code}`));
  });
  return ok({ sink, close: () => file.close() });
}
