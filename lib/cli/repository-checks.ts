/**
 * What runs of one repository depend on: the hook, git's settings, the data directory, the queue.
 *
 * Must not know: how findings are shown.
 */
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { exists, list, remove, sayFileFailure, status, writeNewFile } from '../base/files.ts';
import { counted, visible } from '../base/text.ts';
import { engineOf, engineVersion } from '../executors/docker/engine.ts';
import { sayExecutorFailure } from '../executors/failure.ts';
import { defaultExecutor, executorNamed, sayUnknownExecutor } from '../executors/registry.ts';
import { hooksOf, isTrue } from '../git/git.ts';
import { tryLock } from '../process/process.ts';
import { ownEnvironment } from '../runner/server.ts';
import { dockerOf, settingsOf } from '../runner/settings.ts';
import { readInbox } from '../store/inbox.ts';
import {
  badEvents,
  configFile,
  isPaused,
  listActive,
  listRuns,
  lockFile,
  sayStoreFailure,
} from '../store/store.ts';
import type { Context } from './context.ts';
import { durableFsync } from './durable-git.ts';
import { bad, type Finding, good, note, warning } from './finding.ts';
import { hookPath, hookText, isExecutable, lookAtHook } from './hook-file.ts';
import { checkDisk } from './machine-checks.ts';
import type { Place } from './place.ts';
import { newestRuns } from './runs-read.ts';

export async function repositoryChecks(context: Context, place: Place): Promise<Finding[]> {
  const installed = checkHook(context, place);
  const fsync = checkFsync(place);
  const data = checkData(place);
  return [
    installed,
    fsync,
    ...checkPushOptions(place),
    ...data,
    checkDisk(exists(place.dataDirectory) ? place.dataDirectory : place.gitDir),
    ...(await checkConfig(place)),
    ...(await checkQueue(place)),
    ...(await checkRecords(place)),
    ...shelteredPushes(place),
  ];
}

function checkHook(context: Context, { gitDir, settings }: Place): Finding {
  const again = `quire install ${gitDir}`;
  const path = hookPath(hooksOf(gitDir, settings, context.env.HOME).directory);
  const text = hookText(context.installation);
  const found = text.ok ? lookAtHook(path, text.value) : text;
  if (!found.ok) return bad('hook', sayFileFailure(found.error), `Make it readable, then: ${again}`);
  const hook = found.value;
  switch (hook.kind) {
    case 'none':
      return bad('hook', `there is no ${path}: pushes start nothing`, again);
    case 'foreign':
      return bad(
        'hook',
        `${path} is not quire's: pushes start nothing`,
        `${again} (it keeps that one and runs it)`,
      );
    case 'current':
    case 'outdated':
      if (!isExecutable(path)) return bad('hook', `${path} is not executable: git skips it`, again);
      if (hook.kind === 'current') return good('hook', path);
      if (!isProgram(hook.node) || !exists(hook.quire))
        return bad(
          'hook',
          `${path} starts ${visible(hook.node)} ${visible(hook.quire)}, which is gone`,
          again,
        );
      return warning('hook', `${path} is of another version, or starts ${visible(hook.quire)}`, again);
  }
}

const isProgram = (path: string): boolean => exists(path) && isExecutable(resolve(path));

function checkFsync({ gitDir, settings }: Place): Finding {
  const wanted = durableFsync(settings.get('core.fsync'));
  if (wanted === null) return good('fsync', `core.fsync = ${settings.get('core.fsync')}`);
  const says = 'git does not sync loose objects and refs: a power loss may undo a push that has a run';
  return warning('fsync', says, `git --git-dir=${gitDir} config core.fsync ${wanted}`);
}

function checkPushOptions({ gitDir, settings }: Place): Finding[] {
  if (isTrue(settings.get('receive.advertisePushOptions'))) return [];
  const mend = `git --git-dir=${gitDir} config receive.advertisePushOptions true`;
  return [warning('push options', 'git refuses push -o ci.skip and the like', mend)];
}

function checkData({ gitDir, dataDirectory }: Place): Finding[] {
  const found = status(dataDirectory);
  if (!found.ok) return [bad('data', `there is no ${dataDirectory}`, `quire install ${gitDir}`)];
  const me = process.getuid?.();
  if (me !== undefined && found.value.owner !== me) {
    const says = `${dataDirectory} belongs to another user (uid ${found.value.owner}): pushes of yours only queue`;
    return [
      warning(
        'data',
        says,
        'Run quire as that user; its drain (quire cron --install) works what others push.',
      ),
    ];
  }
  const probe = join(dataDirectory, `.tmp-doctor-${process.pid}`);
  const written = writeNewFile(probe, '');
  remove(probe);
  if (!written.ok)
    return [
      bad(
        'data',
        `${dataDirectory} can't be written: ${written.error.code}`,
        'Mend its permissions, or remount it writable.',
      ),
    ];
  return [good('data', dataDirectory)];
}

async function checkConfig({ store }: Place): Promise<Finding[]> {
  const path = configFile(store);
  const settings = await settingsOf(store);
  if (!settings.ok) return [bad('config', `${path} has errors: every run fails`, `quire ci config ${path}`)];
  const { config } = settings.value;
  const executor = executorNamed(config.executor ?? defaultExecutor);
  if (!executor.ok) {
    const says = `${path}: ${sayUnknownExecutor(executor.error)}; every run fails`;
    return [bad('config', says, 'Mend :executor in that file.')];
  }
  const file = status(path);
  const findings: Finding[] = [];
  const isOpen =
    file.ok && (file.value.mode & 0o044) !== 0 && config.secrets.some(({ source }) => source.from === 'text');
  if (isOpen)
    findings.push(warning('config', `${path} holds secrets and others may read it`, `chmod 600 ${path}`));
  else findings.push(good('config', file.ok ? path : 'no config.fnl: the defaults hold'));
  if (config.executor === 'docker') {
    const version = await engineVersion(engineOf({ docker: dockerOf(config), toolEnv: ownEnvironment() }));
    findings.push(
      version.ok
        ? good('engine', `${config.docker.bin} ${version.value}`)
        : bad(
            'engine',
            sayExecutorFailure(version.error),
            `Start the engine, and let this user use it (try: ${config.docker.bin} info).`,
          ),
    );
  }
  return findings;
}

async function checkQueue({ store }: Place): Promise<Finding[]> {
  const findings: Finding[] = [];
  const bads = badEvents(store);
  if (bads.length > 0)
    findings.push(
      warning(
        'inbox',
        `${counted(bads.length, 'push event')} can't be read: ${bads.map(visible).join(', ')}`,
        'Look at them in inbox/bad; run what they meant with quire run REF, then remove them.',
      ),
    );
  if (isPaused(store)) findings.push(note('queue', 'the queue is paused: nothing starts', 'quire resume'));
  const inbox = await readInbox(store);
  const pending = listRuns(store, 'pending');
  const waiting = (inbox.ok ? inbox.value.events.length : 0) + (pending.ok ? pending.value.length : 0);
  const active = await listActive(store);
  const orphans = active.ok ? active.value.runs.filter((run) => !run.alive) : [];
  const working = runnerWorks(lockFile(store, 'runner'));
  if (orphans.length > 0 && !working)
    findings.push(
      bad('queue', `${counted(orphans.length, 'run')} active whose process is gone`, 'quire drain'),
    );
  if (waiting > 0 && !working && !isPaused(store))
    findings.push(
      bad(
        'queue',
        `${waiting} waiting and no runner works them`,
        'quire drain, and so that it never happens: quire cron --install',
      ),
    );
  if (findings.length === 0) findings.push(good('queue', working ? 'a runner is at work' : 'empty'));
  return findings;
}

/** How many of the newest runs are looked at. */
const looked = 50;

async function checkRecords({ store }: Place): Promise<Finding[]> {
  const found = await newestRuns(store, { most: looked, state: null, ref: null });
  if (!found.ok) return [bad('records', sayStoreFailure(found.error), 'Mend the disk, or the rights there.')];
  const broken = found.value.flatMap((seen) => (seen.kind === 'unreadable' ? [seen] : []));
  const [first] = broken;
  if (first === undefined) return [];
  const says = `of the newest ${counted(found.value.length, 'run')}, ${broken.length} can't be read: ${visible(first.problem)}`;
  return [warning('records', says, `Bring its files back from a backup, or remove runs/*/${first.id}`)];
}

/** Locks are the kernel's: one that is held is held by a living process, so none is ever stale. */
function runnerWorks(path: string): boolean {
  if (!exists(path)) return false;
  const lock = tryLock(path);
  if (lock.ok) lock.value.release();
  return !lock.ok && lock.error.reason === 'busy';
}

/** Where the hook puts a push that it could not write to the inbox. */
function shelteredPushes({ gitDir, dataDirectory }: Place): Finding[] {
  return [...new Set([gitDir, tmpdir(), '/tmp'])].flatMap((directory) => {
    const names = list(directory);
    const kept = (names.ok ? names.value : []).filter((name) => /^quire-event-.*\.yml$/.test(name));
    return kept.map((name) => {
      const path = join(directory, name);
      const elsewhere = directory === gitDir ? '' : ' (perhaps of another repository)';
      const target = join(dataDirectory, 'inbox', name.replace(/^quire-event-/, ''));
      return warning(
        'inbox',
        `a push is kept in ${visible(path)}${elsewhere}`,
        `mv ${path} ${target} && quire drain`,
      );
    });
  });
}
