/**
 * What a commit says about itself.
 *
 * Must not know: how the commit was found.
 */
import { parseSha, type Sha } from '../base/ids.ts';
import { decodeAs, type GitText } from './git-text.ts';

export type CommitFacts = {
  readonly sha: Sha;
  readonly tree: Sha;
  readonly parents: readonly Sha[];
  /** `Name <mail>`. */
  readonly author: GitText;
  readonly committer: GitText;
  /** Milliseconds since 1970; the author's and the committer's clocks need not agree with anyone's. */
  readonly authoredAt: number;
  readonly committedAt: number;
  /** The first paragraph on one line, as `git log --format=%s` prints it. */
  readonly subject: GitText;
  /** The whole message. */
  readonly message: GitText;
};

/** Reads a commit object; null when it is damaged. */
export function parseCommit(sha: Sha, bytes: Buffer): CommitFacts | null {
  const blank = bytes.indexOf('\n\n');
  const head = blank < 0 ? bytes : bytes.subarray(0, blank);
  const body = blank < 0 ? Buffer.alloc(0) : bytes.subarray(blank + 2);
  const headers = head
    .toString('latin1')
    .split('\n')
    .map((line): [key: string, value: string] => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), line.slice(space + 1)];
    });
  const first = (key: string): string | null => headers.find(([name]) => name === key)?.[1] ?? null;
  const tree = parseSha(first('tree') ?? '');
  if (!tree.ok) return null;
  const encoding = first('encoding');
  const decode = (latin1: string): GitText => decodeAs(encoding, Buffer.from(latin1, 'latin1'));
  const author = parsePerson(first('author') ?? '');
  const committer = parsePerson(first('committer') ?? '');
  return {
    sha,
    tree: tree.value,
    parents: headers.filter(([name]) => name === 'parent').map(([, value]) => value as Sha),
    author: decode(author.who),
    committer: decode(committer.who),
    authoredAt: author.at,
    committedAt: committer.at,
    subject: decode(subjectOf(body.toString('latin1'))),
    message: decodeAs(encoding, body),
  };
}

/** `Name <mail> 1700000000 +0100`, where the name may hold anything but `<` and newline. */
function parsePerson(line: string): { who: string; at: number } {
  const end = line.lastIndexOf('>');
  const seconds = Number.parseInt(line.slice(end + 1), 10);
  const milliseconds = Number.isFinite(seconds) ? seconds * 1000 : 0;
  return {
    who: (end < 0 ? line : line.slice(0, end + 1)).trim(),
    at: Math.abs(milliseconds) <= 8.64e15 ? milliseconds : 0,
  };
}

function subjectOf(message: string): string {
  const paragraph = message.replace(/^(?:[ \t\r]*\n)+/, '').split(/\n[ \t\r]*(?:\n|$)/, 1)[0] ?? '';
  return paragraph
    .split('\n')
    .map((line) => line.trimEnd())
    .join(' ')
    .trim();
}
