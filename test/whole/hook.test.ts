/**
 * The hook in bad company: earlier hooks, other users, broken installations, full disks. The push is always accepted.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, until } from '../rig/forge.ts';

const test = suite('whole/hook');

const one = (command: string): string =>
  `(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: sh}] (sh "${command}")))`;
const isRoot = process.getuid?.() === 0;

const hookOf = (f: Forge): string => join(f.repo, 'hooks', 'post-receive');
const events = (f: Forge): string[] =>
  fs.readdirSync(join(f.data, 'inbox')).filter((name) => name.endsWith('.yml'));

/** Programs of a test's own before the real ones, which are in `real`. */
function shims(f: Forge): { readonly real: string; put(program: string, script: string): string } {
  const directory = join(f.home, 'shims');
  fs.mkdirSync(directory);
  const real = f.env.PATH ?? '';
  f.env.PATH = `${directory}:${real}`;
  const put = (program: string, script: string): string => {
    const path = join(directory, program);
    fs.writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return path;
  };
  return { real, put };
}

/** Whoever owns a repository, git works there. */
function trustAll(f: Forge): void {
  const config = join(f.home, 'gitconfig');
  fs.writeFileSync(config, '[safe]\n\tdirectory = *\n', { mode: 0o644 });
  f.env.GIT_CONFIG_GLOBAL = config;
}

function accepted(f: Forge, ...refs: string[]): string {
  const said = f.push(...refs);
  const ref = refs[0]?.split(':')[1] ?? 'main';
  assert.is(f.git(f.repo, 'rev-parse', ref), f.git(f.work, 'rev-parse', 'main'));
  return said;
}

test(
  'a hook that was there before is kept and runs on the same input; its failure is reported',
  forge(async (f) => {
    const seen = join(f.home, 'seen');
    fs.writeFileSync(hookOf(f), `#!/bin/sh\ncat > ${seen}\necho hello from before\nexit 7\n`, {
      mode: 0o755,
    });
    f.install();
    const sha = f.commit(one('true'));
    const said = accepted(f);
    assert.match(said, /hello from before/);
    assert.match(said, /exited 7/);
    assert.match(said, /run 1 {2}main/);
    assert.is(fs.readFileSync(seen, 'utf8'), `${'0'.repeat(40)} ${sha} refs/heads/main\n`);
    await (await f.run(1)).settled();
    assert.is(f.quire('uninstall', f.repo).code, 0);
    assert.match(fs.readFileSync(hookOf(f), 'utf8'), /hello from before/);
  }),
);

test(
  'core.hooksPath is where the hook goes, and quire.dir where the records go',
  forge(async (f) => {
    fs.mkdirSync(join(f.home, 'hooks'));
    f.git(f.repo, 'config', 'core.hooksPath', join(f.home, 'hooks'));
    f.git(f.repo, 'config', 'quire.dir', join(f.home, 'data with a space'));
    assert.is(f.quire('install', f.repo).code, 0);
    assert.ok(fs.existsSync(join(f.home, 'hooks', 'post-receive')));
    f.commit(one('true'));
    assert.match(accepted(f), /run 1 {2}main/);
    const done = join(f.home, 'data with a space', 'runs', 'complete');
    await until('the run', () => fs.readdirSync(done).length === 1);
    await f.quiet();
  }),
);

test(
  'a SHA-256 repository, a shallow push, a push that is partly refused, a ref that moves under the hook',
  forge(async (f) => {
    fs.rmSync(f.repo, { recursive: true });
    fs.rmSync(f.work, { recursive: true });
    f.git(f.home, 'init', '-q', '--bare', '--object-format=sha256', '-b', 'main', f.repo);
    f.git(f.home, 'init', '-q', '--object-format=sha256', '-b', 'main', f.work);
    f.install('{:max-runs 4}');
    f.commit(one('git init -q x 2> /dev/null; pwd; env | grep -c ^GIT_'));
    f.commit(null, 'second');
    accepted(f);
    const run = await (await f.run(1)).settled();
    assert.is(String(run.meta().sha).length, 64);
    assert.match(run.stream('a'), /work\/[0-9a-f-]+\n0\n$/);

    const shallow = join(f.home, 'shallow');
    f.git(f.home, 'clone', '-q', '--depth', '1', `file://${f.repo}`, shallow);
    f.git(shallow, 'commit', '-q', '--allow-empty', '-m', 'from a shallow clone');
    f.git(shallow, 'push', '-q', f.repo, 'HEAD:refs/heads/shallow');
    assert.is((await (await f.run(2)).settled()).meta().subject, 'from a shallow clone');

    f.git(f.work, 'commit', '-q', '--amend', '--allow-empty', '-m', 'another history');
    const partly = await f.pushing('main', 'main:fresh').ended;
    assert.is.not(partly.code, 0);
    const third = await (await f.run(3)).settled();
    assert.is(third.meta().ref, 'refs/heads/fresh');
    assert.is(f.runs().length, 3);

    f.git(f.repo, 'config', 'core.logAllRefUpdates', 'always');
    const before = join(f.repo, 'hooks', 'post-receive.before-quire');
    fs.writeFileSync(before, `#!/bin/sh\ngit update-ref refs/heads/moving ${run.meta().sha}\n`, {
      mode: 0o755,
    });
    const sha = f.git(f.work, 'rev-parse', 'main').trim();
    f.push('main:moving');
    assert.is((await f.run(4)).meta().sha, sha);
    await f.run(4).then((fourth) => fourth.settled());
  }),
);

test(
  'what is no pipeline file is a diagnostic of a run; CRLF and a byte order mark just work',
  forge(async (f) => {
    f.install('{:max-runs 8}');
    const good = one('true');
    const expected: [ref: string, outcome: string][] = [];
    const put = (ref: string, outcome: string, make: () => void): void => {
      fs.rmSync(join(f.work, '.quire'), { recursive: true, force: true });
      fs.mkdirSync(join(f.work, '.quire'));
      make();
      f.commit(null, ref);
      f.push(`main:${ref}`);
      expected.push([ref, outcome]);
    };
    const file = join(f.work, '.quire', 'ci.fnl');
    put('symlink', 'failed-pipeline', () => {
      fs.writeFileSync(join(f.work, 'real.fnl'), good);
      fs.symlinkSync('../real.fnl', file);
    });
    put('directory', 'failed-pipeline', () => f.write('.quire/ci.fnl/x', good));
    put('huge', 'failed-pipeline', () => fs.writeFileSync(file, `${good}\n;${'x'.repeat(10 * 1024 * 1024)}`));
    put('latin1', 'failed-pipeline', () =>
      fs.writeFileSync(file, Buffer.from(`${good}\n(local x "\xff\xfe")`, 'latin1')),
    );
    put('both', 'failed-pipeline', () => {
      fs.writeFileSync(file, good);
      f.write('.quire/ci.lua', 'return nil');
    });
    put('crlf', 'succeeded', () => fs.writeFileSync(file, good.replaceAll('\n', '\r\n')));
    put('bom', 'succeeded', () => fs.writeFileSync(file, `\ufeff${good}`));
    for (const [at, [ref, outcome]] of expected.entries()) {
      const run = await (await f.run(at + 1)).settled();
      assert.is(`${run.meta().ref}: ${run.outcome().outcome}`, `refs/heads/${ref}: ${outcome}`);
    }
  }),
);

test(
  'the workspace is the tree whatever attributes say, and a job in it can do nothing to the repository',
  forge(async (f) => {
    f.install();
    f.write('.gitattributes', 'secret export-ignore\n*.txt export-subst text eol=crlf\n');
    f.write('secret', 's\n');
    f.write('a.txt', '$Format:%H$\n');
    f.commit(
      one(
        'cat secret a.txt; ls -d .git; git init -q . && git config core.fsmonitor /bin/false && git config core.hooksPath . && git -c user.name=x -c user.email=x commit -q --allow-empty -m x; git rev-parse --git-dir',
      ),
    );
    const before = fs.readFileSync(join(f.repo, 'config'), 'utf8');
    f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.stream('a'), 's\n$Format:%H$\n.git\n');
    assert.is(run.state(), 'complete');
    assert.is(fs.readFileSync(join(f.repo, 'config'), 'utf8'), before);
  }),
);

test(
  'Node gone or broken: one clear line, the event waits, and the next command runs it',
  forge(async (f) => {
    f.install();
    const hook = fs.readFileSync(hookOf(f), 'utf8');
    f.commit(one('true'));
    fs.writeFileSync(hookOf(f), hook.replace(/^node=.*$/m, 'node=/nowhere/node'));
    assert.match(accepted(f), /Node or quire is gone from \/nowhere\/node/);
    fs.writeFileSync(hookOf(f), hook.replace(/^node=.*$/m, 'node=/bin/false'));
    assert.match(accepted(f, 'main:other'), /ended with status 1/);
    assert.is(events(f).length, 2);
    assert.is(f.quire('drain').code, 0);
    assert.equal(
      f.runs().map((run) => [run.meta().ref, run.state()]),
      [
        ['refs/heads/main', 'complete'],
        ['refs/heads/other', 'complete'],
      ],
    );
  }),
);

test(
  "another user's hook only spools, and the owner's drain runs it",
  forge(async (f) => {
    if (!isRoot) return console.log('skipped: pushes of another user (only root can become one)');
    f.install();
    f.commit(one('id -u'));
    execFileSync('chmod', ['-R', 'a+rwX', f.home]);
    trustAll(f);
    const words = [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      'git',
      '-C',
      f.work,
      'push',
      f.repo,
      'main',
    ];
    const push = f.start('setpriv', words, '/');
    const { code, err } = await push.ended;
    assert.is(code, 0, err);
    assert.match(err, /the owner's next 'quire drain' will run it/);
    assert.is(events(f).length, 1);
    assert.is(f.processes().length, 0);
    assert.is(f.quire('drain').code, 0);
    const run = await f.run(1);
    assert.is(run.state(), 'complete');
    assert.is(run.stream('a'), '0\n');
  }),
);

test(
  "root's push into somebody's repository leaves an event that its owner can take",
  forge(async (f) => {
    if (!isRoot) return console.log("skipped: root's push into another user's repository");
    f.install();
    f.commit(one('true'));
    execFileSync('chown', ['-R', '65534:65534', f.repo]);
    trustAll(f);
    assert.match(accepted(f), /the owner's next 'quire drain' will run it/);
    const [event = ''] = events(f);
    assert.is(fs.statSync(join(f.data, 'inbox', event)).uid, 65534);
  }),
);

test(
  'a data directory that may not be written, or is full: the push is kept where it can be',
  forge(async (f) => {
    if (!isRoot) return console.log('skipped: a full disk (only root can mount one)');
    f.install();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', f.data]);
    try {
      assert.is(f.quire('install', f.repo).code, 0);
      f.commit(one('true'));
      assert.throws(() => fs.writeFileSync(join(f.data, 'filler'), Buffer.alloc(2 << 20)), /ENOSPC/);
      const said = accepted(f);
      assert.match(said, /could not write to .*inbox/);
      const [, kept = ''] = /kept in (\S+):/.exec(said) ?? [];
      assert.match(fs.readFileSync(kept, 'utf8'), /stdin64/);
      execFileSync('mount', ['-o', 'remount,ro', f.data]);
      assert.match(accepted(f, 'main:other'), /could not write to .*inbox/);
      execFileSync('mount', ['-o', 'remount,rw', f.data]);
      fs.rmSync(join(f.data, 'filler'));
      execFileSync('mv', [kept, join(f.data, 'inbox')]);
      assert.is(f.quire('drain').code, 0);
      assert.is((await f.run(1)).state(), 'complete');
    } finally {
      await f.quiet();
      execFileSync('umount', ['-l', f.data]);
      for (const name of fs.readdirSync(f.repo).filter((each) => each.startsWith('quire-event'))) {
        fs.rmSync(join(f.repo, name));
      }
    }
  }),
);

test(
  'the disk fills while a run runs: it fails with the reason, and the queue goes on when there is room',
  forge(async (f) => {
    if (!isRoot) return console.log('skipped: a full disk (only root can mount one)');
    f.install();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', f.data]);
    try {
      assert.is(f.quire('install', f.repo).code, 0);
      const wait = f.puppet('wait');
      f.commit(one(`${wait.command.replace('; exit $code', '')}; head -c 8000000 /dev/zero | tr '\\\\0' x`));
      f.push();
      (await wait.called()).exit(0);
      const run = await f.run(1);
      await until('the run to stop', () => run.state() !== 'active' || f.processes().length === 0);
      // Pages may still be tried at this moment.
      fs.rmSync(join(f.data, 'site'), { recursive: true, force: true, maxRetries: 40, retryDelay: 10 });
      const freed = f.data;
      for (const state of ['active', 'failed']) {
        for (const id of fs.readdirSync(join(freed, 'runs', state)).filter((name) => !name.startsWith('.')))
          fs.truncateSync(join(freed, 'runs', state, id, 'jobs', 'a', 'log.yml'), 0);
      }
      f.commit(one('true'));
      f.push('main:other');
      assert.is(f.quire('drain').code, 0);
      assert.is(run.state(), 'failed');
      assert.ok(['failed-internal', 'failed-orphaned'].includes(String(run.outcome().outcome)));
      assert.is((await f.run(2)).state(), 'complete');
    } finally {
      await f.quiet();
      execFileSync('umount', ['-l', f.data]);
    }
  }),
);

test(
  'a broken config never loses a push: the run fails with its place',
  forge(async (f) => {
    f.install('{:max-runs "two"');
    f.commit(one('true'));
    const said = accepted(f);
    assert.match(said, /run 1 {2}main/);
    assert.match(said, /config\.fnl/);
    const run = await (await f.run(1)).settled();
    assert.is(run.outcome().outcome, 'failed-internal');
    assert.match(String(run.outcome().error), /config\.fnl.*:1:/);
    fs.writeFileSync(join(f.data, 'config.fnl'), '{}');
    assert.is(f.quire('rerun', '1').code, 0);
    assert.is((await (await f.run(2)).settled()).state(), 'complete');
  }),
);

test(
  'records are as readable as the repository, whatever the umask',
  forge(async (f) => {
    const old = process.umask(0);
    try {
      f.git(f.repo, 'config', 'core.sharedRepository', '0640');
      fs.chmodSync(f.repo, 0o750);
      f.install();
      f.commit(one('true'));
      f.push();
      const run = await (await f.run(1)).settled();
      for (const file of ['meta.yml', 'jobs/a/log.yml', 'jobs/a/job.yml', 'outcome.yml'])
        assert.is((fs.statSync(run.path(file)).mode & 0o007).toString(8), '0', file);
      assert.is(fs.statSync(join(f.data, 'config.fnl')).mode & 0o077, 0);
    } finally {
      process.umask(old);
    }
  }),
);

test(
  'push options are not lost with the program that was to keep them',
  forge(async (f) => {
    f.install();
    const once = join(f.home, 'once');
    fs.writeFileSync(once, '');
    const { real, put } = shims(f);
    const dies = `case $line in ci.*) if [ -e ${once} ]; then rm ${once}; kill -9 $$; fi ;; esac`;
    put('base64', `read -r line\n${dies}\n{ printf '%s\\n' "$line"; cat; } | PATH='${real}' base64 "$@"`);
    f.commit(one('true'));
    assert.match(accepted(f, '-o', 'ci.skip', 'main'), /no run, as asked/);
    assert.not.ok(fs.existsSync(once));
  }),
);

test(
  'a date without nanoseconds and a name of any letters are understood',
  forge(async (f) => {
    f.install();
    const { real, put } = shims(f);
    // As BusyBox does it.
    put('date', `PATH='${real}'\nexec date -u "$(printf %s "$2" | sed 's/%[0-9]*N/%%N/g')"`);
    f.env.QUIRE_PUSHER = 'José "Pepe" \\';
    f.commit(one('true'));
    assert.match(accepted(f), /run 1 {2}main/);
    const run = await (await f.run(1)).settled();
    assert.is(run.meta().pusher, 'José "Pepe" \\');
    assert.not.ok('pusher64' in run.meta());
    assert.ok(Math.abs(Date.parse(String(run.meta().pushed_at)) - Date.now()) < 60_000);
  }),
);

test(
  'a program of the hook that is killed costs the push nothing',
  forge(async (f) => {
    f.install();
    const { real, put } = shims(f);
    delete f.env.QUIRE_PUSHER;
    for (const [index, program] of ['base64', 'date', 'id', 'sync', 'mv'].entries()) {
      const once = join(f.home, `once-${program}`);
      fs.writeFileSync(once, '');
      const dies = `if [ -e ${once} ]; then rm ${once}; kill -9 $$; fi`;
      const shim = put(program, `${dies}\nPATH='${real}' exec ${program} "$@"`);
      f.commit(one('true'));
      assert.match(accepted(f), new RegExp(`run ${index + 1} {2}main`), program);
      assert.not.ok(fs.existsSync(once), program);
      const run = await (await f.run(index + 1)).settled();
      assert.is(run.meta().pusher, userInfo().username, program);
      fs.rmSync(shim);
    }
    assert.equal(fs.readdirSync(join(f.data, 'inbox', 'bad')), []);
    assert.equal(
      fs.readdirSync(f.repo).filter((name) => name.startsWith('quire-event')),
      [],
    );
  }),
);

test(
  'a hook of which the half is killed that keeps the push says how to make up for it',
  forge(async (f) => {
    f.install();
    const { real, put } = shims(f);
    f.commit(one('true'));
    put('sync', 'kill -9 $PPID');
    assert.match(accepted(f), /was killed.*quire run REF/);
    f.commit(null);
    fs.writeFileSync(`${hookOf(f)}.before-quire`, '#!/bin/sh\n', { mode: 0o755 });
    assert.match(accepted(f), /was killed.*quire run REF/);
    f.env.PATH = real;
    await f.quiet();
    assert.is(f.runs().length, 0);
    assert.is(f.quire('--repo', f.repo, 'run', 'main').code, 0);
    assert.is((await (await f.run(1)).settled()).state(), 'complete');
  }),
);

test.run();
