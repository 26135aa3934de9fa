/**
 * Gathers changes until it is quiet: an editor's save is many of them, a checkout thousands.
 *
 * Must not know: what a change means.
 */

/** However busy it is, changes wait no longer than this many quiet times. */
const mostQuietTimes = 10;

export class Settle {
  readonly #quietMs: number;
  readonly #settled: (paths: ReadonlyMap<string, number>) => void;
  #paths = new Map<string, number>();
  #since = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `settled` is told the paths, each with the time it last changed at (milliseconds since 1970). */
  constructor(quietMs: number, settled: (paths: ReadonlyMap<string, number>) => void) {
    this.#quietMs = quietMs;
    this.#settled = settled;
  }

  hear(path: string, at: number): void {
    if (this.#paths.size === 0) this.#since = at;
    this.#paths.set(path, at);
    const left = this.#since + mostQuietTimes * this.#quietMs - at;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), Math.max(0, Math.min(this.#quietMs, left)));
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#paths.clear();
  }

  #tell(): void {
    const paths = this.#paths;
    this.#paths = new Map();
    this.#timer = null;
    this.#settled(paths);
  }
}
