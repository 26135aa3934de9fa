/**
 * The git work of a mirror: which refs go to the other repository, the tag, the credential's way there.
 *
 * Must not know: Lua, records, where a secret is kept.
 */
import { parseSha, type RefName, refMatches, type Sha } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';
import { visible } from '../base/text.ts';
import {
  authorizationHeader,
  listRefs,
  pushTo,
  type RefPush,
  sayGitFailure,
  sayRemoteFailure,
} from '../git/git.ts';
import type { Meta } from '../runs/records.ts';
import type { MirrorAsk } from '../script/ask.ts';
import { refuseInside } from './mirror-place.ts';
import type { MirrorWork } from './stage.ts';

/**
 * Pushes what the ask names. The pushed ref goes with the run's own commit, whatever the ref is by now; other refs of
 * the list as they are. `{:tag :refs}`, or null when the list lets nothing go.
 */
export async function mirror(
  run: {
    readonly gitDir: string;
    readonly meta: Meta;
    /** Where jobs may write. */
    readonly forbidden: readonly string[];
  },
  ask: MirrorAsk,
  work: MirrorWork,
): Promise<Result<Plain, string>> {
  const sha = ask.sha === null ? ok(run.meta.sha) : parseSha(ask.sha);
  if (!sha.ok) return err(`'${visible(ask.sha ?? '')}' is no commit`);
  const gitDir = ask.gitDir ?? run.gitDir;
  for (const place of gitDir === run.gitDir ? [ask.url] : [gitDir, ask.url]) {
    const allowed = refuseInside(place, gitDir, run.forbidden);
    if (!allowed.ok) return allowed;
  }
  const chosen = await refsToPush(gitDir, run.meta.ref, sha.value, ask.refs);
  if (!chosen.ok) return chosen;
  if (chosen.value.length === 0) return ok(null);
  const refs = [...chosen.value];
  if (ask.tag !== null) refs.push({ from: sha.value, to: `refs/tags/${ask.tag}` as RefName });
  const secret = await work.credential();
  if (!secret.ok) return secret;
  const header = secret.value === null ? ok(null) : authorizationHeader(secret.value);
  if (!header.ok) return err('the secret is neither a token nor one Authorization: line');
  const said = new Lines(work.say);
  const pushed = await pushTo(
    gitDir,
    { url: ask.url, refs, header: header.value },
    (event) => {
      if (event.kind === 'command') said.add(`${event.words.join(' ')}\n`);
      if (event.kind === 'output') said.add(event.bytes.toString());
    },
    work.signal,
  );
  await said.end();
  if (!pushed.ok) return err(`mirror ${visible(ask.url)}: ${sayRemoteFailure(pushed.error)}`);
  return ok({ tag: ask.tag, refs: chosen.value.map(({ to }) => to) });
}

/** `patterns` is gate and list: when the pushed ref is not among them, nothing goes. */
async function refsToPush(
  gitDir: string,
  pushedRef: RefName,
  sha: Sha,
  patterns: readonly string[] | null,
): Promise<Result<readonly RefPush[], string>> {
  // A local run of a detached HEAD is of no ref, and `HEAD` over there is not ours to move.
  if (!pushedRef.startsWith('refs/')) return err(`${visible(pushedRef)} is no branch or tag to be mirrored`);
  // An annotated tag is an object of its own, which only its ref names.
  const own: RefPush = { from: pushedRef.startsWith('refs/tags/') ? pushedRef : sha, to: pushedRef };
  if (patterns === null) return ok([own]);
  const listed = (ref: string): boolean => patterns.some((pattern) => refMatches(pattern, ref));
  if (!listed(pushedRef)) return ok([]);
  const known = await listRefs(gitDir);
  if (!known.ok) return err(sayGitFailure(known.error));
  const others = known.value.filter(({ ref }) => ref !== pushedRef && listed(ref));
  return ok([own, ...others.map(({ ref }) => ({ from: ref, to: ref }))]);
}

/** Git's words as whole lines, in order. */
class Lines {
  readonly #say: (line: string) => Promise<void>;
  #rest = '';
  #told: Promise<void> = Promise.resolve();

  constructor(say: (line: string) => Promise<void>) {
    this.#say = say;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n|\r/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#tell(line);
  }

  end(): Promise<void> {
    this.#tell(this.#rest);
    this.#rest = '';
    return this.#told;
  }

  #tell(line: string): void {
    if (line.trim() !== '') this.#told = this.#told.then(() => this.#say(line));
  }
}
