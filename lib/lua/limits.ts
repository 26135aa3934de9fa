/**
 * How long, and on how much memory, Lua may run: one meter for all VMs of one evaluation.
 *
 * Time counts from the last `restart` while Lua runs; memory is what the heap and the buffers outside of it grew by
 * since the meter was made or begun. Once a limit is passed the meter stays over, unless it is told to `forgive`.
 * Must not know: Lua, what is evaluated.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export type Limits = {
  /** How long one stretch may take. */
  readonly timeMs: number;
  readonly memoryBytes: number;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
};

export type Exceeded = 'time' | 'memory';

export class Meter {
  limits: Limits;
  /** Which limit was passed, or null. */
  over: Exceeded | null = null;
  #deadline = 0;
  #base = 0;
  /** Above this much memory garbage is collected before anyone is accused. */
  #suspicious = 0;

  constructor(limits: Limits) {
    this.limits = limits;
    this.begin(limits);
  }

  /** Starts from nothing, with these limits: what was made before is not counted. */
  begin(limits: Limits): void {
    this.limits = limits;
    this.over = null;
    this.#base = memoryInUse();
    this.#suspicious = limits.memoryBytes;
    this.restart();
  }

  /** A new stretch begins: a run function answered by a primitive has its whole time again. */
  restart(): void {
    this.#deadline = this.limits.clock() + this.limits.timeMs;
  }

  /** Takes back that time was passed, once what ran for too long is gone. */
  forgive(): void {
    if (this.over === 'time') this.over = null;
    this.restart();
  }

  /** Looks at clock and memory; answers what `over` is now. */
  sample(): Exceeded | null {
    if (this.over === null && this.limits.clock() > this.#deadline) this.over = 'time';
    if (this.over === null && memoryInUse() - this.#base > this.#suspicious) this.#judgeMemory();
    return this.over;
  }

  /** Whether `bytes` more may be taken at once; the meter is over if not. */
  reserve(bytes: number): boolean {
    if (this.over !== null) return false;
    if (bytes > this.limits.memoryBytes) {
      this.over = 'memory';
    } else if (bytes > 1_000_000 && memoryInUse() - this.#base + bytes > this.#suspicious) {
      this.#judgeMemory(bytes);
    }
    return this.over === null;
  }

  #judgeMemory(wanted = 0): void {
    collectGarbage();
    const used = memoryInUse() - this.#base;
    if (used + wanted > this.limits.memoryBytes) {
      this.over = 'memory';
      return;
    }
    // Most of it was garbage: a collection is dear, so the next one waits until as much has piled up again.
    this.#suspicious = Math.max(this.limits.memoryBytes, used + this.limits.memoryBytes / 2);
  }
}

function memoryInUse(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

let collect: (() => void) | null = null;

/** V8 has its own mind about when to collect; only a flag set at run time gives a function for it. */
function collectGarbage(): void {
  if (collect === null) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collect();
}
