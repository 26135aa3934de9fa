import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobId } from '../../lib/base/ids.ts';
import { journal, openOutDirectory, outFinish, outPipeline, readLogIn } from '../../lib/store/store.ts';
import { bad, draft, ended, good, jobs } from './place.ts';

const test = suite('store/out-directory');

const withDirectory = (body: (directory: string) => Promise<void>) => async () => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'quire-out-'));
  try {
    await body(directory);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
};

const { evaluator: _evaluator, takeOver: _takeOver, ...meta } = draft(1);

test(
  'a local run leaves the files of a run, and a second one takes their place',
  withDirectory(async (directory) => {
    for (const round of ['first', 'second']) {
      const out = good(await openOutDirectory(join(directory, 'out'), { ...meta, number: 1 }));
      good(await outPipeline(out, jobs('build', round)));
      const records = journal(out, { trouble: ({ code }) => assert.unreachable(code) });
      const at = '2026-11-21T10:00:00.000Z' as never;
      records.hear({ event: 'job-started', at, job: 'build' as JobId, attempt: 1 });
      records.hear({ event: 'note', at, job: 'build' as JobId, text: round });
      records.close();
      good(await outFinish(out, ended('succeeded')));
    }
    const found = fs.readdirSync(join(directory, 'out'), { recursive: true }).map(String).sort();
    assert.equal(
      found.filter((name) => name.endsWith('.yml')),
      [
        'jobs/build/job.yml',
        'jobs/build/log.yml',
        'jobs/second/job.yml',
        'meta.yml',
        'outcome.yml',
        'pipeline.yml',
        'times.yml',
      ],
    );
    const [entry] = [...readLogIn(join(directory, 'out'), 'build' as JobId)];
    assert.is(entry?.kind === 'note' ? entry.text : null, 'second');
  }),
);

test(
  "somebody's own jobs/ is not ours to replace",
  withDirectory(async (directory) => {
    fs.mkdirSync(join(directory, 'jobs'));
    fs.writeFileSync(join(directory, 'jobs/precious'), 'x');
    for (const foreign of [null, '', 'title: mine\n', '[[[[', '{"id": 1}']) {
      if (foreign !== null) fs.writeFileSync(join(directory, 'meta.yml'), foreign);
      assert.is(bad(await openOutDirectory(directory, { ...meta, number: 1 })).reason, 'in-the-way');
      assert.ok(fs.existsSync(join(directory, 'jobs/precious')));
      if (foreign !== null) assert.is(fs.readFileSync(join(directory, 'meta.yml'), 'utf8'), foreign);
    }
  }),
);

test(
  'nor is a file that has the name of a record, where no run was',
  withDirectory(async (directory) => {
    fs.writeFileSync(join(directory, 'pipeline.yml'), 'mine');
    const failure = bad(await openOutDirectory(directory, { ...meta, number: 1 }));
    assert.equal(failure, { reason: 'in-the-way', path: join(directory, 'pipeline.yml') });
    assert.equal(fs.readdirSync(directory), ['pipeline.yml']);
  }),
);

test.run();
