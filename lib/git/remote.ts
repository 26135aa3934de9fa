/**
 * Pushes refs and tags to another repository, forcing nothing.
 *
 * Must not know: where a credential comes from, who reads the output.
 */
import { parseSha, type RefName, type Sha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import { type GitFailure, sayGitFailure } from './failure.ts';
import { askGit, type GitOutput, runGit } from './repo.ts';

export type RefPush = {
  /** A commit, or a ref of the repository (an annotated tag stays one). */
  readonly from: Sha | RefName;
  readonly to: RefName;
};

export type RemotePush = {
  /** HTTP, HTTPS, SSH, `git:`, or the path of a repository on this machine. */
  readonly url: string;
  readonly refs: readonly RefPush[];
  /** A whole `Authorization: …` line (see `authorizationHeader`), for HTTP; null without one. */
  readonly header: string | null;
};

/** What a push does, as it does it: for a log. */
export type RemoteEvent =
  | { readonly kind: 'command'; readonly words: readonly string[] }
  | { readonly kind: 'output'; readonly stream: 'out' | 'err'; readonly bytes: Buffer }
  | { readonly kind: 'exit'; readonly exit: number };

export type PushedRef = { readonly ref: RefName; readonly change: 'created' | 'updated' | 'none' };

export type RejectedRef = {
  readonly ref: RefName;
  /** `tag-exists`: the tag is there and stands for another commit. `refused`: the other side said no. */
  readonly reason: 'non-fast-forward' | 'tag-exists' | 'refused';
  /** What git said in parentheses. */
  readonly said: string;
};

export type RemoteFailure =
  | GitFailure
  | {
      readonly reason: 'rejected';
      readonly rejected: readonly RejectedRef[];
      readonly pushed: readonly PushedRef[];
    }
  /** A ref that can't be an argument: its bytes are not UTF-8. */
  | { readonly reason: 'unsayable-ref'; readonly ref: string }
  | { readonly reason: 'bad-header' };

export function sayRemoteFailure(failure: RemoteFailure): string {
  switch (failure.reason) {
    case 'rejected':
      return failure.rejected.map(sayRejected).join('; ');
    case 'unsayable-ref':
      return `the ref ${failure.ref} can't be pushed: its name is not UTF-8`;
    case 'bad-header':
      return 'the secret is neither a token nor one Authorization: line';
    default:
      return sayGitFailure(failure);
  }
}

function sayRejected({ ref, reason, said }: RejectedRef): string {
  switch (reason) {
    case 'non-fast-forward':
      return `${ref} was rejected: it is not a fast-forward (${said}), and nothing is forced`;
    case 'tag-exists':
      return `${ref} exists there at another commit`;
    case 'refused':
      return `${ref} was rejected: ${said}`;
    default:
      return unreachable(reason);
  }
}

/** A token becomes Basic, with `x-access-token` as the user unless it is `user:password`; a whole line stays. */
export function authorizationHeader(secret: string): Result<string, { readonly reason: 'bad-header' }> {
  const line = secret.trim();
  if (line === '' || /[\u0000-\u001f\u007f]/.test(line)) return err({ reason: 'bad-header' });
  if (/^authorization:/i.test(line)) return ok(line);
  const pair = line.includes(':') ? line : `x-access-token:${line}`;
  return ok(`Authorization: Basic ${Buffer.from(pair).toString('base64')}`);
}

/** The `git` words of a push: what a log shows. The credential is not in them. */
export const pushWords = (push: RemotePush): string[] => [
  'push',
  '--porcelain',
  '--no-follow-tags',
  '--recurse-submodules=no',
  '--',
  push.url,
  ...push.refs.map(({ from, to }) => `${from}:${to}`),
];

/**
 * Pushes all refs at once. A tag that is there already and stands for the same commit is fine. When some refs are
 * rejected, the others are pushed all the same, and the failure lists both.
 */
export async function pushTo(
  gitDir: string,
  push: RemotePush,
  heard: (event: RemoteEvent) => void = () => {},
  signal?: AbortSignal,
): Promise<Result<PushedRef[], RemoteFailure>> {
  const unsayable = push.refs.find(({ from, to }) => `${from}${to}`.includes('\ufffd'));
  if (unsayable !== undefined) return err({ reason: 'unsayable-ref', ref: unsayable.to });
  if (push.header !== null && /[\r\n]/.test(push.header)) return err({ reason: 'bad-header' });
  const words = pushWords(push);
  heard({ kind: 'command', words: ['git', ...words] });
  const run = await runGit(gitDir, words, {
    environment: remoteEnvironment(gitDir, push),
    heard: (stream, bytes) => heard({ kind: 'output', stream, bytes }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!run.ok) return run;
  heard({ kind: 'exit', exit: run.value.exit });
  return settle(gitDir, push, run.value);
}

/**
 * The header goes through the environment, for this URL alone. Only plain transports are allowed: `ext::` would run
 * a command on this machine.
 */
const remoteEnvironment = (gitDir: string, push: RemotePush): Record<string, string> => ({
  GIT_DIR: gitDir,
  GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
  ...(push.header === null
    ? {}
    : {
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: `http.${push.url}.extraHeader`,
        GIT_CONFIG_VALUE_0: push.header,
      }),
});

async function settle(
  gitDir: string,
  push: RemotePush,
  { exit, stdout, stderr }: GitOutput,
): Promise<Result<PushedRef[], RemoteFailure>> {
  const pushed: PushedRef[] = [];
  const rejected: RejectedRef[] = [];
  for (const { flag, ref, said } of reportLines(stdout.toString())) {
    if (flag !== '!')
      pushed.push({ ref, change: flag === '=' ? 'none' : flag === '*' ? 'created' : 'updated' });
    else if (!/already exists/.test(said)) rejected.push({ ref, reason: reasonOf(said), said });
    else if (await standsForTheSame(gitDir, push, ref)) pushed.push({ ref, change: 'none' });
    else rejected.push({ ref, reason: 'tag-exists', said });
  }
  if (rejected.length > 0) return err({ reason: 'rejected', rejected, pushed });
  if (exit === 0 || pushed.length === push.refs.length) return ok(pushed);
  return err({ reason: 'failed', command: 'push', exit, said: stderr.toString() });
}

const reasonOf = (said: string): RejectedRef['reason'] =>
  /non-fast-forward|fetch first|needs force|stale info/.test(said) ? 'non-fast-forward' : 'refused';

/** Lines such as `!\trefs/heads/main:refs/heads/main\t[rejected] (fetch first)`. */
function reportLines(stdout: string): { flag: string; ref: RefName; said: string }[] {
  return stdout.split('\n').flatMap((line) => {
    const [, flag, ref, said] = /^([ +\-*!=])\t[^\t]*:([^:\t]+)\t(.*)$/.exec(line) ?? [];
    return flag === undefined || ref === undefined ? [] : [{ flag, ref: ref as RefName, said: said ?? '' }];
  });
}

/** Git compares tag objects: an annotated tag of the same commit is another object, but the same tag to us. */
async function standsForTheSame(gitDir: string, push: RemotePush, ref: RefName): Promise<boolean> {
  const wanted = push.refs.find(({ to }) => to === ref)?.from ?? '';
  const environment = remoteEnvironment(gitDir, push);
  const there = await askGit(gitDir, ['ls-remote', '--', push.url, ref, `${ref}^{}`], { environment });
  const here = parseSha(wanted).ok
    ? ok(Buffer.from(wanted))
    : await askGit(gitDir, ['rev-parse', '--verify', `${wanted}^{commit}`], { environment });
  if (!there.ok || !here.ok) return false;
  const lines = there.value.toString().trim().split('\n');
  const peeled = lines.find((line) => line.endsWith('^{}')) ?? lines[0] ?? '';
  return peeled.split('\t')[0] === here.value.toString().trim();
}

export type RefAt = { readonly ref: RefName; readonly sha: Sha };

/** The repository's branches and tags; a tag's sha is that of the tag object. */
export async function listRefs(gitDir: string): Promise<Result<RefAt[], GitFailure>> {
  const words = ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads', 'refs/tags'];
  const listed = await askGit(gitDir, words, { environment: { GIT_DIR: gitDir } });
  if (!listed.ok) return listed;
  const lines = listed.value
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  return ok(
    lines.map((line) => {
      const space = line.indexOf(' ');
      return { sha: line.slice(0, space) as Sha, ref: line.slice(space + 1) as RefName };
    }),
  );
}
