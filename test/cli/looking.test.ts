/** `list`, `show`, `logs`, `status`, `pause` and `resume`, and what `run` refuses, over real records. */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunId } from '../../lib/base/ids.ts';
import { type ListOptions, list } from '../../lib/cli/commands/list.ts';
import { type LogsOptions, logs } from '../../lib/cli/commands/logs.ts';
import { pauseQueue, resumeQueue } from '../../lib/cli/commands/pause.ts';
import { show } from '../../lib/cli/commands/show.ts';
import { status } from '../../lib/cli/commands/status.ts';
import { run } from '../../lib/cli/commands/submit.ts';
import { claimPipeline, finish, openStore, prepareStore, type Store } from '../../lib/store/store.ts';
import { type Sandbox, withSandbox } from '../git/sandbox.ts';
import { type Recording, recording } from '../rig/context.ts';
import { finished } from '../rig/finished.ts';
import { draft, ended, good, jobs, nothingToShow, put, take } from '../store/place.ts';

const test = suite('cli/looking');

const now = Date.parse('2026-11-21T10:05:00.000Z');

const withRuns = (body: (store: Store, box: Sandbox) => Promise<void>) =>
  withSandbox(async (box) => {
    const store = openStore(join(box.bare, 'quire'), { clock: () => now - 60_000 });
    good(prepareStore(store));
    await body(store, box);
  });

type Ended = Recording & { readonly code: number };

async function said(
  box: Sandbox,
  command: (context: Recording) => Promise<number>,
  colours = false,
): Promise<Ended> {
  const context = recording({ cwd: box.bare, clock: () => now, colours });
  return { ...context, code: await command(context) };
}

const listed = (box: Sandbox, options: Partial<ListOptions> = {}): Promise<Ended> =>
  said(box, (context) => list(context, { n: 20, ...options }));
const logged = (
  box: Sandbox,
  word: string,
  job: string | null = null,
  options: LogsOptions = {},
): Promise<Ended> => said(box, (context) => logs(context, word, job, options));

const numbers = (ended: Ended): number[] =>
  (ended.json() as { number: number }[]).map(({ number }) => number);

test(
  'list: the newest first, what waits and runs before all, by state, ref and count',
  withRuns(async (store, box) => {
    await finished(store, 1, { outcome: 'failed-job' });
    await finished(store, 2, { ref: 'refs/tags/v1' });
    await finished(store, 3);
    const [active, pending] = await put(store, draft(4), draft(5));
    if (active === undefined || pending === undefined) throw new Error('not published');
    await take(store, active);
    const all = await listed(box, { json: true });
    assert.equal(numbers(all), [5, 4, 3, 2, 1]);
    assert.equal(
      (all.json() as { state: string }[]).map(({ state }) => state),
      ['pending', 'active', 'complete', 'complete', 'failed'],
    );
    assert.equal(numbers(await listed(box, { json: true, n: 3 })), [5, 4, 3]);
    assert.is((await listed(box, { n: 0 })).out(), 'No such runs.\n');
    assert.equal(numbers(await listed(box, { json: true, state: 'failed' })), [1]);
    assert.equal(numbers(await listed(box, { json: true, state: 'active' })), [4]);
    assert.equal(numbers(await listed(box, { json: true, ref: 'tags/v1' })), [2]);
    assert.equal(numbers(await listed(box, { json: true, ref: 'refs/heads/main', state: 'complete' })), [3]);
    const text = (await listed(box)).out();
    assert.is(text.trim().split('\n').length, 5);
    assert.match(text, /#1 +✘ failed +main +1111111 /);
    assert.match((await listed(box, { ref: 'nope' })).out(), 'No such runs');
  }),
);

test(
  'list: a damaged run is listed as unreadable, the others are as they are',
  withRuns(async (store, box) => {
    const id = await finished(store, 1);
    await finished(store, 2);
    fs.writeFileSync(join(store.root, 'runs/complete', id, 'meta.yml'), '[[[[');
    const all = await listed(box);
    assert.is(all.code, 0);
    assert.match(all.out(), '#2');
    assert.match(all.out(), /unreadable .*meta\.yml/);
    assert.match((await listed(box, { json: true })).out(), '"unreadable"');
    assert.is((await said(box, (context) => show(context, id, {}))).code, 3);
  }),
);

test(
  'an empty repository says what comes first',
  withRuns(async (_, box) => {
    assert.match((await listed(box)).out(), 'No runs yet');
    assert.match((await said(box, (context) => status(context, {}))).out(), 'Nothing runs, nothing waits');
    assert.is((await said(box, (context) => show(context, 'latest', {}))).code, 2);
  }),
);

test(
  'show: by number, id, the beginning of an id and latest; what is not there is wrong usage',
  withRuns(async (store, box) => {
    const first = await finished(store, 1);
    const second = await finished(store, 2, { outcome: 'failed-job' });
    const idOf = async (word: string): Promise<unknown> =>
      ((await said(box, (context) => show(context, word, { json: true }))).json() as { id: RunId }).id;
    assert.is(await idOf('1'), first);
    assert.is(await idOf(first), first);
    assert.is(await idOf(first.slice(0, -1)), first);
    assert.is(await idOf('latest'), second);
    const text = (await said(box, (context) => show(context, '2', {}))).out();
    assert.match(text, /^Run 2 {2}✘ failed/);
    assert.match(text, /outcome +failed-job/);
    assert.match(text, /\nbuild +✔ complete/);
    for (const word of ['9', 'zzz', '../..']) {
      const missing = await said(box, (context) => show(context, word, {}));
      assert.is(missing.code, 2);
      assert.match(missing.err(), "quire: there is no run '");
    }
    assert.is((await said(box, (context) => show(context, first.slice(0, 3), {}))).code, 2, 'ambiguous');
  }),
);

test(
  'show: diagnostics come with the line of the commit and a caret',
  withRuns(async (store, box) => {
    box.write('.quire/ci.fnl', '(local ci (require :quire.ci))\n(ci.job :build [])\n');
    const sha = box.commit('broken');
    box.git(['push', '-q', box.bare, 'main']);
    const [id] = await put(store, draft(1, 'refs/heads/main', { sha }));
    if (id === undefined) throw new Error('not published');
    const claim = await take(store, id);
    const problem = {
      code: 'empty-inputs',
      message: "job 'build' has no inputs",
      hint: 'list :quire/push',
      job: 'build',
    };
    const place = { file: '.quire/ci.fnl', line: 2, column: 9 };
    good(await claimPipeline(claim, { kind: 'diagnostics', diagnostics: [{ ...problem, ...place }] }));
    good(await finish(claim, ended('failed-pipeline', 'bad'), nothingToShow));
    const text = (await said(box, (context) => show(context, '1', {}))).out();
    assert.match(text, ".quire/ci.fnl:2:9: error: job 'build' has no inputs");
    assert.match(text, '    2 | (ci.job :build [])\n      |         ^');
    assert.match(text, 'hint: list :quire/push');
  }),
);

test(
  'hostile names are shown, not obeyed',
  withRuns(async (store, box) => {
    const bad = { text: '\u001b]0;pwned\u0007\u202e<b>', bytes: null };
    const [id] = await put(
      store,
      draft(1, 'refs/heads/a\u001b[2Jb', { subject: bad, author: bad, pusher: bad }),
    );
    if (id === undefined) throw new Error('not published');
    for (const command of [
      (context: Recording) => list(context, { n: 5 }),
      (context: Recording) => show(context, '1', {}),
      (context: Recording) => status(context, {}),
    ]) {
      const text = (await said(box, command)).out();
      assert.not.match(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
      assert.match(text, '<b>');
    }
  }),
);

test(
  'logs: all jobs under their names, one job, the bytes as they are',
  withRuns(async (store, box) => {
    const hostile = 'one\u001b]52;c;eA==\u0007\u001b[2J\r\nbar 1%\rbar 100%\n\u001b[31mred\u001b[0m';
    await finished(store, 1, { logs: { build: hostile, test: 'fine\n' } });
    const all = (await logged(box, '1')).out();
    assert.is(
      all,
      'build  ✔ complete\n  $ make build\n  one\n  bar 100%\n  red\ntest  ✔ complete\n  $ make test\n  fine\n',
    );
    const one = await said(box, (context) => logs(context, '1', 'build', {}), true);
    assert.match(one.out(), '\u001b[31mred\u001b[0m');
    assert.not.match(one.out(), '\u001b[2J');
    assert.is((await logged(box, '1', 'build', { raw: true })).out(), hostile);
    const unknown = await logged(box, '1', 'biuld');
    assert.is(unknown.code, 2);
    assert.match(unknown.err(), "Did you mean 'build'?");
  }),
);

test(
  'logs --follow: what comes while it looks, to the end of the run',
  withRuns(async (store, box) => {
    const [id] = await put(store, draft(1));
    if (id === undefined) throw new Error('not published');
    const claim = await take(store, id);
    good(await claimPipeline(claim, jobs('build', 'test')));
    const log = (job: string): string => join(store.root, 'runs/active', id, 'jobs', job, 'log.yml');
    for (const job of ['build', 'test']) fs.mkdirSync(dirname(log(job)), { recursive: true });
    fs.appendFileSync(
      log('build'),
      '- {"sh": 1, "cmd": "make", "at": "2026-11-21T10:00:00.123Z"}\n- {"out": "fir", "t": 1}\n',
    );
    const context = recording({ cwd: box.bare, clock: () => now });
    const following = logs(context, 'latest', null, { follow: true });
    fs.appendFileSync(log('build'), '- {"out": "st\\n", "t": 2}\n');
    const deadline = Date.now() + 5000;
    while (!context.out().includes('first') && Date.now() < deadline)
      await new Promise((next) => setTimeout(next, 5));
    assert.match(context.out(), 'build │ $ make\nbuild │ first\n');
    fs.appendFileSync(log('test'), '- {"out": "no end", "t": 2}\n');
    good(await finish(claim, ended('succeeded'), nothingToShow));
    assert.is(await following, 0);
    assert.match(context.out(), 'test  │ no end\n');
  }),
);

test(
  'status: what runs, what waits, the last run of each ref; paused and bad events are named',
  withRuns(async (store, box) => {
    await finished(store, 1, { outcome: 'failed-job' });
    await finished(store, 2);
    await finished(store, 3, { ref: 'refs/heads/next', outcome: 'failed-job' });
    await put(store, draft(4), draft(5));
    fs.writeFileSync(join(store.root, 'inbox/bad/1-x.yml'), 'bad');
    assert.is((await said(box, pauseQueue)).code, 0);
    const document = (await said(box, (context) => status(context, { json: true }))).json() as {
      paused: boolean;
      pending: { number: number }[];
      refs: { number: number }[];
      bad_events: string[];
    };
    assert.is(document.paused, true);
    assert.equal(
      document.pending.map(({ number }) => number),
      [4, 5],
    );
    assert.equal(
      document.refs.map(({ number }) => number),
      [3, 2],
    );
    assert.equal(document.bad_events, ['1-x.yml']);
    const text = (await said(box, (context) => status(context, {}))).out();
    assert.match(text, 'quire resume');
    assert.match(text, '1-x.yml');
    assert.match(text, /Waiting\n {2}#4.*\n {2}#5/);
    assert.match((await said(box, resumeQueue)).out(), 'Released');
    assert.match((await said(box, resumeQueue)).out(), 'was not paused');
  }),
);

test(
  'status: how many refs more there are is said',
  withRuns(async (store, box) => {
    for (let number = 1; number <= 22; number += 1) {
      await finished(store, number, { ref: `refs/heads/b${number}` });
      if (number < 20) continue;
      const { refs, more_refs: more } = (
        await said(box, (context) => status(context, { json: true }))
      ).json() as { refs: unknown[]; more_refs: number };
      assert.equal([refs.length, more], [Math.min(number, 20), Math.max(0, number - 20)]);
    }
    assert.match((await said(box, (context) => status(context, {}))).out(), /#3 .*\n {2}and 2 more\n/);
  }),
);

test(
  'run: a word that names no commit is wrong usage, and where to look is said',
  withRuns(async (_, box) => {
    for (const [word, message] of [
      ['', 'no branch, tag or commit is named'],
      ['nope', 'there is no nope in the repository'],
    ] as const) {
      const wrong = await said(box, (context) => run(context, word, {}));
      assert.is(wrong.code, 2);
      assert.match(wrong.err(), `quire: ${message}\n       See: git -C ${box.bare} branch -a\n`);
    }
  }),
);

test(
  'outside of any repository, and in a work tree: wrong usage with the way out',
  withRuns(async (_, box) => {
    for (const cwd of [box.directory, box.work]) {
      const context = recording({ cwd });
      assert.is(await list(context, { n: 1 }), 2);
      assert.match(context.err(), '--repo DIR');
    }
    const named = recording({ cwd: box.directory, repo: 'repo.git' });
    assert.is(await list(named, { n: 1 }), 0);
  }),
);

test.run();
