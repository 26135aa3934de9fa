import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gitEnvironment, localVariables } from '../../lib/git/git.ts';

const test = suite('git/environment');

test('knows every variable that ties git to a repository', () => {
  const printed = execFileSync('git', ['rev-parse', '--local-env-vars'], { encoding: 'utf8' });
  const names = printed.trim().split('\n');
  assert.ok(names.length > 10);
  assert.equal(
    names.filter((name) => !localVariables.includes(name)),
    [],
  );
});

test("drops the hook's variables and what asks a person, keeps the owner's", () => {
  const hook = Object.fromEntries(
    [...localVariables, 'GIT_QUARANTINE_PATH', 'GIT_PUSH_OPTION_0'].map((n) => [n, 'x']),
  );
  const environment = gitEnvironment(
    { GIT_DIR: '/r.git' },
    {
      ...hook,
      HOME: '/h',
      PATH: '/bin',
      SSH_AUTH_SOCK: '/s',
      EDITOR: 'vi',
      SSH_ASKPASS: 'x',
      GIT_SSH_COMMAND: 'ssh -4',
    },
  );
  const { LC_ALL, LANGUAGE, GIT_TERMINAL_PROMPT, GIT_OPTIONAL_LOCKS, ...rest } = environment;
  assert.is(GIT_TERMINAL_PROMPT, '0');
  assert.equal(rest, {
    HOME: '/h',
    PATH: '/bin',
    SSH_AUTH_SOCK: '/s',
    GIT_SSH_COMMAND: 'ssh -4',
    GIT_DIR: '/r.git',
  });
});

test.run();
