/**
 * Answers what a run function asks: the one switch on `Ask`.
 *
 * Must not know: Lua, who recorded what, which job comes next.
 */
import { monotonic, timestamp } from '../base/clock.ts';
import type { JobId } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';
import { nearest, showDuration, visible } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import { blame, type ExecutorFailure, sayExecutorFailure } from '../executors/failure.ts';
import { type Answer, type Ask, answer, refuse, resultLimit, type ShAsk } from '../script/ask.ts';
import { openSecret, sayMaskWarning, saySecretFailure } from '../secrets/secrets.ts';
import type { Environment } from './environment.ts';
import { type Stage, stopReason } from './stage.ts';
import { internal, type StopReason } from './stop.ts';
import { readInside, writeInside } from './workspace-files.ts';

/** One attempt of a job, while it runs. */
export type Seat = {
  readonly stage: Stage;
  readonly job: JobId;
  /** Of the job's commands, but for what a call's own `:env` adds. */
  readonly env: Environment;
  /** Aborted when the attempt is to end. */
  readonly signal: AbortSignal;
  /** What jobs before it returned, unmasked. */
  readonly outputsOf: (job: JobId) => Plain;
  /** Set by every command: what `job.yml` says of the last one. */
  lastExit: number | null;
};

/** What became of an ask: an answer, or a fault that ends the whole run. */
export type Answered =
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      /** Tells what there is to tell; to be called when the answer is on its way, which need not wait for it. */
      readonly tell?: () => Promise<void>;
    }
  | { readonly kind: 'stop'; readonly reason: StopReason };

const reply = (given: Answer): Answered => ({ kind: 'answer', answer: given });

/** Does what was asked. Never throws; a fault of the machine's stops the run. */
export async function answerAsk(ask: Ask, seat: Seat): Promise<Answered> {
  const { stage } = seat;
  switch (ask.want) {
    case 'sh':
      return runCommand(ask, seat);
    case 'mirror':
      return reply(await answerMirror(seat, ask));
    case 'secret': {
      const value = await reveal(stage, ask.name);
      return reply(value.ok ? answer('secret', value.value) : refuse(value.error));
    }
    case 'push': {
      const push = await stage.push();
      return push.ok ? reply(answer('push', push.value)) : { kind: 'stop', reason: internal(push.error) };
    }
    case 'outputs':
      return reply(answer('outputs', seat.outputsOf(ask.of)));
    case 'read-file': {
      const bytes = readInside(stage.workspace, ask.path);
      return reply(bytes.ok ? answer('read-file', bytes.value) : refuse(bytes.error));
    }
    case 'write-file': {
      const written = writeInside(stage.workspace, ask.path, ask.bytes);
      if (written.ok) stage.wrote(written.value);
      return reply(written.ok ? answer('write-file', null) : refuse(written.error));
    }
    case 'log':
      await note(seat, ask.text);
      return reply(answer('log', null));
    case 'env': {
      const all: Environment = { ...stage.environment.host, QUIRE_CACHE: stage.session.cache, ...seat.env };
      return reply(answer('env', Object.hasOwn(all, ask.name) ? (all[ask.name] ?? null) : null));
    }
    default:
      return unreachable(ask);
  }
}

const note = (seat: Seat, text: string): Promise<void> =>
  seat.stage.emit({
    event: 'note',
    at: timestamp(seat.stage.clock()),
    job: seat.job,
    text: seat.stage.redactor.mask(text),
  });

/** The text of a secret that this run may have; masked from now on in everything that is recorded. */
async function reveal(stage: Stage, name: string): Promise<Result<string | Uint8Array, string>> {
  const entry = stage.secrets.find((known) => known.name === name);
  if (entry === undefined) {
    const near = nearest(
      name,
      stage.secrets.map((known) => known.name),
    );
    const hint = near === null ? 'add it to :secrets in config.fnl' : `did you mean '${visible(near)}'?`;
    return err(`there is no secret '${visible(name)}'; ${hint}`);
  }
  const opened = openSecret(entry, process.env);
  if (!opened.ok) return err(saySecretFailure(opened.error));
  if (!opened.value.allows(stage.meta.ref)) {
    return err(
      `secret '${visible(name)}' is not for ${visible(stage.meta.ref)}: see its :refs in config.fnl`,
    );
  }
  for (const warning of stage.redactor.add(opened.value)) {
    await stage.emit({
      event: 'note',
      at: timestamp(stage.clock()),
      job: null,
      text: `warning: ${sayMaskWarning(warning)}`,
    });
  }
  const bytes = opened.value.revealBytes();
  const text = bytes.toString();
  return ok(Buffer.from(text).equals(bytes) ? text : bytes);
}

async function answerMirror(seat: Seat, ask: Extract<Ask, { want: 'mirror' }>): Promise<Answer> {
  const credential = async (): Promise<Result<string | null, string>> => {
    switch (ask.credential.kind) {
      case 'none':
        return ok(null);
      case 'header':
        return ok(ask.credential.text);
      case 'secret': {
        const value = await reveal(seat.stage, ask.credential.name);
        return value.ok ? ok(Buffer.from(value.value).toString()) : value;
      }
      default:
        return unreachable(ask.credential);
    }
  };
  const done = await seat.stage.mirror(ask, {
    job: seat.job,
    signal: seat.signal,
    credential,
    say: (line) => note(seat, line),
  });
  return done.ok ? answer('mirror', done.value) : refuse(done.error);
}

/** The first bytes of a stream, for the result; the log has all. */
class Kept {
  readonly #chunks: Buffer[] = [];
  #length = 0;
  truncated = false;

  add(chunk: Buffer): void {
    const room = resultLimit - this.#length;
    if (chunk.length > room) this.truncated = true;
    if (room <= 0) return;
    // A copy: the chunk may be a window on a buffer that is read into again.
    const part = Buffer.from(chunk.subarray(0, room));
    this.#chunks.push(part);
    this.#length += part.length;
  }

  bytes = (): Buffer => Buffer.concat(this.#chunks);
}

async function runCommand(ask: ShAsk, seat: Seat): Promise<Answered> {
  const { stage, job } = seat;
  const { redactor, emit, clock } = stage;
  const began = monotonic();
  const t = (): number => Math.round(monotonic() - began);
  const { sh } = ask;
  const startedAt = clock();
  const kept = { out: new Kept(), err: new Kept() };
  const masks = { out: redactor.stream(), err: redactor.stream() };
  let over = false;
  const tell = async (stream: 'out' | 'err', bytes: Buffer): Promise<void> => {
    await announced;
    if (bytes.length > 0)
      await emit({ event: 'output', at: timestamp(clock()), job, sh, stream, bytes, t: t() });
  };
  const running = stage.session.run(
    {
      job,
      command: ask.command,
      cwd: ask.cwd,
      hostEnv: stage.environment.host,
      // The same object as long as it is the same environment: whoever starts many commands looks for what changed.
      env: Object.keys(ask.env).length === 0 ? seat.env : { ...seat.env, ...ask.env },
      stdin: ask.stdin,
      timeoutMs: ask.timeoutMs,
    },
    (stream, chunk) => {
      if (!over) kept[stream].add(chunk);
      return tell(stream, masks[stream].write(chunk));
    },
    seat.signal,
  );
  // It is on its way already: writing that down does not make it wait, and nothing can be heard of it before.
  const announced = emit({
    event: 'command-started',
    at: timestamp(startedAt),
    job,
    sh,
    cmd: redactor.mask(ask.cmd),
  });
  const [ended] = await Promise.all([running, announced]);
  over = true;
  for (const stream of ['out', 'err'] as const) await tell(stream, masks[stream].flush());
  if (!ended.ok) return failed(ended.error, seat);

  const end = ended.value;
  const signal = end.kind === 'signaled' ? end.signal : null;
  const exit = end.kind === 'exited' ? end.code : -1;
  seat.lastExit = exit;
  const finished = {
    event: 'command-finished',
    at: timestamp(clock()),
    job,
    sh,
    exit,
    signal,
    t: t(),
  } as const;
  return {
    kind: 'answer',
    answer: answer('sh', {
      exit,
      signal,
      stdout: kept.out.bytes(),
      stderr: kept.err.bytes(),
      truncated: kept.out.truncated || kept.err.truncated,
    }),
    tell: async () => {
      // That a signal ended it does not say whose.
      if (end.endedBy === 'timeout' && ask.timeoutMs !== null)
        await note(seat, `the command timed out after ${showDuration(ask.timeoutMs)}`);
      await emit(finished);
    },
  };
}

/** A command that never ran. The log says so too, so that its heading does not stand there without an end. */
async function failed(failure: ExecutorFailure, seat: Seat): Promise<Answered> {
  const said = sayExecutorFailure(failure);
  switch (blame(failure)) {
    case 'command':
      await note(seat, said);
      return reply(refuse(said));
    case 'pipeline':
    case 'internal':
      return { kind: 'stop', reason: internal(said) };
    case 'nobody':
      return { kind: 'stop', reason: stopReason(seat.stage.signal) ?? { kind: 'canceled' } };
    default:
      return unreachable(blame(failure) as never);
  }
}
