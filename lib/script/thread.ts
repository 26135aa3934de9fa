/**
 * A script in a thread of its own, which can be ended when Lua runs on although its limits are passed.
 *
 * Must not know: Lua, what the thread does with a message.
 */
import { type Diagnostic, diagnostic, pointSpan, type Span } from '../base/diagnostic.ts';
import type { JobId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { showDuration } from '../base/text.ts';
import type { Answer } from './ask.ts';
import { Channel, type Lost } from './channel.ts';
import { mainFile } from './entry.ts';
import { CommandCounts, changedPipeline } from './renewal.ts';
import {
  type EvaluateOptions,
  type EvaluationFailure,
  limitsOf,
  type Script,
  type Step,
  type Tree,
} from './script.ts';
import { endedWith, failedBy } from './session.ts';
import { postAnswer, receiveStep, type ToThread } from './wire.ts';

/** How long past its limit a stretch may go on before the thread is ended: the VM's own belt comes first. */
const graceMs = 500;

/** How long loading the thread's code may take on a machine that is busy. */
const startMs = 30_000;

/** The heap of a thread beyond what its VM is allowed: the belt behind the VM's own. */
const spareHeapMb = 256;

/** What a script may do, known before there is a tree. */
export type ScriptLimits = Pick<EvaluateOptions, 'timeMs' | 'memoryBytes'>;

/**
 * A thread that will hold a pipeline. Loading its code takes longer than most pipelines: whoever will have one to
 * evaluate starts it first and reads the tree meanwhile.
 */
export class ScriptThread {
  readonly #workerFile: string;
  readonly #limits: ScriptLimits;
  readonly #channel: Channel;

  /** `workerFile` is the bundle of `worker.ts`. */
  constructor(workerFile: string, limits: ScriptLimits = {}) {
    this.#workerFile = workerFile;
    this.#limits = limits;
    this.#channel = openChannel(workerFile, limits);
  }

  /** Evaluates the pipeline of a tree; once. The script's `close`, or a failure, ends the thread. */
  async evaluate(
    tree: Tree,
    naming: Pick<EvaluateOptions, 'main' | 'prefix'> = {},
  ): Promise<Result<Script, EvaluationFailure>> {
    const options = { ...naming, ...this.#limits };
    const room = await openRoom(this.#channel, tree, options);
    if (!room.ok) return room;
    const again = (): Promise<Result<Room, EvaluationFailure>> =>
      openRoom(openChannel(this.#workerFile, options), tree, options);
    return ok(new ThreadScript(room.value, limitsOf(options).timeMs, again));
  }

  /** For a thread that was not needed; may be called whatever became of it. */
  end(): Promise<void> {
    return this.#channel.end();
  }
}

function openChannel(workerFile: string, limits: ScriptLimits): Channel {
  const { timeMs, memoryBytes } = limitsOf(limits);
  return new Channel(workerFile, {
    patienceMs: timeMs + graceMs,
    startMs,
    heapMb: Math.ceil(memoryBytes / 1024 ** 2) + spareHeapMb,
  });
}

class ThreadScript implements Script {
  readonly pipeline: Script['pipeline'];
  readonly printed: Script['printed'];
  #room: Room;
  readonly #start: () => Promise<Result<Room, EvaluationFailure>>;
  #renewing: Promise<Step | null> | null = null;
  /** The room each job under way is in: one that was ended may not be the current one any more. */
  readonly #rooms = new Map<JobId, Room>();
  readonly #commands = new CommandCounts();
  readonly #timeMs: number;
  #closed = false;

  constructor(room: Room, timeMs: number, start: () => Promise<Result<Room, EvaluationFailure>>) {
    this.#timeMs = timeMs;
    this.#room = room;
    this.#start = start;
    this.pipeline = room.pipeline;
    this.printed = room.printed;
  }

  async begin(job: JobId): Promise<Step> {
    const problem = await this.#ready();
    if (problem !== null) return problem;
    this.#rooms.set(job, this.#room);
    return this.#step(this.#room, job, { kind: 'begin', job, commands: this.#commands.of(job) });
  }

  async resume(job: JobId, answer: Answer): Promise<Step> {
    const room = this.#rooms.get(job);
    if (room === undefined) throw new Error(`job ${job} has not begun`);
    return this.#step(room, job, { kind: 'resume', job, answer: postAnswer(answer) });
  }

  abandon(job: JobId): void {
    this.#rooms.get(job)?.channel.tell({ kind: 'abandon', job });
    this.#rooms.delete(job);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#room.channel.end();
  }

  /** A room that can be used; or how the job ends that wanted one. Several jobs may want a new one at once. */
  async #ready(): Promise<Step | null> {
    if (this.#room.culprit === null || this.#closed) return null;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renew(): Promise<Step | null> {
    await this.#room.channel.end();
    const room = await this.#start();
    const changed = changedPipeline(this.pipeline, room.ok ? ok(room.value.pipeline) : room);
    if (room.ok) this.#room = room.value;
    return changed;
  }

  async #step(room: Room, job: JobId, message: ToThread): Promise<Step> {
    const { culprit } = room;
    const step: Step =
      culprit === null ? await this.#asked(room, job, message) : { kind: 'ended', end: endedWith(culprit) };
    if (step.kind === 'ended') this.#rooms.delete(job);
    return this.#commands.heard(job, step);
  }

  async #asked(room: Room, job: JobId, message: ToThread): Promise<Step> {
    const reply = await room.channel.ask(message);
    if (reply.kind === 'step') {
      if (reply.over) room.culprit ??= job;
      return receiveStep(reply.step);
    }
    if (reply.kind !== 'lost') throw new Error(`a thread answered ${message.kind} with ${reply.kind}`);
    // The first job to hear of it is the one that was running: requests are taken one after the other.
    const span = this.pipeline.jobs.find(({ id }) => id === job)?.span ?? null;
    if (room.culprit !== null) return { kind: 'ended', end: endedWith(room.culprit) };
    room.culprit = job;
    return { kind: 'ended', end: failedBy({ ...lostDiagnostic(reply, this.#timeMs, span), job }) };
  }
}

function lostDiagnostic(lost: Lost, timeMs: number, span: Span | null): Diagnostic {
  switch (lost.why) {
    case 'time':
      return diagnostic({
        code: 'evaluation-time',
        message: `evaluation took longer than ${showDuration(timeMs)}, inside a single library function`,
        span,
        hint: 'look for a pattern that backtracks, or a very long string',
      });
    case 'memory':
      return diagnostic({
        code: 'evaluation-memory',
        message: 'evaluation used more memory than it may',
        span,
      });
    case 'broken':
      return diagnostic({ code: 'evaluation-broke', message: `evaluation broke: ${lost.detail}`, span });
  }
}

/** A thread with one evaluated pipeline in it. */
type Room = {
  readonly channel: Channel;
  readonly pipeline: Script['pipeline'];
  readonly printed: Script['printed'];
  /** The job that ended the VM in there. */
  culprit: JobId | null;
};

async function openRoom(
  channel: Channel,
  tree: Tree,
  options: EvaluateOptions,
): Promise<Result<Room, EvaluationFailure>> {
  const reply = await channel.ask({ kind: 'evaluate', tree, options });
  if (reply.kind === 'evaluated') {
    return ok({ channel, pipeline: reply.pipeline, printed: reply.printed, culprit: null });
  }
  await channel.end();
  if (reply.kind === 'not-evaluated') return err(reply.failure);
  if (reply.kind !== 'lost') throw new Error(`a thread answered evaluate with ${reply.kind}`);
  const { timeMs } = limitsOf(options);
  const path = mainFile(tree, options);
  const span = path === null ? null : pointSpan(path, 1, 1);
  return err({ reason: 'diagnostics', diagnostics: [lostDiagnostic(reply, timeMs, span)], printed: [] });
}
