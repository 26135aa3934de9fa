/**
 * Whose change it is: somebody's, which starts a run, or a job's own, which must not.
 *
 * What is saved between runs is somebody's, be its content the same. What changes during a run counts when its content
 * is another one: a job that writes the same again disturbs nobody. Then it is somebody's if git tracks it, since a
 * save must never be missed. A file that git neither tracks nor ignores is a job's when a quick command was running at
 * that moment and nobody has saved it between runs, or when it changed in one run after another, each time as long
 * after the start and right after a command began: people are not so even.
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
  /** When it was noticed, in milliseconds since 1970. */
  readonly noticedAt: number;
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

/** In how many runs in a row a file has changed, and how long after their start. */
type Row = { readonly runs: number; readonly delay: number };

/** A save that falls into a command this short is a coincidence. */
const quickMs = 250;
/** Clocks of files tick a few milliseconds apart from ours. */
const slackMs = 15;
/** Commands that ended longer ago than this are forgotten. */
const memoryMs = 10_000;
/** A file's own time is the better one, unless it was brought along from somewhere. */
const believableMs = 2000;
/** Runs in a row to suspect a job, and then to be sure; how even the changes must be, how soon in a command. */
const [suspiciousRuns, telltaleRuns, evenMs, soonMs] = [2, 3, 300, 60];

export class Origins {
  readonly #contents = new Map<string, Content>();
  readonly #commands = new Map<string, Span>();
  /** Files that jobs write. */
  readonly #products = new Set<string>();
  /** Files that somebody saved between runs. */
  readonly #somebodys = new Set<string>();
  readonly #rows = new Map<string, Row>();
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

  /** One that was cut short says nothing about how quick it is. */
  commandFinished(command: string, at: number, cutShort: boolean): void {
    const span = this.#commands.get(command);
    if (cutShort) this.#commands.delete(command);
    else if (span !== undefined) span.to = at;
  }

  /** A run function wrote this itself, or it was there before the first run. */
  knows(path: string, content: Content): void {
    this.#contents.set(path, content);
  }

  isKnown(path: string): boolean {
    return this.#contents.has(path);
  }

  /** Whether a job may have made the change: then it matters whether git tracks the file. */
  mayBeOurs(change: Pick<Change, 'content' | 'noticedAt'>): boolean {
    return this.#run !== null && covers(this.#run, momentOf(change));
  }

  judge(changes: readonly Change[]): Judged {
    const judged = { changed: [] as string[], adopted: [] as string[], suspected: [] as string[] };
    for (const change of changes) this.#judgeOne(change, judged);
    return judged;
  }

  #judgeOne(change: Change, judged: { changed: string[]; adopted: string[]; suspected: string[] }): void {
    const { path, content, tracked } = change;
    const before = this.#contents.get(path);
    this.#contents.set(path, content);
    const same = before?.digest === content.digest;
    if (same && before?.savedAt === content.savedAt) return;
    if (!this.mayBeOurs(change)) {
      this.#products.delete(path);
      this.#rows.delete(path);
      this.#somebodys.add(path);
      judged.changed.push(path);
      return;
    }
    if (same || (!tracked && this.#products.has(path))) return;
    const at = momentOf(change);
    const row = this.#rowWith(path, at - (this.#run?.from ?? 0));
    const quick = !this.#somebodys.has(path) && this.#isQuick(at);
    const telltale = row.runs > telltaleRuns && this.#isSoon(at);
    if (!tracked && (quick || telltale)) {
      this.#products.add(path);
      this.#somebodys.delete(path);
      judged.adopted.push(path);
      return;
    }
    if (row.runs === suspiciousRuns && !this.#changedNow.has(path)) judged.suspected.push(path);
    this.#rows.set(path, row);
    this.#changedNow.add(path);
    judged.changed.push(path);
  }

  /** What a file's row is with a change so long after the start of this run. */
  #rowWith(path: string, delay: number): Row {
    const row = this.#rows.get(path);
    if (row === undefined || Math.abs(row.delay - delay) > evenMs) return { runs: 1, delay };
    return this.#changedNow.has(path) ? row : { runs: row.runs + 1, delay: row.delay };
  }

  #isSoon(at: number): boolean {
    return [...this.#commands.values()].some((span) => covers(span, at) && at - span.from <= soonMs);
  }

  #isQuick(at: number): boolean {
    return [...this.#commands.values()].some(
      (span) => covers(span, at) && span.to !== null && span.to - span.from <= quickMs,
    );
  }
}

function momentOf({ content, noticedAt }: Pick<Change, 'content' | 'noticedAt'>): number {
  return Math.abs(noticedAt - content.savedAt) < believableMs ? content.savedAt : noticedAt;
}

const covers = ({ from, to }: Span, at: number): boolean =>
  at >= from - slackMs && (to === null || at <= to + slackMs);
