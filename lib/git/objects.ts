/**
 * One `git cat-file --batch` process that answers everything about objects: starting a git costs more than
 * hundreds of its answers.
 *
 * Must not know: what the objects are for.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { parseSha, type Sha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type CommitFacts, parseCommit } from './commit.ts';
import { gitEnvironment } from './environment.ts';
import type { GitFailure } from './failure.ts';
import { parseTree, type TreeEntry } from './tree-entries.ts';

export type ObjectType = 'blob' | 'tree' | 'commit' | 'tag';
export type ObjectHead = { readonly sha: Sha; readonly type: ObjectType; readonly size: number };
export type GitObject = ObjectHead & { readonly bytes: Buffer };

/** Takes an object's bytes piece by piece; null from `open` means that they are not wanted. */
export type ObjectSink = { open(head: ObjectHead): ((piece: Buffer) => void) | null };

type Question = {
  readonly name: string;
  readonly sink: ObjectSink;
  readonly answer: (result: Result<ObjectHead, GitFailure>) => void;
};

/** The object that is arriving: `left` bytes and the newline after them. */
type Arrival = { readonly head: ObjectHead; readonly take: ((piece: Buffer) => void) | null; left: number };

const newline = 0x0a;
const longestHead = 4096;
/** What is read before anyone wants it is not larger. */
const aheadLimit = 1024 * 1024;
const mostStderr = 4096;

export class Objects {
  readonly #gitDir: string;
  readonly #commits = new Map<string, Promise<Result<CommitFacts, GitFailure>>>();
  readonly #trees = new Map<string, Promise<Result<TreeEntry[], GitFailure>>>();
  /** What was asked ahead, by the objects' own names. */
  readonly #ahead = new Map<string, Promise<Result<GitObject, GitFailure>>>();
  readonly #questions: Question[] = [];
  /** Index of the question that is answered next; the ones before it are done. */
  #next = 0;
  #child: ChildProcessWithoutNullStreams | null = null;
  #ended: Promise<void> = Promise.resolve();
  #line: Buffer = Buffer.alloc(0);
  #arrival: Arrival | null = null;
  #stderr = '';

  /** Nothing is started before the first question. `gitDir` is the repository itself, not its work tree. */
  constructor(gitDir: string) {
    this.#gitDir = gitDir;
  }

  /** Starts the process now, for a caller that will ask soon and has something else to do until then. */
  start(): void {
    this.#started();
  }

  /**
   * Asks for a commit, its tree and what is at these paths, all at once: for a caller that will want them and has
   * something else to do until they come. Later questions find the answers; nothing is said of what is missing.
   */
  ahead(commit: Sha, paths: readonly string[]): void {
    void this.commit(commit);
    for (const name of [`${commit}^{tree}`, ...paths.map((path) => `${commit}:${path}`)]) {
      const answer = this.#read(name, aheadLimit, (head) => this.#ahead.set(head.sha, answer));
    }
  }

  /** Any name git knows: a sha, a ref, `<sha>^{commit}`. More than `limit` bytes (default: no limit) are not kept. */
  read(name: string | Buffer, limit = Number.POSITIVE_INFINITY): Promise<Result<GitObject, GitFailure>> {
    const ahead = this.#ahead.get(name.toString());
    if (ahead === undefined) return this.#read(name, limit);
    return ahead.then((known) => (known.ok && known.value.size <= limit ? known : this.#read(name, limit)));
  }

  async #read(
    name: string | Buffer,
    limit: number,
    heard: (head: ObjectHead) => void = () => {},
  ): Promise<Result<GitObject, GitFailure>> {
    const pieces: Buffer[] = [];
    const keep = (piece: Buffer): void => {
      pieces.push(piece);
    };
    const open: ObjectSink['open'] = (head) => {
      heard(head);
      return head.size > limit ? null : keep;
    };
    const answer = await this.ask(name, { open });
    if (!answer.ok) return answer;
    const { size } = answer.value;
    if (size > limit) return err({ reason: 'too-large', name: name.toString(), size, limit });
    return ok({
      ...answer.value,
      bytes: pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces),
    });
  }

  /** Asks at once and in order; answers come in the order of the questions. */
  ask(name: string | Buffer, sink: ObjectSink): Promise<Result<ObjectHead, GitFailure>> {
    const shown = name.toString();
    if (shown === '' || name.includes('\n')) return Promise.resolve(err({ reason: 'missing', name: shown }));
    return new Promise((answer) => {
      const child = this.#started();
      this.#questions.push({ name: shown, sink, answer });
      child.stdin.write(typeof name === 'string' ? `${name}\n` : Buffer.concat([name, Buffer.of(newline)]));
    });
  }

  /** The commit that a name stands for, annotated tags followed; one of a tag of anything else is `missing`. */
  commit(name: string): Promise<Result<CommitFacts, GitFailure>> {
    const known = this.#commits.get(name);
    if (known !== undefined) return known;
    const read = this.read(`${name}^{commit}`).then((object) => {
      if (!object.ok)
        return object.error.reason === 'missing' ? err({ reason: 'missing' as const, name }) : object;
      const facts = parseCommit(object.value.sha, object.value.bytes);
      return facts === null ? err({ reason: 'malformed' as const, name }) : ok(facts);
    });
    if (parseSha(name).ok) this.#commits.set(name, read);
    return read;
  }

  tree(sha: Sha): Promise<Result<TreeEntry[], GitFailure>> {
    const known = this.#trees.get(sha);
    if (known !== undefined) return known;
    const read = this.read(sha).then((object) => {
      if (!object.ok) return object;
      const entries = object.value.type === 'tree' ? parseTree(object.value.bytes, sha.length / 2) : null;
      return entries === null ? err({ reason: 'malformed' as const, name: sha }) : ok(entries);
    });
    this.#trees.set(sha, read);
    return read;
  }

  /** Ends the process; questions that are still open are answered first. A later question starts a new one. */
  async close(): Promise<void> {
    this.#child?.stdin.end();
    await this.#ended;
  }

  /** Ends the process at once; open questions are answered `canceled`. */
  abandon(): void {
    const child = this.#child;
    this.#fail({ reason: 'canceled' });
    child?.kill('SIGKILL');
  }

  #started(): ChildProcessWithoutNullStreams {
    if (this.#child !== null) return this.#child;
    const child = spawn('git', ['cat-file', '--batch'], {
      cwd: '/',
      env: gitEnvironment({ GIT_DIR: this.#gitDir, GIT_NO_REPLACE_OBJECTS: '1' }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#stderr = '';
    const mine = (): boolean => this.#child === child;
    child.stdin.on('error', () => {});
    child.stdout.on('data', (chunk: Buffer) => {
      if (mine()) this.#hear(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-mostStderr);
    });
    this.#ended = new Promise((ended) => {
      child.on('error', (error: NodeJS.ErrnoException) => {
        if (mine()) this.#fail({ reason: 'no-git', code: error.code ?? error.message });
        ended();
      });
      child.on('close', (exit) => {
        const said = this.#stderr;
        if (mine()) this.#fail({ reason: 'failed', command: 'cat-file --batch', exit: exit ?? -1, said });
        ended();
      });
    });
    return child;
  }

  #fail(failure: GitFailure): void {
    const open = this.#questions.splice(0).slice(this.#next);
    this.#child = null;
    this.#next = 0;
    this.#line = Buffer.alloc(0);
    this.#arrival = null;
    for (const question of open) question.answer(err(failure));
  }

  #hear(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#arrival === null ? this.#hearHead(chunk, at) : this.#hearBody(this.#arrival, chunk, at);
    }
  }

  #hearBody(arrival: Arrival, chunk: Buffer, from: number): number {
    const until = Math.min(chunk.length, from + arrival.left);
    if (until > from) arrival.take?.(chunk.subarray(from, until));
    arrival.left -= until - from;
    if (arrival.left > 0 || until === chunk.length) return until;
    this.#arrival = null;
    this.#answer(ok(arrival.head));
    return until + 1;
  }

  #hearHead(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(newline, from);
    const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
    const line = this.#line.length === 0 ? piece : Buffer.concat([this.#line, piece]);
    if (end < 0) {
      this.#line = Buffer.from(line.subarray(0, longestHead));
      return chunk.length;
    }
    this.#line = Buffer.alloc(0);
    const question = this.#questions[this.#next];
    if (question === undefined) return end + 1;
    const head = parseHead(line.toString());
    if (head === null) {
      const reason = line.toString().endsWith(' ambiguous') ? 'ambiguous' : 'missing';
      this.#answer(err({ reason, name: question.name, candidates: [] }));
    } else {
      this.#arrival = { head, take: question.sink.open(head), left: head.size };
    }
    return end + 1;
  }

  #answer(result: Result<ObjectHead, GitFailure>): void {
    const question = this.#questions[this.#next];
    this.#next += 1;
    if (this.#next > 1024 && this.#next * 2 > this.#questions.length) {
      this.#questions.splice(0, this.#next);
      this.#next = 0;
    }
    question?.answer(result);
  }
}

function parseHead(line: string): ObjectHead | null {
  const found = /^([0-9a-f]{40}|[0-9a-f]{64}) (blob|tree|commit|tag) (\d+)$/.exec(line);
  const [, sha, type, size] = found ?? [];
  if (sha === undefined || type === undefined) return null;
  return { sha: sha as Sha, type: type as ObjectType, size: Number(size) };
}

/** Asks about objects, and ends the process however `body` ends. */
export async function withObjects<T>(gitDir: string, body: (objects: Objects) => Promise<T>): Promise<T> {
  const objects = new Objects(gitDir);
  try {
    return await body(objects);
  } finally {
    await objects.close();
  }
}
