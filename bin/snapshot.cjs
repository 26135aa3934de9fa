#!/usr/bin/env node
/**
 * Makes dist/hook.blob: Node as it is after the hook's second half has answered a push (lib/cli/hook-snapshot.ts).
 *
 * Every push starts from it. It holds for the one Node that made it, so it gets the time of that program's file, which
 * is what hooks/post-receive compares; any other Node runs dist/hook.cjs, and the hook makes the snapshot anew.
 */
'use strict';
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const dist = path.join(root, 'dist');

/** What everyday pipelines are made of: code that is used here is compiled in the snapshot. */
const pipeline = `(local ci (require :quire.ci))
(fn greet [name ?greeting] (.. (or ?greeting "hello ") name))
(local steps [:build :test])
(each [i step (ipairs steps)]
  (ci.job step [(if (= i 1) :quire/push (. steps (- i 1)))]
    (fn [{: sh : jobs}]
      (let [push (jobs :quire/push) {: exit} (sh (greet step) {:env {:A "1"}})]
        (when (not= exit 0) (error "failed"))
        {:branch push.branch :lines (icollect [_ x (ipairs steps)] (when (~= x "") x))}))))
(ci.job :last {:inputs steps :timeout "5m" :run #(let [{: sh} $] (sh "true"))})
`;

function makeSnapshot() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'quire-snapshot-'));
  try {
    build(home, pushTo(path.join(home, 'rehearsal.git'), home));
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
}

/** A repository with one commit and the event of its push: what the hook is called with, and told. */
function pushTo(repo, home) {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    GIT_DIR: repo,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, 'quire'],
        [`GIT_${who}_EMAIL`, 'quire@localhost'],
      ]),
    ),
  };
  const git = (args, input = '') => run('git', args, { cwd: home, env, input }).trim();
  git(['init', '-q', '--bare', repo]);
  const file = git(['hash-object', '-w', '--stdin'], pipeline);
  const inner = git(['mktree'], `100644 blob ${file}\tci.fnl\n`);
  const tree = git(['mktree'], `040000 tree ${inner}\t.quire\n`);
  const commit = git(['commit-tree', tree, '-m', 'a rehearsal']);
  git(['update-ref', 'refs/heads/main', commit]);
  const inbox = path.join(repo, 'quire', 'inbox');
  fs.mkdirSync(inbox, { recursive: true });
  const line = `${'0'.repeat(40)} ${commit} refs/heads/main\n`;
  const event = `at: "2026-01-01T00:00:00.000Z"\npusher: "quire"\nstdin64: "${Buffer.from(line).toString('base64')}"\noptions64: ""\n`;
  fs.writeFileSync(path.join(inbox, '1-1.yml'), event);
  const told = path.join(home, 'told');
  fs.writeFileSync(told, `1-1.yml\n${event}`);
  return { args: ['hook', repo, path.join(repo, 'quire')], told };
}

function build(home, { args, told }) {
  const made = path.join(home, 'hook.blob');
  const entry = path.join(dist, 'hook-snapshot.cjs');
  // Nothing of this environment gets into the snapshot.
  const env = { PATH: process.env.PATH, HOME: home };
  const flags = ['--no-warnings', '--snapshot-blob', made, '--build-snapshot'];
  const input = fs.openSync(told, 'r');
  run(process.execPath, [...flags, entry, ...args], { cwd: '/', env, stdio: [input, 'pipe', 'pipe'] });
  fs.closeSync(input);
  const temporary = path.join(dist, `.hook.blob.${process.pid}`);
  try {
    fs.copyFileSync(made, temporary);
    run('touch', ['-r', process.execPath, temporary], { input: '' });
    fs.renameSync(temporary, path.join(dist, 'hook.blob'));
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

function run(program, args, options) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...options });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${path.basename(program)} ended with ${status}: ${stderr}`);
  return stdout;
}

try {
  makeSnapshot();
} catch (error) {
  const [problem] = String(error.message).trim().split('\n');
  process.stderr.write(`quire: no start-up snapshot, so pushes are answered a little later: ${problem}\n`);
  process.exitCode = 1;
}
