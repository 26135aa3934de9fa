/**
 * The disk fails one call at a time, each call of the way of a push in turn: what it did not take is tried again, and
 * nothing is lost, twice, or half.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planFaults } from '../../lib/base/files.ts';
import type { RunId } from '../../lib/base/ids.ts';
import { withObjects } from '../../lib/git/git.ts';
import { self } from '../../lib/process/process.ts';
import { evaluateRuns } from '../../lib/runner/evaluate.ts';
import { takeIn } from '../../lib/runner/intake.ts';
import { recoverRuns, settleAll } from '../../lib/runner/recover.ts';
import type { Server } from '../../lib/runner/server.ts';
import { settingsOf } from '../../lib/runner/settings.ts';
import {
  claim,
  finish,
  inQueue,
  listActive,
  listPending,
  listRuns,
  listUnsettled,
  openStore,
  prepareStore,
  readHistory,
  readRun,
} from '../../lib/store/store.ts';
import { good } from '../store/place.ts';

const test = suite('runner/faults');

const codes = ['ENOSPC', 'EIO', 'EACCES'] as const;

type Place = { readonly server: Server; readonly sha: string; readonly said: string[] };

async function inPlace(body: (place: Place) => Promise<void>): Promise<void> {
  // In memory where there is such a place: hundreds of rounds need not wait for a real disk.
  const room = fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const home = fs.mkdtempSync(join(room, 'quire-faults-'));
  try {
    const gitDir = join(home, 'r.git');
    const work = join(home, 'w');
    const git = (...words: string[]): string =>
      execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=a@b', ...words], {
        cwd: home,
        encoding: 'utf8',
        env: { PATH: process.env.PATH, HOME: home, GIT_CONFIG_NOSYSTEM: '1' },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    git('init', '-q', '--bare', gitDir);
    git('init', '-q', '-b', 'main', work);
    fs.mkdirSync(join(work, '.quire'));
    fs.writeFileSync(
      join(work, '.quire', 'ci.fnl'),
      '(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: sh}] (sh "true")))',
    );
    git('-C', work, 'add', '-A');
    git('-C', work, 'commit', '-q', '-m', 'first');
    git('-C', work, 'push', '-q', gitDir, 'main');
    const said: string[] = [];
    const server: Server = {
      store: openStore(join(gitDir, 'quire')),
      gitDir,
      withObjects: (body) => withObjects(gitDir, body),
      repo: 'r',
      program: { node: '/nowhere', bin: '/nowhere', worker: '/nowhere', launcher: '/nowhere' },
      clock: Date.now,
      publish: async () => true,
      live: () => ({ hear: () => {}, settle: async () => true }),
      say: (line) => said.push(line),
    };
    good(prepareStore(server.store));
    await body({ server, sha: git('-C', work, 'rev-parse', 'HEAD').trim(), said });
  } finally {
    planFaults(null);
    fs.rmSync(home, { recursive: true, force: true });
  }
}

/** Does `act` with its first file call failing, then with its second, and so on, until no fault was met any more. */
async function failEach(
  act: (round: number) => Promise<unknown>,
  afterwards: (round: number) => Promise<void>,
): Promise<number> {
  for (let at = 0; at < 500; at += 1) {
    let calls = 0;
    const code = codes[at % codes.length] ?? null;
    // The kernel's words about processes are no disk, and a close that fails has closed all the same.
    const fails = (operation: string, path: string): boolean =>
      operation !== 'close' && !path.startsWith('/proc/') && calls++ === at;
    planFaults((operation, path) => (fails(operation, path) ? code : null));
    try {
      await act(at);
    } finally {
      planFaults(null);
    }
    await afterwards(at);
    if (calls <= at) return at;
  }
  throw new Error('the calls never came to an end');
}

function spool({ server, sha }: Place, round: number): void {
  const lines = ['main', 'other']
    .map((name) => `${'0'.repeat(40)} ${sha} refs/heads/${name}-${round}\n`)
    .join('');
  const stdin = Buffer.from(lines).toString('base64');
  fs.writeFileSync(
    join(server.store.root, 'inbox', `${1763715600000 + round}000000-${round}.yml`),
    `at: "2026-11-21T09:00:00.000Z"\npusher: "ada"\nstdin64: "${stdin}"\noptions64: ""\n`,
  );
}

const intake = ({ server }: Place) =>
  takeIn(server, { evaluator: self(), replace: true, mirrors: true, patienceMs: 0 });

async function runCount({ server }: Place): Promise<number> {
  const refs = new Set<string>();
  for (const id of good(listRuns(server.store, 'pending')))
    refs.add(good(await readRun(server.store, id)).meta.ref);
  assert.is(refs.size, good(listRuns(server.store, 'pending')).length, 'one run each');
  return refs.size;
}

test('intake: each update makes one run and is kept for the mirrors, whichever call fails', () =>
  inPlace(async (place) => {
    const { root } = place.server.store;
    const faults = await failEach(
      async (round) => {
        spool(place, round);
        await intake(place);
      },
      async (round) => {
        good(await intake(place));
        assert.is(await runCount(place), 2 * (round + 1));
        const events = fs.readdirSync(join(root, 'inbox')).filter((name) => name.endsWith('.yml'));
        assert.equal(events, []);
        assert.is(fs.readdirSync(join(root, 'inbox', '.mirror')).length, round + 1);
        assert.equal(fs.readdirSync(join(root, 'inbox', 'bad')), []);
        const strays = fs.readdirSync(join(root, 'runs', 'pending')).filter((name) => name.startsWith('.'));
        assert.equal(strays, []);
      },
    );
    assert.ok(faults > 30, `${faults} faults`);
  }));

test('evaluation, claim and end: a run is where it was or a step further, and recovery ends it once', () =>
  inPlace(async (place) => {
    const { server } = place;
    const { store } = server;
    const outcomes = new Map<string, number>();
    const faults = await failEach(
      async () => {
        const pending = await listPending(store);
        const [run] = pending.ok ? pending.value.runs : [];
        if (run === undefined) return;
        const record = await readRun(store, run.id);
        if (!record.ok) return;
        const { sha } = record.value.meta;
        await evaluateRuns(server, [{ id: run.id, sha: sha as never }], await settingsOf(store));
        // An owner that is dead already: whatever it did not finish is left to recovery.
        const owner = { ...self(), start: 1 };
        const claimed = await inQueue(store, (queue) => claim(queue, run.id, owner));
        if (claimed.ok)
          await finish(
            claimed.value,
            { outcome: 'succeeded', error: null, replacedBy: null },
            async () => true,
          );
      },
      async (round) => {
        await recoverRuns(server);
        await settleAll(server, new Set());
        assert.equal(good(await listActive(store)).runs, []);
        assert.equal(good(listUnsettled(store)), []);
        const over: RunId[] = [];
        for (const state of ['complete', 'failed'] as const) over.push(...good(listRuns(store, state)));
        const history = good(await readHistory(store, { newest: 1e6 })).lines;
        assert.equal(history.map(({ id }) => id).sort(), over.sort());
        for (const { outcome } of history) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        spool(place, round);
        good(await takeIn(server, { evaluator: null, replace: false, mirrors: false, patienceMs: 0 }));
      },
    );
    assert.ok(faults > 60, `${faults} faults`);
    // A config that could not be read is read again; nothing ends a run but its own end or a death.
    assert.equal([...outcomes.keys()].sort(), ['failed-orphaned', 'succeeded']);
  }));

test.run();
