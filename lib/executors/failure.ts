/**
 * How an executor can fail, whose fault that is, and the sentence for it.
 *
 * Pure. Must not know: any executor. A command's non-zero exit is not here: that is an end, not a failure.
 */
import { visible } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import { type NoEnd, sayStartFailure } from '../process/process.ts';

/** What the engine was asked to do when it failed. */
export type EngineStep = 'reach' | 'pull' | 'build' | 'start' | 'exec' | 'stop';

export type ExecutorFailure =
  | NoEnd
  | { readonly reason: 'outside-workspace'; readonly cwd: string }
  /** No `ci.image`, no `.quire/Dockerfile`, no `:docker {:image …}`. */
  | { readonly reason: 'no-image' }
  | { readonly reason: 'build-failed'; readonly lines: readonly string[] }
  /** `lines` are the engine's own last ones. */
  | { readonly reason: 'engine'; readonly step: EngineStep; readonly lines: readonly string[] }
  /** It died under a command; `lines` are its own process's last ones. */
  | {
      readonly reason: 'container-exited';
      readonly code: number;
      readonly outOfMemory: boolean;
      readonly lines: readonly string[];
    }
  /** Processes that could not be ended. */
  | { readonly reason: 'still-running'; readonly pids: readonly number[] }
  | { readonly reason: 'canceled' };

/**
 * Who is to blame: `command` raises in the pipeline, `pipeline` is `failed-pipeline`, `internal` is
 * `failed-internal`, `nobody` is a cancellation.
 */
export function blame(failure: ExecutorFailure): 'command' | 'pipeline' | 'internal' | 'nobody' {
  switch (failure.reason) {
    case 'not-started':
      return failure.failure.reason === 'io' ? 'internal' : 'command';
    case 'outside-workspace':
      return 'command';
    case 'no-image':
    case 'build-failed':
      return 'pipeline';
    case 'engine':
    case 'container-exited':
    case 'still-running':
    case 'lost':
      return 'internal';
    case 'canceled':
      return 'nobody';
    default:
      return unreachable(failure);
  }
}

const steps: Readonly<Record<EngineStep, string>> = {
  reach: 'the container engine does not answer',
  pull: 'the image could not be pulled',
  build: 'the container engine failed while building the image',
  start: 'the container did not start',
  exec: 'the container engine could not run a command',
  stop: 'the container could not be stopped',
};

const quoted = (lines: readonly string[]): string =>
  lines.length === 0 ? '' : `: ${lines.map(visible).join('\n')}`;

/** One sentence for people, with the engine's own lines after it. */
export function sayExecutorFailure(failure: ExecutorFailure): string {
  switch (failure.reason) {
    case 'not-started':
      return sayStartFailure(failure.failure);
    case 'outside-workspace':
      return `directory ${visible(failure.cwd)} is not inside the workspace`;
    case 'no-image':
      return 'no image for the docker executor: call (ci.image "…"), commit .quire/Dockerfile, or set :docker {:image "…"} in config.fnl';
    case 'build-failed':
      return `.quire/Dockerfile does not build${quoted(failure.lines)}`;
    case 'engine':
      return `${steps[failure.step]}${quoted(failure.lines)}`;
    case 'container-exited':
      return `container exited ${failure.code}${failure.outOfMemory ? ' (out of memory)' : ''}${quoted(failure.lines)}`;
    case 'still-running':
      return `processes could not be ended: ${failure.pids.join(', ')}`;
    case 'lost':
      return 'the process that starts commands died (was it killed, or out of memory?)';
    case 'canceled':
      return 'canceled';
    default:
      return unreachable(failure);
  }
}
