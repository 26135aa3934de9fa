/**
 * Whose change it is: somebody's, which starts a run, or a job's own, which must not.
 *
 * What is saved between runs is somebody's, be its content the same. What changes during a run counts when its content
 * is another one: a job that writes the same again disturbs nobody. Then it is somebody's if git tracks it, since a
 * save must never be missed. A file that git neither tracks nor ignores is a job's when a quick command was running at
 * that moment, or when it changed in one run after another.
 *
 * Must not know: how changes are noticed, what a content is.
 */

/** What a file holds, as far as it takes to tell a change. */
export type Content = {
  /** Tells contents apart. */
  readonly digest: string;
  /** When it was last written: tells saves of the same apart. */
  readonly savedAt: number;
};

export type Change = {
  /** Relative to the top. */
  readonly path: string;
  readonly content: Content;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly tracked: boolean;
};

export type Judged = {
  /** Somebody's. */
  readonly changed: readonly string[];
  /** Taken for a job's for the first time. */
  readonly adopted: readonly string[];
  /** Changed in so many runs in a row that a job may be the one who writes it. */
  readonly suspected: readonly string[];
};

type Span = { readonly from: number; to: number | null };

/** A save that falls into a command this short is a coincidence. */
const quickMs = 250;
/** Clocks of files tick a few milliseconds apart from ours. */
const slackMs = 15;
/** Commands that ended longer ago than this are forgotten. */
const memoryMs = 10_000;
const suspiciousRuns = 2;

export class Origins {
  readonly #contents = new Map<string, Content>();
  readonly #commands = new Map<string, Span>();
  /** Files that jobs write. */
  readonly #products = new Set<string>();
  /** In how many runs in a row a file has changed. */
  readonly #rows = new Map<string, number>();
  #changedNow = new Set<string>();
  #run: Span | null = null;

  runStarted(at: number): void {
    this.#run = { from: at, to: null };
    this.#changedNow = new Set();
  }

  runEnded(at: number): void {
    if (this.#run !== null) this.#run.to = at;
    for (const path of this.#rows.keys()) if (!this.#changedNow.has(path)) this.#rows.delete(path);
  }

  /** `command` names it among those that go on. */
  commandStarted(command: string, at: number): void {
    for (const [name, { to }] of this.#commands) {
      if (to !== null && at - to > memoryMs) this.#commands.delete(name);
    }
    this.#commands.set(command, { from: at, to: null });
  }

  commandFinished(command: string, at: number): void {
    const span = this.#commands.get(command);
    if (span !== undefined) span.to = at;
  }

  /** A run function wrote this itself, or it was there before the first run. */
  knows(path: string, content: Content): void {
    this.#contents.set(path, content);
  }

  isKnown(path: string): boolean {
    return this.#contents.has(path);
  }

  /** Whether a change at this moment may be a job's. */
  mayBeOurs(at: number): boolean {
    return this.#run !== null && covers(this.#run, at);
  }

  judge(changes: readonly Change[]): Judged {
    const judged = { changed: [] as string[], adopted: [] as string[], suspected: [] as string[] };
    for (const change of changes) this.#judgeOne(change, judged);
    return judged;
  }

  #judgeOne(
    { path, content, at, tracked }: Change,
    judged: { changed: string[]; adopted: string[]; suspected: string[] },
  ): void {
    const before = this.#contents.get(path);
    this.#contents.set(path, content);
    const same = before?.digest === content.digest;
    if (same && before?.savedAt === content.savedAt) return;
    if (!this.mayBeOurs(at)) {
      this.#products.delete(path);
      this.#rows.delete(path);
      judged.changed.push(path);
      return;
    }
    if (same || (!tracked && this.#products.has(path))) return;
    const row = this.#rows.get(path) ?? 0;
    if (!tracked && (row >= suspiciousRuns || this.#isQuick(at))) {
      this.#products.add(path);
      judged.adopted.push(path);
      return;
    }
    if (!this.#changedNow.has(path)) this.#rows.set(path, row + 1);
    this.#changedNow.add(path);
    judged.changed.push(path);
    if (row === suspiciousRuns) judged.suspected.push(path);
  }

  #isQuick(at: number): boolean {
    return [...this.#commands.values()].some(
      (span) => covers(span, at) && span.to !== null && span.to - span.from <= quickMs,
    );
  }
}

const covers = ({ from, to }: Span, at: number): boolean =>
  at >= from - slackMs && (to === null || at <= to + slackMs);
