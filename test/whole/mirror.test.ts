/**
 * A pipeline that pushes on: to a server that demands a credential, which must not be seen anywhere afterwards.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type GitServer, serveGit } from '../git/http-server.ts';
import { type Forge, forge, type Run } from '../rig/forge.ts';
import { ArgumentWatch, leaksBelow, leaksIn } from '../rig/leaks.ts';

const test = suite('whole/mirror');

const token = 'tok-4f8Zq+91/ßecret';
const basic = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
const bearer = 'Bearer 0123456789abcdefXYZ';

type Place = { readonly f: Forge; readonly server: GitServer; readonly arguments: ArgumentWatch };

/** A forge beside `target.git` on a server that lets in who sends `wanted`; in the end no value may be anywhere. */
const beside = (
  wanted: string,
  secrets: Readonly<Record<string, string>>,
  body: (place: Place) => Promise<void>,
): (() => Promise<void>) =>
  forge(async (f) => {
    const args = new ArgumentWatch();
    const root = join(f.home, 'served');
    f.git(f.home, 'init', '-q', '--bare', '-b', 'main', join(root, 'target.git'));
    f.git(join(root, 'target.git'), 'config', 'http.receivepack', 'true');
    const server = await serveGit(root, wanted, () => args.look());
    fs.mkdirSync(join(f.home, 'keys'));
    for (const [name, value] of Object.entries(secrets))
      fs.writeFileSync(join(f.home, 'keys', name), `${value}\n`);
    const sources = Object.keys(secrets).map((name) => `:${name} {:file "${join(f.home, 'keys', name)}"}`);
    f.install(`{:secrets {${sources.join(' ')}}}`);
    try {
      await body({ f, server, arguments: args });
      const values = [
        ...Object.values(secrets),
        ...Object.values(secrets).map((value) => value.replace(/^.* /, '')),
      ];
      assert.equal(leaksBelow(f.data, values), []);
      assert.equal(leaksIn([...args.seen].join('\n'), values), []);
      assert.ok(
        [...args.seen].some((line) => /^git .*push .*http:/.test(line)),
        'git was seen at work',
      );
      assert.equal(leaksIn(f.quire('logs', 'latest').out + f.quire('show', 'latest').out, values), []);
    } finally {
      args.close();
      await server.close();
    }
  });

const target = (f: Forge, ...words: string[]): string =>
  f.git(join(f.home, 'served', 'target.git'), ...words).trim();

async function pushed(f: Forge, number: number, ...words: string[]): Promise<Run> {
  f.push(...words);
  return (await f.run(number)).settled();
}

test(
  'ci.mirror: refs, a computed tag, after its jobs, with a token that is nowhere to be seen',
  beside(basic, { token }, async ({ f, server }) => {
    const pipeline = (url: string): string => `
(local ci (require :quire.ci))
(ci.job :test [:quire/push] (fn [{: sh}] (sh "true")))
(ci.mirror "${url}target.git" {:secret :token :refs ["refs/heads/main" "tags/*"] :after [:test]
                               :tag (fn [push] (.. "v-" (push.sha:sub 1 8)))})
`;
    const sha = f.commit(pipeline(server.url));
    const run = await pushed(f, 1);
    assert.is(run.state(), 'complete', String(run.outcome().error));
    assert.equal(run.record('jobs/quire/mirror/outputs.yml'), {
      tag: `v-${sha.slice(0, 8)}`,
      refs: ['refs/heads/main'],
    });
    assert.is(target(f, 'rev-parse', 'main'), sha);
    assert.is(target(f, 'rev-parse', `v-${sha.slice(0, 8)}`), sha);
    assert.is(target(f, 'cat-file', '-t', `refs/tags/v-${sha.slice(0, 8)}`), 'commit', 'a lightweight tag');
    const said = run.log('quire/mirror').map((entry) => entry.note);
    assert.match(String(said[0]), /^git push .*target\.git/);
    const page = join(f.data, 'site', 'runs', run.id, 'jobs');
    assert.ok(fs.readdirSync(page).some((name) => /^quire-mirror-[0-9a-f]{8}$/.test(name)));

    const elsewhere = await pushed(f, 2, 'main:refs/heads/topic');
    assert.is(elsewhere.jobStates()['quire/mirror'], 'skipped', 'another ref is let alone');
    assert.is(elsewhere.job('quire/mirror').reason, 'did nothing');
    assert.is(target(f, 'branch', '--list', 'topic'), '');

    const again = f.quire('rerun', '1');
    assert.is(again.code, 0, again.err);
    assert.is(
      (await (await f.run(3)).settled()).state(),
      'complete',
      'the same tag at the same commit is fine',
    );

    f.git(f.work, 'tag', '-a', '-m', 'one', 'v1');
    const tagged = await pushed(f, 4, 'v1');
    assert.is(tagged.state(), 'complete');
    assert.is(target(f, 'cat-file', '-t', 'v1'), 'tag', 'an annotated tag stays one');
    assert.equal((tagged.record('jobs/quire/mirror/outputs.yml').refs as string[]).sort(), [
      'refs/heads/main',
      'refs/tags/v1',
    ]);
  }),
);

test(
  'nothing is forced: a branch that went elsewhere, a tag of another commit, and :after what failed',
  beside(basic, { token }, async ({ f, server }) => {
    const pipeline = `
(local ci (require :quire.ci))
(ci.job :test [:quire/push] (fn [{: sh}] (sh "test ! -e red")))
(ci.mirror "${server.url}target.git" {:secret :token :tag "fixed" :after [:test]})
`;
    const first = f.commit(pipeline);
    assert.is((await pushed(f, 1)).state(), 'complete');
    const second = f.commit(null, 'further');
    const moved = await pushed(f, 2);
    assert.is(moved.outcome().outcome, 'failed-job');
    assert.match(String(moved.job('quire/mirror').error), /refs\/tags\/fixed exists there at another commit/);
    assert.is(target(f, 'rev-parse', 'fixed'), first);
    assert.is(target(f, 'rev-parse', 'main'), second, 'what is not in the way was pushed all the same');

    f.git(f.work, 'reset', '-q', '--hard', first);
    f.commit(null, 'another way');
    const forced = await pushed(f, 3, '-f', 'main');
    assert.is(forced.outcome().outcome, 'failed-job');
    assert.match(
      String(forced.job('quire/mirror').error),
      /refs\/heads\/main was rejected: it is not a fast-forward/,
    );
    assert.match(String(forced.job('quire/mirror').error), /nothing is forced/);
    assert.is(target(f, 'rev-parse', 'main'), second);

    f.write('red', '');
    f.commit(null, 'red');
    const red = await pushed(f, 4);
    assert.equal(red.jobStates(), { test: 'failed', 'quire/mirror': 'skipped' });
    assert.is(red.job('quire/mirror').reason, 'needs test');
  }),
);

test(
  'a whole Authorization line; two mirrors; one that is turned away says so and ends',
  beside(
    bearer,
    { header: `Authorization: ${bearer}`, wrong: 'not-the-right-token' },
    async ({ f, server }) => {
      const sha = f.commit(`
(local ci (require :quire.ci))
(ci.mirror "${server.url}target.git" {:secret :header})
(ci.mirror "${server.url}target.git" {:secret :wrong :after [:quire/mirror]})
(ci.mirror "${server.url}target.git" {})
`);
      const run = await pushed(f, 1);
      assert.equal(run.jobStates(), {
        'quire/mirror': 'complete',
        'quire/mirror-2': 'failed',
        'quire/mirror-3': 'failed',
      });
      assert.equal(run.record('jobs/quire/mirror/outputs.yml'), { refs: ['refs/heads/main'] });
      assert.is(target(f, 'rev-parse', 'main'), sha);
      for (const job of ['quire/mirror-2', 'quire/mirror-3'])
        assert.match(String(run.job(job).error), /Authentication failed|could not read Username/);
    },
  ),
);

test(
  'mirror of quire.stdlib: the same from a run function, with what the pipeline made of the secret',
  beside(bearer, { key: bearer.slice('Bearer '.length) }, async ({ f, server }) => {
    const sha = f.commit(`
(local ci (require :quire.ci))
(local {: mirror} (require :quire.stdlib))
(ci.job :publish [:quire/push]
  (fn [{: jobs : secret}]
    (let [push (jobs :quire/push)
          settings {:url "${server.url}target.git" :auth-header (.. "Authorization: Bearer " (secret :key))
                    :sha push.sha :tag "from-a-job" :git-dir push.git-dir :refs ["refs/heads/*"]}]
      (mirror settings))))
(ci.job :incomplete [:publish] (fn [{: jobs}] (mirror {:url "x" :auth-header false})))
`);
    f.git(f.work, 'branch', 'other');
    const run = await pushed(f, 1, 'main', 'other');
    assert.equal(run.jobStates(), { publish: 'complete', incomplete: 'failed' });
    assert.match(String(run.job('incomplete').error), /mirror: the key :sha is missing/);
    const outputs = run.record('jobs/publish/outputs.yml') as { tag: string; refs: string[] };
    assert.equal(
      { ...outputs, refs: [...outputs.refs].sort() },
      {
        tag: 'from-a-job',
        refs: ['refs/heads/main', 'refs/heads/other'],
      },
    );
    for (const name of ['main', 'other', 'from-a-job']) assert.is(target(f, 'rev-parse', name), sha);
    await (await f.run(2)).settled();
  }),
);

test(
  'quire ci run mirrors too, from a branch; a detached HEAD is refused',
  forge((f) => {
    const target = join(f.home, 'target.git');
    f.git(f.home, 'init', '-q', '--bare', target);
    const first = f.commit(`(local ci (require :quire.ci))\n(ci.mirror "${target}")`);
    const branch = f.quireIn(f.work, {}, 'ci', 'run');
    assert.is(branch.code, 0, branch.err);
    assert.is(f.git(target, 'rev-parse', 'main').trim(), first);
    f.commit(null, 'further');
    f.git(f.work, 'checkout', '-q', '--detach');
    const detached = f.quireIn(f.work, {}, 'ci', 'run');
    assert.is(detached.code, 1);
    assert.match(detached.out, /HEAD is no branch or tag to be mirrored/);
    assert.is(f.git(target, 'rev-parse', 'main').trim(), first);
  }),
);

test.run();
