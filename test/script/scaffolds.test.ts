import * as fs from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluated, walk } from './walk.ts';

const test = suite('script/scaffolds');

const directory = 'templates/init';
const scaffolds: [name: string, jobs: string[]][] = [
  ['node', ['install', 'test', 'lint', 'build']],
  ['rust', ['build', 'test', 'format']],
  ['go', ['build', 'vet', 'test']],
  ['python', ['install', 'test', 'compile']],
  ['make', ['build', 'test']],
  ['plain', ['hello', 'test']],
];

test('there is a table row for each scaffold', () => {
  const files = fs.readdirSync(directory).sort();
  assert.equal(files, scaffolds.map(([name]) => `${name}.fnl`).sort());
});

const world = {
  sh: ({ cmd }: { cmd: string }) => ({ exit: 0, stdout: Buffer.from(cmd === 'ls | wc -l' ? ' 3\n' : '') }),
  outputs: { hello: { files: 3 } },
  secrets: { 'deploy-token': 'hunter22' },
};

for (const [name, jobs] of scaffolds) {
  const text = fs.readFileSync(`${directory}/${name}.fnl`, 'utf8');

  test(`${name}: its jobs evaluate and run`, async () => {
    const script = await evaluated(text);
    assert.equal(
      script.pipeline.jobs.map(({ id }) => id),
      jobs,
    );
    for (const job of jobs) assert.is((await walk(script, job, world)).end.state, 'complete', job);
  });

  test(`${name}: a failing command fails its job`, async () => {
    const script = await evaluated(text);
    for (const job of jobs) {
      const { end } = await walk(script, job, { ...world, sh: () => 1 });
      assert.is(end.state, 'failed', job);
    }
  });

  test(`${name}: what is commented out works too`, async () => {
    const example = text.slice(text.lastIndexOf(';; (ci.job :deploy'));
    const script = await evaluated(text + example.replaceAll(/^;; ?/gm, ''));
    assert.is(script.pipeline.jobs.at(-1)?.id, 'deploy');
    const { end, asks } = await walk(script, 'deploy', world);
    assert.is(end.state, 'complete');
    assert.equal(
      asks.map(({ want }) => want),
      ['push', 'secret', 'sh'],
    );
    const image = /^;; (\(ci\.image .*?\)) /m.exec(text)?.[1] ?? '';
    assert.ok((await evaluated(text + image)).pipeline.image);
  });

  test(`${name}: says the rule about results`, () => {
    assert.match(text, 'its result was never checked');
  });
}

test.run();
