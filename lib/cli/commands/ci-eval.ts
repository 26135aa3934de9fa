/**
 * `quire ci eval`: one job's run function alone, its streams as they come, its result as the exit code.
 *
 * What is not a command's own output is quire's, begins with `quire:` and goes to stderr.
 * Must not know: how a job is worked.
 */
import { readText, status } from '../../base/files.ts';
import type { Plain } from '../../base/plain.ts';
import { ok, type Result } from '../../base/result.ts';
import { visible } from '../../base/text.ts';
import { findRepository } from '../../git/git.ts';
import { runLocally } from '../../runner/local.ts';
import { type Sink, tee } from '../../runs/events.ts';
import type { FinalJobState } from '../../runs/states.ts';
import { parseJson } from '../../script/json.ts';
import { type Complaint, complain, fileTrouble, warn, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { cancelSignal, type LocalOptions, pathFrom, type Standing, standing, workbench } from '../local.ts';
import { tellEnd } from '../local-end.ts';
import { terminalText } from '../terminal-text.ts';

export type CiEvalOptions = LocalOptions & {
  readonly job: string;
  readonly workspace?: string;
  readonly ciFile?: string;
  readonly inputs?: string;
};

export async function ciEval(context: Context, options: CiEvalOptions): Promise<ExitCode> {
  const inputs = readInputs(context, options.inputs);
  if (!inputs.ok) return complain(context, inputs.error);
  const pipelineFile = pathFrom(context, options.ciFile);
  const at = await place(context, pathFrom(context, options.workspace), pipelineFile);
  if (!at.ok) return complain(context, at.error);
  const bench = await workbench(context, at.value, options);
  if (!bench.ok) return complain(context, bench.error);
  const ending: { state: FinalJobState | null } = { state: null };
  const missing = new Set<string>();
  const end = await runLocally({
    ...bench.value,
    revision: null,
    pipelineFile,
    choice: {
      kind: 'alone',
      job: options.job,
      outputs: inputs.value,
      missed: (job) => missing.add(job),
    },
    sink: tee(rawStreams(context), {
      hear(event) {
        if (event.event === 'job-finished') ending.state = event.state;
      },
    }),
    outDirectory: null,
    signal: cancelSignal(context),
  });
  const code = tellEnd(context, end, { revision: null, pipelineFile });
  if (ending.state === 'failed' && missing.size > 0) {
    const calls = [...missing].map((id) => `(jobs :${visible(id)})`).join(', ');
    warn(context, `${calls} gave nil: what other jobs returned is taken from --inputs FILE`);
  }
  // A run may pardon a failed job (:allow-failure); the job itself has failed all the same.
  return code === exits.done && ending.state === 'failed' ? exits.failed : code;
}

/** The workspace that is named, or the work tree; a workspace need not be in a repository. */
async function place(
  context: Context,
  workspace: string | null,
  pipelineFile: string | null,
): Promise<Result<Standing, Complaint>> {
  const directory = workspace ?? (pipelineFile === null ? null : context.cwd);
  if (directory === null) return standing(context, null);
  const there = status(directory);
  if (!there.ok || there.value.kind === 'file')
    return wrongUsage(`there is no directory ${visible(directory)}`, '--workspace names one.');
  const found = await findRepository(directory);
  if (found.ok) {
    const { gitDir, top } = found.value;
    // Somewhere inside a work tree: the workspace is that directory, and git still knows the commit.
    return ok({ top: directory, gitDir: top === null ? null : gitDir });
  }
  if (found.error.reason === 'not-a-repository') return ok({ top: directory, gitDir: null });
  return standing(context, null);
}

/** `{"build": {…}, "quire/push": {…}}`: what `(jobs …)` answers. */
function readInputs(
  context: Context,
  word: string | undefined,
): Result<ReadonlyMap<string, Plain>, Complaint> {
  const path = pathFrom(context, word);
  if (path === null) return ok(new Map());
  const text = readText(path);
  if (!text.ok) {
    return text.error.reason === 'missing'
      ? wrongUsage(`there is no file ${visible(path)}`)
      : fileTrouble(text.error);
  }
  const parsed = parseJson(text.value);
  if (!parsed.ok) return wrongUsage(`${path}: ${visible(parsed.error)}`);
  const { value } = parsed;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return wrongUsage(`${path} must hold an object: {"JOB": OUTPUTS, …}`);
  }
  return ok(new Map(Object.entries(value)));
}

/** Output goes through as it is; the rest is said as quire's. */
const rawStreams = (context: Context): Sink => ({
  async hear(event) {
    switch (event.event) {
      case 'output':
      case 'run-output': {
        const stream = event.event === 'output' && event.stream === 'out' ? context.stdout : context.stderr;
        stream.write(Buffer.from(event.bytes));
        return stream.drained();
      }
      case 'note':
        return warn(context, terminalText(event.text));
      case 'job-finished':
        if (event.error !== null) warn(context, terminalText(`job '${event.job}' failed: ${event.error}`));
        return;
      case 'run-started':
      case 'job-started':
      case 'command-started':
      case 'command-finished':
      case 'container':
      case 'run-finished':
        return;
    }
  },
});
