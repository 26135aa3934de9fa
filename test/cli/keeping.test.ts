/** `doctor`, `cleanup`, `site` and `cron` as an operator uses them. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CleanupOptions, cleanup } from '../../lib/cli/commands/cleanup.ts';
import { cron } from '../../lib/cli/commands/cron.ts';
import { doctor } from '../../lib/cli/commands/doctor.ts';
import { install } from '../../lib/cli/commands/install.ts';
import { site } from '../../lib/cli/commands/site.ts';
import type { Finding } from '../../lib/cli/finding.ts';
import { listRuns, openStore, type Store } from '../../lib/store/store.ts';
import { type Sandbox, withSandbox } from '../git/sandbox.ts';
import { type Recording, recording } from '../rig/context.ts';
import { finished } from '../rig/finished.ts';
import { draft, good, put, take } from '../store/place.ts';

const test = suite('cli/keeping');

type Ended = Recording & { readonly code: number };

async function said(box: Sandbox, command: (context: Recording) => Promise<number>): Promise<Ended> {
  const context = recording({ cwd: box.bare });
  return { ...context, code: await command(context) };
}

const installed = (body: (box: Sandbox, store: Store) => Promise<void>) =>
  withSandbox(async (box) => {
    const done = await said(box, (context) => install(context, '.', {}));
    if (done.code !== 0) throw new Error(done.err());
    await body(box, openStore(join(box.bare, 'quire'), { mode: 0o644 }));
  });

const findings = async (box: Sandbox): Promise<Finding[]> =>
  (await said(box, (context) => doctor(context, { json: true }))).json() as Finding[];

/** What the doctor has to say of one thing, besides that it is good. */
const complaints = async (box: Sandbox, check: string): Promise<Finding[]> =>
  (await findings(box)).filter((finding) => finding.check === check && finding.state !== 'good');

test(
  'doctor: all is well after install, and nothing is left behind by looking',
  installed(async (box) => {
    const names = fs.readdirSync(join(box.bare, 'quire'));
    const done = await said(box, (context) => doctor(context, {}));
    assert.is(done.code, 0, done.out());
    assert.match(done.out(), 'All is well');
    assert.equal(fs.readdirSync(join(box.bare, 'quire')), names);
  }),
);

const broken: [name: string, check: string, break_: (box: Sandbox, store: Store) => unknown, mend: RegExp][] =
  [
    ['no hook', 'hook', (box) => fs.rmSync(join(box.bare, 'hooks/post-receive')), /quire install/],
    [
      'a foreign hook',
      'hook',
      (box) => fs.writeFileSync(join(box.bare, 'hooks/post-receive'), 'x'),
      /quire install/,
    ],
    [
      'a hook that may not run',
      'hook',
      (box) => fs.chmodSync(join(box.bare, 'hooks/post-receive'), 0o644),
      /quire install/,
    ],
    [
      'a hook whose Node is gone',
      'hook',
      (box) => {
        const path = join(box.bare, 'hooks/post-receive');
        fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace(/^node=.*$/m, "node='/gone/node'"));
      },
      /quire install/,
    ],
    [
      'no core.fsync',
      'fsync',
      (box) => box.git(['config', '--unset', 'core.fsync'], { cwd: box.bare }),
      /core\.fsync/,
    ],
    [
      'no push options',
      'push options',
      (box) => box.git(['config', 'receive.advertisePushOptions', 'false'], { cwd: box.bare }),
      /advertisePushOptions true/,
    ],
    [
      'a broken config',
      'config',
      (box) => fs.writeFileSync(join(box.bare, 'quire/config.fnl'), '{:max-runs "x"}'),
      /quire ci config/,
    ],
    [
      'secrets that others may read',
      'config',
      (box) => {
        fs.writeFileSync(join(box.bare, 'quire/config.fnl'), '{:secrets {:a "long enough"}}');
        fs.chmodSync(join(box.bare, 'quire/config.fnl'), 0o644);
      },
      /chmod 600/,
    ],
    [
      'an engine that does not answer',
      'engine',
      (box) =>
        fs.writeFileSync(
          join(box.bare, 'quire/config.fnl'),
          '{:executor "docker" :docker {:bin "/nonexistent/docker"}}',
        ),
      /Start the engine/,
    ],
    [
      'a push event that can not be read',
      'inbox',
      (_, store) => fs.writeFileSync(join(store.root, 'inbox/bad/1-x.yml'), 'x'),
      /inbox\/bad/,
    ],
    [
      'a push that was kept elsewhere',
      'inbox',
      (box) => fs.writeFileSync(join(box.bare, 'quire-event-1-x.yml'), 'x'),
      /^mv .* && quire drain/,
    ],
    [
      'a paused queue',
      'queue',
      (_, store) => fs.writeFileSync(join(store.root, 'paused'), ''),
      /quire resume/,
    ],
    [
      'a run that can not be read',
      'records',
      async (_, store) => {
        const [id] = await put(store, draft(1));
        fs.writeFileSync(join(store.root, 'runs/pending', id ?? '', 'meta.yml'), 'x: [');
      },
      /backup/,
    ],
    ['runs that wait for nobody', 'queue', (_, store) => put(store, draft(1)), /quire drain/],
    [
      'an active run whose process is gone',
      'queue',
      async (_, store) => {
        const [id] = await put(store, draft(1));
        if (id === undefined) throw new Error('not published');
        await take(store, id);
        fs.writeFileSync(
          join(store.root, 'runs/active', id, 'owner.yml'),
          'pid: 1\nstart: 1\nboot: "another"\n',
        );
      },
      /quire drain/,
    ],
    [
      'no data directory',
      'data',
      (box) => fs.rmSync(join(box.bare, 'quire'), { recursive: true }),
      /quire install/,
    ],
  ];
for (const [name, check, break_, mend] of broken) {
  test(
    `doctor finds ${name}, and says how to mend it`,
    installed(async (box, store) => {
      await break_(box, store);
      const found = await complaints(box, check);
      assert.is(found.length, 1, JSON.stringify(found));
      assert.match(found[0]?.mend ?? '', mend);
    }),
  );
}

test('doctor: outside of a repository only the machine is looked at; a wrong --repo is wrong usage', async () => {
  const nowhere = recording({ cwd: '/' });
  assert.is(await doctor(nowhere, {}), 0, nowhere.out());
  assert.match(nowhere.out(), 'only the machine was checked');
  assert.is(await doctor(recording({ cwd: '/', repo: '/nonexistent' }), {}), 2);
});

const cleaned = (box: Sandbox, options: CleanupOptions): Promise<Ended> =>
  said(box, (context) => cleanup(context, options));
const ids = (ended: Ended): string[] => (ended.json() as { id: string }[]).map(({ id }) => id);

test(
  'cleanup --dry-run lists by id exactly what the real one removes, records and pages',
  installed(async (box, store) => {
    const all = [];
    for (let n = 1; n <= 5; n += 1) all.push(await finished(store, n));
    assert.is((await said(box, (context) => site(context, { full: true }))).code, 0);
    const dry = await cleaned(box, { keep: 2, dryRun: true, json: true });
    assert.equal(ids(dry), all.slice(0, 3));
    assert.is(good(listRuns(store, 'complete')).length, 5, 'nothing is removed yet');
    const shown = await cleaned(box, { keep: 2, dryRun: true });
    for (const id of all.slice(0, 3)) assert.match(shown.out(), id);
    assert.match(shown.out(), '3 runs would go');
    const real = await cleaned(box, { keep: 2, json: true });
    assert.is(real.code, 0, real.err());
    assert.equal(ids(real), ids(dry));
    assert.equal(good(listRuns(store, 'complete')), all.slice(3));
    assert.equal(fs.readdirSync(join(store.root, 'site/runs')).sort(), all.slice(3));
    assert.match((await cleaned(box, { keep: 2 })).out(), 'Nothing to remove');
  }),
);

test(
  'cleanup obeys :cleanup of the config, and the command line before it',
  installed(async (box, store) => {
    const all = [];
    for (let n = 1; n <= 4; n += 1) all.push(await finished(store, n));
    assert.equal(ids(await cleaned(box, { dryRun: true, json: true })), []);
    fs.writeFileSync(join(store.root, 'config.fnl'), '{:cleanup {:keep 3}}');
    assert.equal(ids(await cleaned(box, { dryRun: true, json: true })), all.slice(0, 1));
    assert.equal(ids(await cleaned(box, { keep: 1, dryRun: true, json: true })), all.slice(0, 3));
    fs.writeFileSync(join(store.root, 'config.fnl'), '{:cleanup');
    const broken = await cleaned(box, { dryRun: true });
    assert.is(broken.code, 0);
    assert.match(broken.err(), 'its limits are not used');
  }),
);

test(
  'site --full gives the same pages again',
  installed(async (box, store) => {
    await finished(store, 1);
    assert.is((await said(box, (context) => site(context, {}))).code, 0);
    const index = join(store.root, 'site/index.html');
    const before = fs.readFileSync(index);
    fs.rmSync(join(store.root, 'site'), { recursive: true });
    const full = await said(box, (context) => site(context, { full: true }));
    assert.match(full.out(), `files written: ${index}`);
    assert.equal(fs.readFileSync(index), before);
  }),
);

test(
  'cron: prints by default; installs into a crontab and takes out again; a missing crontab is spoken of',
  installed(async (box) => {
    assert.match(
      (await said(box, (context) => cron(context, {}))).out(),
      /^# quire .*\n@reboot .*drain --no-wait/,
    );
    assert.is((await said(box, (context) => cron(context, { print: true, install: true }))).code, 2);
    const path = process.env.PATH;
    const programs = join(box.directory, 'bin');
    fs.mkdirSync(programs);
    fs.symlinkSync(execFileSync('which', ['git'], { encoding: 'utf8' }).trim(), join(programs, 'git'));
    try {
      process.env.PATH = programs;
      const missing = await said(box, (context) => cron(context, { install: true }));
      assert.is(missing.code, 3);
      assert.match(missing.err(), 'crontab is missing');
      const table = join(box.directory, 'table');
      const fake = `#!/bin/sh\nPATH=/usr/bin:/bin\ncase $1 in -l) cat ${table} 2>/dev/null || { echo "no crontab for me" >&2; exit 1; } ;; -) cat > ${table} ;; esac\n`;
      fs.writeFileSync(join(programs, 'crontab'), fake, { mode: 0o755 });
      const added = await said(box, (context) => cron(context, { install: true }));
      assert.is(added.code, 0, added.err());
      const lines = fs.readFileSync(table, 'utf8');
      assert.match(lines, `--repo '${box.bare}' drain --no-wait`);
      await said(box, (context) => cron(context, { install: true }));
      assert.is(fs.readFileSync(table, 'utf8'), lines);
      assert.is((await said(box, (context) => cron(context, { remove: true }))).code, 0);
      assert.is(fs.readFileSync(table, 'utf8'), '');
    } finally {
      process.env.PATH = path;
    }
  }),
);

test.run();
