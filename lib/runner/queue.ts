/**
 * The runner: one process that claims pending runs by number and supervises a process for each.
 *
 * It holds the runner lock for its life, so there is never a second one; it works while there is anything to work
 * and ends when there is nothing. Must not know: what a run does.
 */
import { monotonic } from '../base/clock.ts';
import type { RunId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { isAlive, sayLockFailure, tryLock } from '../process/process.ts';
import {
  claim,
  failUnreadable,
  inQueue,
  isPaused,
  listPending,
  listUnsettled,
  lockFile,
  type PendingRun,
  sayStoreFailure,
  stateOfRun,
  watchQueue,
} from '../store/store.ts';
import { takeIn } from './intake.ts';
import { Mirrors } from './mirrors.ts';
import { endDead, isOver, recoverRuns, settleAll } from './recover.ts';
import type { Server } from './server.ts';
import { intakeSettings, settingsOf } from './settings.ts';
import { type RunProcess, startRunProcess } from './supervise.ts';

export type Worked = 'done' | 'busy' | 'paused' | 'interrupted';

/** How long to wait for a wake-up that got lost. */
const longestSleepMs = 500;
/** How long an event is left to its own hook, which evaluates it and tells the pusher. */
const hookPatienceMs = 2000;
/** How often the queue is tried again, ever later, while nothing runs and nothing can be started. */
const mostTroubles = 6;
/** How long until the next look at a run that somebody else evaluates. */
const evaluatingSleepMs = 10;
/** How long later runs wait for one that somebody else evaluates: most take milliseconds, and an endless one delays nobody. */
const evaluatingPatienceMs = 500;

/**
 * Works the inbox and the queue until both are empty. `busy`: another runner does it.
 *
 * A push that comes while the lock is being let go would find a runner that no longer looks: so it looks once more
 * after letting go, and takes the lock again when something waits. Either this look sees the push, or the
 * push's own runner finds the lock free.
 */
export async function workQueue(server: Server, signal: AbortSignal): Promise<Result<Worked, string>> {
  for (;;) {
    const lock = tryLock(lockFile(server.store, 'runner'));
    if (!lock.ok) return lock.error.reason === 'busy' ? ok('busy') : err(sayLockFailure(lock.error));
    const runner = new Runner(server, signal);
    const worked = await runner.work();
    lock.value.release();
    if (!worked.ok || worked.value === 'interrupted') return worked;
    const waits = (await somethingWaits(server)) || runner.mirrors.somethingWaits();
    if (!waits && !isUnsettled(server, runner.unsettled)) return worked;
  }
}

/** Whether there is a pending run that could start now. */
export async function somethingWaits(server: Server): Promise<boolean> {
  if (isPaused(server.store)) return false;
  const pending = await listPending(server.store);
  return pending.ok && pending.value.runs.length > 0;
}

/** Whether a run has ended that nobody has published yet, but for those that can't be. */
function isUnsettled({ store }: Server, but: ReadonlySet<RunId>): boolean {
  const marks = listUnsettled(store);
  return marks.ok && marks.value.some((id) => !but.has(id) && isOver(store, id));
}

class Runner {
  readonly #server: Server;
  readonly #signal: AbortSignal;
  readonly #running = new Map<RunId, RunProcess>();
  /** Processes that wait for runs which somebody still evaluates. */
  readonly #ready = new Map<RunId, RunProcess>();
  /** Since when runs were seen to be evaluated by somebody else. */
  readonly #evaluating = new Map<RunId, number>();
  /** Pending runs whose page has been made. */
  readonly #shown = new Set<RunId>();
  #showing: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => {};
  /** How often in a row a run could not be started. */
  #troubles = 0;
  /** Ends that could not be published. */
  unsettled: ReadonlySet<RunId> = new Set();
  readonly mirrors: Mirrors;

  constructor(server: Server, signal: AbortSignal) {
    this.#server = server;
    this.#signal = signal;
    this.mirrors = new Mirrors(server, signal, () => this.#wake());
  }

  async work(): Promise<Result<Exclude<Worked, 'busy'>, string>> {
    const { store } = this.#server;
    const watcher = watchQueue(store, () => this.#wake());
    const interrupted = (): void => this.#wake();
    this.#signal.addEventListener('abort', interrupted);
    try {
      let { alive } = await recoverRuns(this.#server);
      for (;;) {
        if (this.#signal.aborted) return ok(await this.#letGo());
        const awake = this.#nextWake();
        const isLeft = await this.#takeIn();
        // Before the ends of others are published: the pages of a long log take their time.
        const waiting = alive > 0 ? false : await this.#startRuns();
        this.unsettled = await settleAll(this.#server, this.unsettled);
        await this.mirrors.look();
        if (this.#running.size === 0 && alive === 0 && !isLeft && !this.mirrors.busy) {
          if (isPaused(store)) return ok('paused');
          if (!waiting) return ok('done');
          if (this.#troubles >= mostTroubles) return err('the queue waits for the next quire command');
        }
        await awake;
        if (alive > 0) ({ alive } = await recoverRuns(this.#server));
      }
    } finally {
      for (const process of this.#ready.values()) process.letGo();
      await this.#showing;
      watcher.close();
      this.#signal.removeEventListener('abort', interrupted);
    }
  }

  /** Settles at the next change of the queue, the end of a run, or a little later whatever happens. */
  #nextWake(): Promise<void> {
    return new Promise((wake) => {
      const timer = setTimeout(wake, longestSleepMs * 2 ** this.#troubles);
      this.#wake = () => {
        clearTimeout(timer);
        wake();
      };
    });
  }

  /** True when an event was left to its hook. */
  async #takeIn(): Promise<boolean> {
    const settings = await settingsOf(this.#server.store);
    const options = { ...intakeSettings(settings), evaluator: null, patienceMs: hookPatienceMs };
    const taken = await takeIn(this.#server, options);
    if (!taken.ok) this.#server.say(taken.error);
    return taken.ok && taken.value.isLeft;
  }

  /** Starts what may start, in order of number. True when a pending run is left that will start later. */
  async #startRuns(): Promise<boolean> {
    const { store } = this.#server;
    const pending = await listPending(store);
    if (!pending.ok) {
      this.#troubles += 1;
      this.#server.say(sayStoreFailure(pending.error));
      return true;
    }
    const { runs } = pending.value;
    this.#show(runs.map((run) => run.id));
    if (isPaused(store)) return runs.length > 0;
    const settings = await settingsOf(store);
    const room = settings.ok ? settings.value.config.maxRuns : 1;
    let isLeft = false;
    for (const run of runs) {
      if (this.#running.size >= room) return true;
      if (this.#running.has(run.id)) continue;
      const started = await this.#start(run);
      if (started === 'later') return true;
      if (started !== 'evaluating') continue;
      // By number: what comes later waits a moment for a run that is still being evaluated.
      if (this.#evaluatedFor(run.id) < evaluatingPatienceMs) return true;
      isLeft = true;
    }
    return isLeft;
  }

  #evaluatedFor(id: RunId): number {
    const now = monotonic();
    const since = this.#evaluating.get(id) ?? now;
    this.#evaluating.set(id, since);
    return now - since;
  }

  async #start(run: PendingRun): Promise<'started' | 'over' | 'later' | 'evaluating'> {
    const process = await this.#processFor(run.id);
    if (!process.ok) return this.#later(run, process.error);
    const won = await inQueue(this.#server.store, async (queue) => {
      const claimed = await claim(queue, run.id, process.value.owner);
      // Nothing blocks the queue: what can't be read ends here, with the reason.
      if (!claimed.ok && claimed.error.reason === 'unreadable') {
        const failed = await failUnreadable(queue, run.id, sayStoreFailure(claimed.error));
        if (!failed.ok) return failed;
      }
      return claimed;
    });
    if (!won.ok) {
      switch (won.error.reason) {
        case 'evaluating':
          this.#ready.set(run.id, process.value);
          setTimeout(() => this.#wake(), Math.max(evaluatingSleepMs, this.#evaluatedFor(run.id) / 10));
          return 'evaluating';
        case 'not-here':
        case 'not-found':
        case 'unreadable':
          process.value.letGo();
          return 'over';
        default:
          process.value.letGo();
          return this.#later(run, sayStoreFailure(won.error));
      }
    }
    this.#troubles = 0;
    this.#running.set(run.id, process.value);
    void process.value.ended.then((end) => this.#ended(run.id, end));
    return 'started';
  }

  /** A new process, or the one that has waited for this run; one that gave up waiting is of no use. */
  async #processFor(id: RunId): Promise<Result<RunProcess, string>> {
    const ready = this.#ready.get(id);
    this.#ready.delete(id);
    if (ready !== undefined) {
      if (isAlive(ready.owner)) return ok(ready);
      ready.letGo();
    }
    return startRunProcess(this.#server, id);
  }

  #later(run: PendingRun, problem: string): 'later' {
    this.#troubles += 1;
    this.#server.say(`run ${run.number} can't start now: ${problem}`);
    return 'later';
  }

  /** A run's process ends after it has ended its run; if it has not, it died, and that is recorded at once. */
  async #ended(id: RunId, how: string): Promise<void> {
    if (stateOfRun(this.#server.store, id) === 'active') {
      const error = `the run's process ended before the run did: ${how}`;
      await endDead(this.#server, id, { outcome: 'failed-internal', error, replacedBy: null });
    }
    this.#running.delete(id);
    this.#wake();
  }

  /** Pending runs get a page too; not on the way of their start. */
  #show(ids: readonly RunId[]): void {
    const fresh = ids.filter((id) => !this.#shown.has(id));
    for (const id of fresh) this.#shown.add(id);
    if (fresh.length > 0) this.#showing = Promise.all([this.#showing, this.#server.publish(fresh)]);
  }

  /** On a signal: the runs' processes see the leash go and end their runs' commands; the next runner recovers. */
  async #letGo(): Promise<'interrupted'> {
    const ends = [...this.#running.values()].map((each) => {
      each.letGo();
      return each.ended;
    });
    await Promise.all([...ends, this.mirrors.ended()]);
    return 'interrupted';
  }
}
