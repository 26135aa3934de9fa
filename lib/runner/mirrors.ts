/**
 * Config `:mirrors`: every update of a branch or tag goes to the repositories that the operator names, apart from
 * pipelines and pauses.
 *
 * Each target is worked for itself, so one that hangs or refuses holds nobody up. What waits is on disk; what was
 * pushed and not crossed off when we died is pushed again, which changes nothing. A refusal is said and not tried
 * again: the next update of the ref brings it along. Deletions are not passed on, and nothing is forced.
 * Must not know: runs, but for where a line about them goes; where a setting comes from.
 */
import type { RefName, RunId, Sha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { counted, visible } from '../base/text.ts';
import type { Config, MirrorTarget } from '../config/config.ts';
import {
  authorizationHeader,
  mayRun,
  parsePushLines,
  pushTo,
  type RemoteFailure,
  sayRemoteFailure,
} from '../git/git.ts';
import { openSecret, Redactor, saySecretFailure } from '../secrets/secrets.ts';
import {
  dropForMirrors,
  listForMirrors,
  noteInRun,
  readForMirrors,
  runIdOf,
  sayStoreFailure,
} from '../store/store.ts';
import { refuseInside } from './mirror-place.ts';
import type { Server } from './server.ts';
import { settingsOf } from './settings.ts';

type Update = { readonly ref: RefName; readonly sha: Sha; readonly run: RunId };

/** One push that some targets have not got yet. */
type Waiting = { readonly name: string; readonly updates: readonly Update[]; readonly targets: Set<string> };

/** More than this in one command could be too long for the system. */
const mostRefs = 500;
/** With more runs than this in one push to a target, only the operator's log has the lines. */
const mostNotes = 20;

/** The mirrors of one repository, while a runner lives. */
export class Mirrors {
  readonly #server: Server;
  readonly #signal: AbortSignal;
  /** Told when a target is done. */
  readonly #done: () => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #working = new Map<string, Promise<void>>();
  /** Events that stay as long as the settings can't be read. */
  #held: ReadonlySet<string> = new Set();

  constructor(server: Server, signal: AbortSignal, done: () => void) {
    this.#server = server;
    this.#signal = signal;
    this.#done = done;
  }

  get busy(): boolean {
    return this.#working.size > 0;
  }

  /** Whether an event came that this has not seen. */
  somethingWaits(): boolean {
    const names = listForMirrors(this.#server.store);
    return names.ok && names.value.some((name) => !this.#held.has(name));
  }

  /** Starts what has come since the last look. */
  async look(): Promise<void> {
    const names = this.#tell(listForMirrors(this.#server.store)) ?? [];
    const fresh = names.filter((name) => !this.#waiting.has(name));
    if (fresh.length === 0) return;
    const settings = await settingsOf(this.#server.store);
    if (!settings.ok) {
      if (fresh.some((name) => !this.#held.has(name))) {
        const waiting = fresh.length === 1 ? '1 push waits' : `${fresh.length} pushes wait`;
        this.#server.say(`${waiting} to be mirrored: ${settings.error}`);
      }
      this.#held = new Set(fresh);
      return;
    }
    const { config } = settings.value;
    for (const name of fresh) await this.#take(name, config);
    for (const target of config.mirrors) {
      if (this.#working.has(target.url)) continue;
      const work = this.#work(target, config).finally(() => {
        this.#working.delete(target.url);
        this.#done();
      });
      this.#working.set(target.url, work);
    }
  }

  /** Settles when no target is worked any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#working.values());
  }

  async #take(name: string, config: Config): Promise<void> {
    const event = this.#tell(await readForMirrors(this.#server.store, name));
    if (event === null) return;
    const lines = parsePushLines(event.stdin);
    const updates = (lines.ok ? lines.value : []).flatMap((line, position) =>
      mayRun(line) ? [{ ref: line.ref, sha: line.new, run: runIdOf(event, position) }] : [],
    );
    const waiting = { name, updates, targets: new Set(config.mirrors.map(({ url }) => url)) };
    this.#waiting.set(name, waiting);
    this.#cross(waiting, null);
  }

  /** Crosses a target off; a push that everybody has is forgotten. */
  #cross(waiting: Waiting, url: string | null): void {
    if (url !== null) waiting.targets.delete(url);
    if (waiting.targets.size > 0) return;
    this.#tell(dropForMirrors(this.#server.store, waiting.name));
    this.#waiting.delete(waiting.name);
  }

  /** Pushes what waits for a target, all of it at once: of several updates of a ref the last counts. */
  async #work(target: MirrorTarget, config: Config): Promise<void> {
    for (;;) {
      const batch = [...this.#waiting.values()].filter(({ targets }) => targets.has(target.url));
      if (batch.length === 0 || this.#signal.aborted) return;
      const last = new Map(batch.flatMap(({ updates }) => updates).map((update) => [update.ref, update]));
      await this.#push(target, config, [...last.values()]);
      if (this.#signal.aborted) return;
      for (const waiting of batch) this.#cross(waiting, target.url);
    }
  }

  async #push(target: MirrorTarget, config: Config, updates: readonly Update[]): Promise<void> {
    const redactor = new Redactor();
    const runs = updates.length > mostNotes ? [] : updates.map(({ run }) => run);
    const say = (line: string): void => {
      const masked = redactor.mask(`mirror ${withoutPassword(target.url)}: ${line}`);
      this.#server.say(masked);
      for (const run of runs) this.#tell(noteInRun(this.#server.store, run, visible(masked)));
    };
    const header = this.#header(target, config, redactor);
    const place = refuseInside(target.url, this.#server.gitDir, [this.#server.store.root]);
    if (!header.ok || !place.ok) say(header.ok ? (place.ok ? '' : place.error) : header.error);
    else {
      const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(config.timeoutMs)]);
      for (let at = 0; at < updates.length; at += mostRefs) {
        const refs = updates.slice(at, at + mostRefs).map(({ ref, sha }) => ({ from: sha, to: ref }));
        const push = { url: target.url, refs, header: header.value };
        const pushed = await pushTo(this.#server.gitDir, push, () => {}, signal);
        if (pushed.ok) say(`${namesOf(pushed.value)} pushed`);
        else say(sayFailed(pushed.error));
      }
    }
    await this.#server.publish(runs);
  }

  #header(target: MirrorTarget, config: Config, redactor: Redactor): Result<string | null, string> {
    if (target.secret === null) return ok(null);
    const entry = config.secrets.find(({ name }) => name === target.secret);
    if (entry === undefined) return err(`there is no secret '${visible(target.secret)}'`);
    const secret = openSecret(entry, process.env);
    if (!secret.ok) return err(saySecretFailure(secret.error));
    redactor.add(secret.value);
    const header = authorizationHeader(secret.value.reveal());
    return header.ok ? header : err('the secret is neither a token nor one Authorization: line');
  }

  #tell<T>(result: Result<T, Parameters<typeof sayStoreFailure>[0]>): T | null {
    if (result.ok) return result.value;
    this.#server.say(sayStoreFailure(result.error));
    return null;
  }
}

function sayFailed(failure: RemoteFailure): string {
  const said = sayRemoteFailure(failure)
    .trim()
    .replace(/\s*\n\s*/g, ' / ');
  const pushed = failure.reason === 'rejected' ? failure.pushed : [];
  return pushed.length === 0 ? said : `${said}; ${namesOf(pushed)} pushed`;
}

function namesOf(pushed: readonly { readonly ref: RefName }[]): string {
  return pushed.length > mostNotes ? counted(pushed.length, 'ref') : pushed.map(({ ref }) => ref).join(' ');
}

/** Somebody may have written the password into the URL. */
const withoutPassword = (url: string): string => url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
