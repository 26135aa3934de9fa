/**
 * What quire needs of the machine, whatever repository it works for.
 *
 * Must not know: repositories.
 */
import { join } from 'node:path';
import { freeSpace, list, status } from '../base/files.ts';
import { counted } from '../base/text.ts';
import { gitVersion, sayGitFailure } from '../git/git.ts';
import { type Argv, bootId, capture } from '../process/process.ts';
import { ownEnvironment } from '../runner/server.ts';
import type { Installation } from './context.ts';
import { fsyncSince, isAtLeast } from './durable-git.ts';
import { bad, type Finding, good, warning } from './finding.ts';

const leastNode = '20';

export async function machineChecks(installation: Installation): Promise<Finding[]> {
  return [
    checkNode(),
    checkSnapshot(installation),
    await checkGit(),
    ...(await checkPrograms()),
    checkProc(),
  ];
}

function checkNode(): Finding {
  const version = process.versions.node;
  return isAtLeast(version, leastNode)
    ? good('node', `Node ${version}`)
    : bad(
        'node',
        `Node ${version} is too old`,
        `Install Node ${leastNode} or newer, then: quire install REPO`,
      );
}

/** The hook compares the same times. */
function checkSnapshot({ root, node }: Installation): Finding {
  const blob = status(join(root, 'dist', 'hook.blob'));
  const program = status(node);
  const holds = blob.ok && program.ok && blob.value.modifiedAt === program.value.modifiedAt;
  return holds
    ? good('snapshot', 'the hook starts from a snapshot of this Node')
    : warning(
        'snapshot',
        'there is no start-up snapshot of this Node: pushes are answered a little later',
        `The next push makes one where dist/ may be written; or: ${node} ${join(root, 'bin', 'snapshot.cjs')}`,
      );
}

async function checkGit(): Promise<Finding> {
  const version = await gitVersion();
  if (!version.ok) return bad('git', sayGitFailure(version.error), 'Install git.');
  if (isAtLeast(version.value, fsyncSince)) return good('git', `git ${version.value}`);
  const says = `git ${version.value} can't sync loose objects and refs: a power loss may undo a push`;
  return warning('git', says, `Install git ${fsyncSince} or newer, then: quire install REPO`);
}

/** What the hook and the locks start; BusyBox's own versions lack options that are needed. */
const programs: readonly { readonly argv: Argv; readonly from: string; readonly expect: RegExp }[] = [
  { argv: ['flock', '--version'], from: 'util-linux', expect: /./ },
  { argv: ['timeout', '-k', '1', '5', 'true'], from: 'coreutils', expect: /^/ },
  { argv: ['base64', '-w0', '/dev/null'], from: 'coreutils', expect: /^/ },
  { argv: ['date', '-u', '+%s%N'], from: 'coreutils', expect: /^\d{19}/ },
  { argv: ['sync', '/dev/null'], from: 'coreutils', expect: /^/ },
];

async function checkPrograms(): Promise<Finding[]> {
  const env = ownEnvironment();
  const findings = await Promise.all(
    programs.map(async ({ argv, from, expect }) => {
      const [name] = argv;
      const ran = await capture(argv, { env, cwd: '/', timeoutMs: 10_000 });
      // `sync FILE` may refuse a device; that it takes a file at all is what counts.
      const works =
        ran.ok && (ran.value.code === 0 || name === 'sync') && expect.test(ran.value.out.toString());
      return works
        ? null
        : bad('programs', `${name} is missing or lacks what quire needs`, `Install ${from}.`);
    }),
  );
  const lacking = findings.flatMap((finding) => (finding === null ? [] : [finding]));
  return lacking.length > 0 ? lacking : [good('programs', programs.map(({ argv }) => argv[0]).join(', '))];
}

function checkProc(): Finding {
  return list('/proc/self').ok && bootId() !== ''
    ? good('processes', '/proc is there')
    : bad(
        'processes',
        '/proc is missing: dead runners could not be told from living ones',
        'quire runs on Linux only; mount /proc.',
      );
}

const enoughBytes = 1024 ** 3;
const leastBytes = 64 * 1024 ** 2;

/** Room on the file system of a directory. */
export function checkDisk(path: string): Finding {
  const free = freeSpace(path);
  const mend = 'Free some: quire cleanup --keep N, or a bigger disk.';
  if (!free.ok) return warning('disk', `could not tell how much is free (${free.error.code})`, mend);
  const { bytes, files } = free.value;
  const says = `${sayBytes(bytes)} free`;
  if (bytes < leastBytes) return bad('disk', says, mend);
  if (files > 0 && files < 1000)
    return bad('disk', `${says}, but only ${counted(files, 'more file')} can be made`, mend);
  return bytes < enoughBytes ? warning('disk', says, mend) : good('disk', says);
}

function sayBytes(bytes: number): string {
  const mebibytes = bytes / 1024 ** 2;
  return mebibytes < 1024 ? `${Math.floor(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}
