/** Completion scripts and help: made from the program, so that they can't fall behind it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { levelsOf } from '../../lib/cli/command-tree.ts';
import { completion } from '../../lib/cli/commands/completion.ts';
import { help } from '../../lib/cli/commands/help.ts';
import { completionFor, shells } from '../../lib/cli/completion-text.ts';
import { program } from '../../lib/cli/program.ts';
import { recording, root } from '../rig/context.ts';

const test = suite('cli/help');

const quire = program({ version: '0', start: async () => {} });
const levels = levelsOf(quire);

const completed = (words: string): string[] => {
  const script = `${completionFor('bash', levels)}
    COMP_WORDS=(${words} "$1"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _quire; printf '%s\\n' "\${COMPREPLY[@]}"`;

  return execFileSync('bash', ['-c', script, 'bash', ''], { encoding: 'utf8' }).trim().split('\n');
};

test('bash completes commands, their commands and their options', () => {
  assert.ok(completed('quire').includes('install'));
  assert.ok(completed('quire').includes('--repo'));
  assert.ok(completed('quire ci').includes('validate'));
  assert.not.ok(completed('quire ci').includes('install'));
  assert.ok(completed('quire --repo x list').includes('--state'));
  assert.ok(completed('quire ci graph').includes('--format'));
});

for (const shell of shells) {
  test(`the ${shell} script is sound for that shell`, () => {
    const script = completionFor(shell, levels);
    for (const { path } of levels) assert.match(script, path);
    const checked = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
    if (checked.error === undefined) assert.is(checked.status, 0, checked.stderr);
    else console.log(`skipped: ${shell} completion (${shell} is not installed)`);
  });
}

test('an unknown shell is wrong usage', async () => {
  const context = recording();
  assert.is(await completion(context, 'fihs', quire), 2);
  assert.match(context.err(), "Did you mean 'fish'?");
});

const topics = readdirSync(join(root, 'templates/help')).map((name) => name.replace(/\.md$/, ''));

for (const topic of topics) {
  test(`help ${topic}: a title, lines that fit a terminal, commands that exist`, async () => {
    const context = recording();
    assert.is(await help(context, topic, quire), 0);
    const text = readFileSync(join(root, 'templates/help', `${topic}.md`), 'utf8');
    assert.match(text, /^# \S/);
    const long = text.split('\n').filter((line) => line.length > 100);
    assert.equal(long, []);
    for (const [, words] of text.matchAll(/`quire ((?:ci )?[a-z]+)/g)) {
      assert.ok(
        levels.some(({ path }) => path === words),
        `quire ${words}`,
      );
    }
    for (const [, named] of text.matchAll(/quire help ([a-z-]+)/g))
      assert.ok(topics.includes(named ?? ''), named);
  });
}

test('help without a topic lists commands and topics; with a command it says how that is called', async () => {
  const all = recording();
  assert.is(await help(all, null, quire), 0);
  for (const word of ['install', 'cleanup', ...topics]) assert.match(all.out(), word);
  const one = recording();
  assert.is(await help(one, 'cleanup', quire), 0);
  assert.match(one.out(), '--older-than');
  const none = recording();
  assert.is(await help(none, 'primitvies', quire), 2);
  assert.match(none.err(), "Did you mean 'primitives'?");
  const outside = recording();
  assert.is(await help(outside, '../init/plain', quire), 2);
});

test.run();
