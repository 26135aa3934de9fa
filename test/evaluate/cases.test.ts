/**
 * The Fennel conformance cases that lie beside the repository, each with the reference's own result.
 *
 * They are not part of it: where they are absent, this says so. `README.md` beside them says when a case passes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { view } from './rig.ts';

type Case = {
  readonly name: string;
  readonly source: string;
  readonly modules?: Readonly<Record<string, string>>;
  readonly globals?: readonly string[];
  readonly expect?: string;
  readonly error?: string;
  readonly stage?: string;
  readonly line?: number;
  readonly inner_line?: number;
  readonly file?: string;
};

const test = suite('evaluate/cases');
const folder = new URL('../../../shared/fennel-cases/', import.meta.url);

function check(one: Case): void {
  const viewed = view(one.source, one.modules, one.globals === undefined ? {} : { globals: one.globals });
  if ('values' in viewed) {
    assert.is(viewed.values.join(' '), one.expect ?? `the error ${one.error}`);
    return;
  }
  if (one.expect !== undefined) throw new Error(viewed.message);
  const [firstLine = ''] = viewed.message.split('\n');
  assert.ok(firstLine.includes(one.error ?? ''), `${firstLine}\nhas not: ${one.error}`);
  assert.equal([viewed.stage, viewed.at], [one.stage, one.file ?? 'ci.fnl']);
  assert.ok(
    viewed.line === one.line || viewed.line === one.inner_line,
    `line ${viewed.line}, not ${one.line}`,
  );
}

if (existsSync(folder)) {
  for (const table of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const cases = JSON.parse(readFileSync(new URL(table, folder), 'utf8')) as Case[];
    for (const one of cases) test(`${table.replace('.json', '')}: ${one.name}`, () => check(one));
  }
} else {
  test('the cases', () => {
    console.log('skipped: ../shared/fennel-cases is not there');
  });
}

test.run();
