import * as fs from 'node:fs';
import * as path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planFaults } from '../../lib/base/files.ts';
import type { RunId } from '../../lib/base/ids.ts';
import { LuaFloat } from '../../lib/base/plain.ts';
import type { Site, SiteReport, SiteResult } from '../../lib/site/site.ts';
import {
  command,
  desk,
  exit,
  filesUnder,
  idOf,
  note,
  output,
  type Place,
  place,
  run,
  tidy,
} from './fixtures.ts';

const test = suite('site');

const done = (result: SiteResult): SiteReport => {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
};
const update = async (site: Site, ...ids: RunId[]): Promise<SiteReport> =>
  done(await site.update(ids.map((id) => ({ run: id }))));

/** Works with a site of its own, and leaves nothing behind. */
const withPlace =
  (work: (one: Place) => Promise<void>, options?: Parameters<typeof place>[0]) => async () => {
    const one = place(options);
    try {
      await work(one);
    } finally {
      tidy(one.target);
    }
  };

/** What the updates made, against what a rebuild from the records alone makes elsewhere. */
async function assertTrue(one: Place): Promise<void> {
  const other = place({}, one.records);
  try {
    done(await other.site.rebuild());
    const [made, true_] = [one.all(), other.all()];
    assert.equal([...made.keys()].sort(), [...true_.keys()].sort());
    for (const [address, content] of true_) assert.is(made.get(address), content, address);
  } finally {
    tidy(other.target);
  }
}

/** A run's life, updated at every step. */
async function live(one: Place, number: number, ref: string, fails: boolean): Promise<void> {
  const { records, site } = one;
  const base = { number, ref, subject: `Change ${number}` };
  const jobs = [{ id: 'build' }, { id: 'test', inputs: ['build'] }];
  const id = records.put(run({ ...base, state: 'pending', jobs }));
  await update(site, id);
  const first = { id: 'build', state: 'active', until: null } as const;
  const waiting = { id: 'test', inputs: ['build'], state: 'pending' } as const;
  records.put(run({ ...base, state: 'active', jobs: [first, waiting] }));
  records.say(id, 'build', [command(1, 'make'), output('compiling\nhalf')]);
  await update(site, id);
  records.say(id, 'build', [output(' a line\n'), exit(0)]);
  records.put(
    run({ ...base, state: 'active', jobs: [{ id: 'build' }, { ...waiting, state: 'active', until: null }] }),
  );
  await update(site, id);
  records.say(id, 'test', [
    command(1, 'make test'),
    output('no\n', 'err'),
    exit(fails ? 2 : 0),
    note('done'),
  ]);
  const end = fails
    ? ({ state: 'failed', error: 'command 1 exited 2' } as const)
    : ({ state: 'complete' } as const);
  records.put(
    run({
      ...base,
      outcome: fails ? 'failed-job' : 'succeeded',
      jobs: [{ id: 'build' }, { id: 'test', inputs: ['build'], ...end }],
    }),
  );
  await update(site, id);
}

test(
  'an empty repository has a site that says how to begin',
  withPlace(async (one) => {
    done(await one.site.update([]));
    assert.match(one.page('index.html'), /No runs yet/);
    assert.match(one.page('badge.svg'), /no result/);
    assert.is(JSON.parse(one.page('status.json')).latest, 0);
    await assertTrue(one);
  }),
);

test(
  'updates along the lives of runs give byte for byte what a rebuild gives',
  withPlace(async (one) => {
    await update(one.site);
    for (let number = 1; number <= 8; number += 1) {
      await live(one, number, number % 3 === 0 ? 'refs/heads/topic' : 'refs/heads/main', number % 4 === 0);
    }
    one.records.put(run({ number: 9, state: 'pending' }));
    await update(one.site, idOf(9));
    one.records.put(run({ number: 9, outcome: 'canceled', jobs: [{ id: 'build', state: 'canceled' }] }));
    await update(one.site, idOf(9));
    await assertTrue(one);
  }),
);

test(
  'runs told of in any order, several at once, with gaps in the numbers, make the same site',
  withPlace(async (one) => {
    const numbers = [260, 3, 7, 101, 100, 99, 51, 50, 49, 5, 261, 150];
    const ids = numbers.map((number) =>
      one.records.put(run({ number, ref: `refs/heads/${number % 2 === 0 ? 'even' : 'odd'}` })),
    );
    await update(one.site, ...ids.slice(0, 1));
    for (let from = 0; from < ids.length; from += 3) await update(one.site, ...ids.slice(from, from + 3));
    await assertTrue(one);
  }),
);

test(
  'a branch and a tag whose pages have the same address share the page',
  withPlace(async (one) => {
    const refs = ['refs/tags/v1', 'refs/heads/tags/v1', 'refs/tags/v1'];
    for (const [index, ref] of refs.entries()) {
      await update(one.site, one.records.put(run({ number: index + 1, ref })));
      await assertTrue(one);
    }
    const runs = JSON.parse(one.page('refs/tags-v1-24236a71/runs.json')).runs as { ref: string }[];
    assert.equal(
      runs.map(({ ref }) => ref),
      refs,
    );
  }),
);

test(
  'runs that are removed leave nothing behind, and the lists close up',
  withPlace(async (one) => {
    for (let number = 1; number <= 112; number += 1) {
      one.records.put(run({ number, ref: number % 10 === 0 ? 'refs/heads/old' : 'refs/heads/main' }));
    }
    done(await one.site.rebuild());
    const gone = Array.from({ length: 65 }, (_, index) => idOf(index + 1));
    for (const id of gone) one.records.drop(id);
    done(await one.site.forget(gone));
    await assertTrue(one);
    assert.is(one.page('page/1.html'), '');
    // An update of a run whose records are gone comes to the same.
    one.records.drop(idOf(112));
    await update(one.site, idOf(112));
    await assertTrue(one);
    one.records.put(run({ number: 113 }));
    await update(one.site, idOf(113));
    await assertTrue(one);
  }),
);

test(
  'a full page of finished runs never changes again',
  withPlace(async (one) => {
    await update(one.site);
    for (let number = 1; number <= 50; number += 1) await update(one.site, one.records.put(run({ number })));
    const before = one.page('page/1.html');
    assert.match(before, /href="\.\.\/page\/2\.html"/);
    assert.is.not(one.page('page/2.html'), '');
    for (let number = 51; number <= 60; number += 1) {
      const report = await update(one.site, one.records.put(run({ number })));
      assert.not.ok(report.written.includes('page/1.html'));
    }
    assert.is(one.page('page/1.html'), before);
    await assertTrue(one);
  }),
);

test('the cost of a transition is the same among ten runs and among ten thousand', async () => {
  const count = async (history: number): Promise<Record<string, number>> => {
    const records = desk();
    const one = place({}, records);
    try {
      for (let number = 1; number < history; number += 1) {
        records.put(run({ number, ref: `refs/heads/topic-${number % 120}`, jobs: [] }));
      }
      const whole = records.list;
      // The site of a long history, without the time it takes to write all its pages.
      const newest = Math.max(1, history - 130);
      records.list = (state) => {
        const listed = whole(state);
        return listed.ok ? { ok: true, value: listed.value.filter((id) => id >= idOf(newest)) } : listed;
      };
      done(await one.site.rebuild());
      const id = records.put(run({ number: history, ref: 'refs/heads/topic-1', state: 'pending' }));
      await update(one.site, id);
      records.put(run({ number: history, ref: 'refs/heads/topic-1', state: 'active' }));
      const counts: Record<string, number> = {};
      planFaults((operation) => {
        counts[operation] = (counts[operation] ?? 0) + 1;
        return null;
      });
      records.reads = 0;
      await update(one.site, id);
      counts.records = records.reads;
      return counts;
    } finally {
      planFaults(null);
      tidy(one.target);
    }
  };
  const [few, many] = [await count(170), await count(10_020)];
  assert.equal(many, few);
  assert.is(few.records, 1);
  assert.ok((few.write ?? 0) <= 16, JSON.stringify(few));
  assert.ok((few.read ?? 0) <= 45, JSON.stringify(few));
});

test(
  'only what shows a job that changed is written',
  withPlace(async (one) => {
    const { records, site } = one;
    const sketch = { number: 2, state: 'active' } as const;
    records.put(run({ number: 1 }));
    const waiting = Array.from(
      { length: 30 },
      (_, index) => ({ id: `job-${index}`, state: 'pending' }) as const,
    );
    const id = records.put(run({ ...sketch, jobs: waiting }));
    await update(site, idOf(1), id);
    const jobs = waiting.map((job, index) => (index === 7 ? { id: job.id } : job));
    records.put(run({ ...sketch, jobs }));
    const job = jobs[7]?.id;
    const report = done(await site.update([{ run: id, jobs: new Set([job as never]) }]));
    const pages = report.written.filter((address) => address.endsWith('.html')).sort();
    assert.equal(pages, [
      'index.html',
      'page/1.html',
      'refs/main/index.html',
      `runs/${id}/index.html`,
      `runs/${id}/jobs/job-7/index.html`,
    ]);
    assert.equal((await update(site, idOf(1))).written, []);
  }),
);

test(
  'a log that grows is read on, not from the beginning, and its page shows the line that is being written',
  withPlace(async (one) => {
    const { records, site } = one;
    const sketch = {
      number: 1,
      state: 'active',
      jobs: [{ id: 'build', state: 'active', until: null }],
    } as const;
    const id = records.put(run(sketch));
    let from: number[] = [];
    const whole = records.log;
    records.log = (run, job) => (offset) => {
      if (job === 'build') from.push(offset);
      return whole(run, job)(offset);
    };
    records.say(id, 'build', [command(1, 'make'), ...Array.from({ length: 50 }, () => output('line\n'))]);
    await update(site, id);
    from = [];
    records.say(id, 'build', [output('and ')]);
    await update(site, id);
    assert.is(from[0], 51, 'the page goes on where it was');
    assert.match(one.page(`runs/${id}/jobs/build/index.html`), />and /);
    records.say(id, 'build', [output('more\n'), exit(0)]);
    records.put(run({ number: 1, jobs: [{ id: 'build' }] }));
    await update(site, id);
    assert.match(one.page(`runs/${id}/jobs/build/log.txt`), /\nline\nand more\n$/);
    await assertTrue(one);
  }),
);

test(
  'a log of many megabytes gives a small page, the raw text and its parts',
  withPlace(async (one) => {
    const id = one.records.put(run({ number: 1, jobs: [{ id: 'build' }] }));
    const chunk = output(`${'x'.repeat(99)}\n`.repeat(600));
    one.records.say(id, 'build', [command(1, 'make'), ...Array.from({ length: 200 }, () => chunk), exit(3)]);
    await update(one.site, id);
    const directory = `runs/${id}/jobs/build`;
    const page = one.page(`${directory}/index.html`);
    assert.ok(page.length < 500_000, `${page.length} bytes`);
    const text = one.page(`${directory}/log.txt`);
    assert.is(text.length, '$ make\n'.length + 200 * 60_000 + '[exit 3 after 1.2 s]\n'.length);
    const parts = [1, 2, 3].map((part) => one.page(`${directory}/log-${part}.txt`));
    assert.is(parts.join(''), text);
    for (const [index, part] of parts.entries()) {
      assert.ok(part.length < 5_000_000 && part.endsWith('\n'));
      assert.ok(page.includes(`${directory}/log-${index + 1}.txt"`));
    }
  }),
);

test(
  'a job page says which signal ended the last command, where that is known',
  withPlace(async ({ site, records, page }) => {
    const says: readonly (readonly [exit: number, signal: string | null, said: RegExp | null])[] = [
      [3, null, /<span>last exit 3<\/span>/],
      [-1, 'SIGTERM', /<span>ended by SIGTERM<\/span>/],
      [-1, null, null],
    ];
    for (const [index, [exit, signal, said]] of says.entries()) {
      const jobs = [{ id: 'build', state: 'failed', exit }] as const;
      const id = records.put(run({ number: index + 1, outcome: 'failed-job', jobs }));
      records.say(id, 'build', [command(1, 'make'), { kind: 'exit', exit, signal, t: 5 }]);
      await update(site, id);
      const header =
        page(`runs/${id}/jobs/build/index.html`).match(/<p class="facts-line">[\s\S]*?<\/p>/)?.[0] ?? '';
      if (said === null) assert.not.match(header, /exit|ended/);
      else assert.match(header, said);
    }
  }),
);

test(
  'a run page says so when the graph of its jobs is not drawn',
  withPlace(async ({ site, records, page }) => {
    for (const [count, isSaid] of [
      [1, false],
      [3, false],
      [200, true],
    ] as const) {
      const jobs = Array.from({ length: count }, (_, index) => ({ id: `job-${index}` }));
      const id = records.put(run({ number: count, jobs }));
      await update(site, id);
      assert.is(page(`runs/${id}/index.html`).includes('too large to be drawn'), isSaid, `${count} jobs`);
    }
  }),
);

test(
  'run pages that someone removed are made again, of those the lists show',
  withPlace(async (one) => {
    const ids = Array.from({ length: 120 }, (_, index) => one.records.put(run({ number: index + 1 })));
    one.records.damage(idOf(7), 'not a mapping');
    await update(one.site, ...ids);
    fs.rmSync(path.join(one.target, 'runs'), { recursive: true });
    const newest = ids.slice(-50).map((id) => ({ run: id }));
    done(await one.site.mend(newest));
    await assertTrue(one);
    assert.equal(done(await one.site.mend(newest)).written, []);
  }),
);

test(
  'the feed says of a run that never started what there is to say',
  withPlace(async ({ site, records, page }) => {
    const never = run({ number: 1, outcome: 'canceled' });
    await update(site, records.put({ ...never, times: { ...never.times, startedAt: null } }));
    assert.match(page('feed.xml'), /<summary>Someone stopped it\. [0-9a-f]+ on main<\/summary>/);
  }),
);

test('files have exactly the modes that were asked for, whatever the umask', async () => {
  for (const [readers, groupWrites, mode, directory] of [
    ['owner', false, 0o600, 0o700],
    ['group', false, 0o640, 0o750],
    ['everyone', false, 0o644, 0o755],
    // A directory that lost its setgid bit would give what is made in it to its owner's own group.
    ['group', true, 0o660, 0o2770],
    ['everyone', true, 0o664, 0o2775],
  ] as const) {
    const one = place({ readers, groupWrites });
    const before = process.umask(0o077);
    try {
      await update(one.site, one.records.put(run({ number: 1 })));
    } finally {
      process.umask(before);
    }
    try {
      for (const entry of fs.readdirSync(one.target, { recursive: true, withFileTypes: true })) {
        const bits = fs.statSync(path.join(entry.parentPath, entry.name)).mode & 0o7777;
        assert.is(bits, entry.isDirectory() ? directory : mode, entry.name);
      }
      assert.is(fs.statSync(one.target).mode & 0o7777, directory);
    } finally {
      tidy(one.target);
    }
  }
});

test(
  'a disk that fails leaves whole pages, and the next update mends the site',
  withPlace(async (one) => {
    await update(one.site, one.records.put(run({ number: 1 })));
    const id = one.records.put(run({ number: 2, subject: 'After the disk was full' }));
    for (let failing = 1; failing < 40; failing += 1) {
      let writes = 0;
      planFaults((operation) => {
        if (operation !== 'write' && operation !== 'rename' && operation !== 'make') return null;
        writes += 1;
        return writes === failing ? 'ENOSPC' : null;
      });
      const result = await one.site.update([{ run: id }]);
      planFaults(null);
      if (result.ok) break;
      assert.is(result.error.reason, 'disk');
      for (const [address, content] of filesUnder(one.target)) {
        if (address.endsWith('.html')) assert.ok(content.trimEnd().endsWith('</html>'), address);
      }
    }
    await update(one.site, id);
    await assertTrue(one);
  }),
);

test(
  'files of the site that were damaged or removed are made again',
  withPlace(async (one) => {
    for (let number = 1; number <= 5; number += 1) one.records.put(run({ number }));
    await update(one.site);
    fs.writeFileSync(path.join(one.target, 'status.json'), '{"format": 1, "runs"');
    fs.rmSync(path.join(one.target, 'refs'), { recursive: true });
    fs.mkdirSync(path.join(one.target, 'runs', 'stale'), { recursive: true });
    fs.writeFileSync(path.join(one.target, 'page', '.tmp-1-long'), 'stray');
    await update(one.site, idOf(5));
    await assertTrue(one);
    fs.rmSync(one.target, { recursive: true });
    one.records.drop(idOf(2));
    done(await one.site.forget([idOf(2)]));
    await assertTrue(one);
  }),
);

test(
  'diagnostics are shown with their line and a caret',
  withPlace(
    async (one) => {
      const problem = { code: 'unknown-input', file: '.quire/ci.fnl', line: 2, column: 16, job: 'test' };
      const id = one.records.put(
        run({
          number: 1,
          outcome: 'failed-pipeline',
          diagnostics: [
            { ...problem, message: "Job 'test' needs 'biuld'.", hint: "Did you mean 'build'?" },
            {
              ...problem,
              code: 'no-place',
              file: null,
              line: null,
              column: null,
              message: 'No place.',
              hint: null,
            },
          ],
        }),
      );
      await update(one.site, id);
      const page = one.page(`runs/${id}/index.html`);
      assert.match(page, /Job &#39;test&#39; needs &#39;biuld&#39;\./);
      assert.match(page, /\.quire\/ci\.fnl:2:16/);
      assert.match(page, / {4}2 \| \(ci\.job :test \[:biuld\]\)\n +\| {16}<span class="caret">\^<\/span>/);
      assert.match(page, /Did you mean/);
      assert.match(page, /No place\./);
    },
    { sourceOf: async () => '(local ci (require :quire.ci))\n(ci.job :test [:biuld])\n' },
  ),
);

test(
  'a run that can’t be read is listed as such, and its page says why, until it can be read again',
  withPlace(async (one) => {
    const { records, site } = one;
    const jobs = [{ id: 'build' }];
    for (let number = 1; number <= 60; number += 1) {
      records.put(run({ number, jobs, ref: number === 60 ? 'refs/heads/topic' : 'refs/heads/main' }));
    }
    await update(site);
    const [old, newest] = [idOf(3), idOf(60)];
    records.damage(old, 'line 2: <b>not</b> a mapping');
    records.damage(newest, 'it is missing');
    const report = await update(site, old, newest);
    assert.equal(
      report.unreadable.map((failure) => failure.reason),
      ['unreadable', 'unreadable'],
    );
    await assertTrue(one);
    const status = JSON.parse(one.page('status.json'));
    assert.equal(status.unreadable, [
      { id: newest, state: 'complete', problem: 'meta.yml: it is missing' },
      { id: old, state: 'complete', problem: 'meta.yml: line 2: <b>not</b> a mapping' },
    ]);
    assert.is(status.latest, 59);
    const index = one.page('index.html');
    assert.match(index, new RegExp(`href="runs/${old}/index.html"`));
    assert.match(index, /meta\.yml: line 2: &lt;b&gt;not&lt;\/b&gt; a mapping/);
    assert.match(one.page(`runs/${old}/index.html`), /can’t be read/);
    assert.is(one.page(`runs/${old}/run.json`), '');
    assert.is(one.page(`runs/${old}/jobs/build/index.html`), '');
    assert.is(one.page('refs/topic/index.html'), '');
    // Other runs come and go meanwhile.
    await update(site, records.put(run({ number: 61 })));
    await assertTrue(one);
    assert.equal((await update(site, old)).written, []);
    records.put(run({ number: 3, jobs }));
    await update(site, old);
    await assertTrue(one);
    assert.match(one.page('page/1.html'), new RegExp(`runs/${old}/index.html`));
    records.drop(newest);
    done(await site.forget([newest]));
    await assertTrue(one);
    assert.equal(JSON.parse(one.page('status.json')).unreadable, []);
  }),
);

test(
  'a repository whose only run can’t be read says so, and of many such runs names the newest',
  withPlace(async (one) => {
    const ids = Array.from({ length: 70 }, (_, index) => one.records.put(run({ number: index + 1 })));
    for (const id of ids) one.records.damage(id, 'no record');
    await update(one.site);
    assert.match(one.page('index.html'), /<h2 id="unreadable-title">Unreadable<\/h2>/);
    assert.not.match(one.page('index.html'), /No runs yet/);
    const { unreadable } = JSON.parse(one.page('status.json'));
    assert.is(unreadable.length, 50);
    assert.is(unreadable[0].id, idOf(70));
    await assertTrue(one);
  }),
);

test(
  'a link to a run that was removed becomes plain text',
  withPlace(async (one) => {
    const { records, site } = one;
    records.put(run({ number: 1, outcome: 'failed-job' }));
    records.put(run({ number: 2, rerunOf: idOf(1), outcome: 'replaced', replacedBy: idOf(3) }));
    records.put(run({ number: 3 }));
    await update(site, idOf(1), idOf(2), idOf(3));
    const page = (): string => one.page(`runs/${idOf(2)}/index.html`);
    assert.match(page(), new RegExp(`href="../../runs/${idOf(1)}/index.html"`));
    assert.match(page(), new RegExp(`href="../../runs/${idOf(3)}/index.html"`));
    for (const number of [1, 3]) {
      records.drop(idOf(number));
      done(await site.forget([idOf(number)]));
      assert.not.match(page(), new RegExp(`href="[^"]*${idOf(number)}`));
      await assertTrue(one);
    }
    assert.match(page(), new RegExp(`<code>${idOf(1)}</code>`));
    assert.is(JSON.parse(one.page(`runs/${idOf(2)}/run.json`)).rerun_of, idOf(1));
  }),
);

test(
  'a job’s page shows what it returned, however deep and long',
  withPlace(async (one) => {
    const id = one.records.put(run({ number: 1, jobs: [{ id: 'build' }, { id: 'test' }] }));
    one.records.returns(id, 'build', {
      version: '1.2.0 <beta>',
      files: ['a.txt', { name: 'b.txt', size: 12 }],
      ratio: new LuaFloat(2),
      bytes: new Uint8Array([255, 0]),
      nothing: [],
      long: 'y'.repeat(100_000),
      many: Array.from({ length: 10_000 }, (_, index) => index),
    });
    await update(one.site, id);
    const page = one.page(`runs/${id}/jobs/build/index.html`);
    const shown = [...page.matchAll(/<dt><code>(.*?)<\/code><\/dt><dd><code>(.*?)<\/code>/g)];
    assert.equal(
      shown.slice(0, 7).map(([, name, text]) => [name, text?.slice(0, 30)]),
      [
        ['version', '1.2.0 &lt;beta&gt;'],
        ['files[1]', 'a.txt'],
        ['files[2].name', 'b.txt'],
        ['files[2].size', '12'],
        ['ratio', '2.0'],
        ['bytes', '2 bytes that are not text'],
        ['nothing', '{}'],
      ],
    );
    assert.ok(page.length < 60_000, `${page.length} bytes`);
    assert.match(page, /There are more/);
    assert.not.match(one.page(`runs/${id}/jobs/test/index.html`), /Outputs/);
    await assertTrue(one);
  }),
);

test(
  'a run’s page says whose commit it is, and how it came to be when nobody pushed',
  withPlace(async (one) => {
    const again = one.records.put(run({ number: 2, rerunOf: idOf(1) }));
    await update(one.site, one.records.put(run({ number: 1 })), again);
    assert.match(one.page(`runs/${idOf(1)}/index.html`), /<span>by Ada Lovelace<\/span>/);
    assert.match(
      one.page(`runs/${again}/index.html`),
      /<span>run again<\/span><span>by Ada Lovelace<\/span>/,
    );
  }),
);

test(
  'the badge tells of the main ref, and not of runs that were stopped',
  withPlace(
    async (one) => {
      await update(
        one.site,
        one.records.put(run({ number: 1 })),
        one.records.put(run({ number: 2, outcome: 'canceled' })),
        one.records.put(run({ number: 3, ref: 'refs/heads/topic', outcome: 'failed-job' })),
        one.records.put(run({ number: 4, state: 'active' })),
      );
      assert.match(one.page('badge.svg'), /widgets: complete/);
      assert.match(one.page('refs/topic/badge.svg'), /topic: failed/);
      assert.is(JSON.parse(one.page('status.json')).verdict, 'complete');
    },
    { mainRef: 'refs/heads/main' },
  ),
);

test('the templates are missing: an answer, not a crash', async () => {
  const one = place({ templates: '/nowhere' });
  const result = await one.site.update([]);
  assert.is(!result.ok && result.error.reason, 'disk');
});

test.run();
