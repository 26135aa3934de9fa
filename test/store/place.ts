/**
 * A store in a temp directory, and the runs to put into it.
 *
 * Must not know: what a test is about.
 */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestamp } from '../../lib/base/clock.ts';
import { type JobId, parseSha, type RefName, type RunId, runId, type Sha } from '../../lib/base/ids.ts';
import type { Result } from '../../lib/base/result.ts';
import { self } from '../../lib/process/identity.ts';
import type { JobLine, Outcome, PipelineRecord } from '../../lib/runs/records.ts';
import {
  type Claim,
  claim,
  inQueue,
  openStore,
  prepareStore,
  publish,
  type RunDraft,
  type Store,
  type StoreOptions,
} from '../../lib/store/store.ts';

export type Place = { readonly root: string; readonly store: Store; readonly clock: { now: number } };

/** In memory where there is such a place: thousands of syncs would make the tests as slow as a busy disk. */
const home = fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Runs a test body with an empty store, whose clock stands still until the test moves it. */
export const withStore =
  (body: (place: Place) => Promise<void> | void, options: StoreOptions = {}) =>
  async () => {
    const root = fs.mkdtempSync(join(home, 'quire-store-'));
    const clock = { now: Date.parse('2026-11-21T10:00:00.000Z') };
    try {
      const store = openStore(join(root, 'quire'), { clock: () => clock.now, ...options });
      good(prepareStore(store));
      await body({ root: join(root, 'quire'), store, clock });
    } finally {
      fs.rmSync(root, { recursive: true, force: true });
    }
  };

/** The value of a result that must be one. */
export function good<T>(result: Result<T, unknown>): T {
  if (result.ok) return result.value;
  throw new Error(`not ok: ${JSON.stringify(result.error)}`);
}

/** The failure of a result that must be one. */
export function bad<E>(result: Result<unknown, E>): E {
  if (!result.ok) return result.error;
  throw new Error('ok, where a failure was expected');
}

const shaOf = (digit: number): Sha => good(parseSha(String(digit % 10).repeat(40)));

/** The `n`th draft of a ref: its time and id follow from `n`. */
export function draft(n: number, ref = 'refs/heads/main', change: Partial<RunDraft> = {}): RunDraft {
  const at = Date.parse('2026-11-21T09:00:00.000Z') + n;
  return {
    id: runId(at, `event-${n}`),
    repo: 'rocket',
    ref: ref as RefName,
    refBytes: null,
    sha: shaOf(n),
    oldSha: null,
    pushedAt: timestamp(at),
    pusher: { text: 'ada', bytes: null },
    author: { text: 'Ada L. <ada@example.org>', bytes: null },
    subject: { text: `change ${n}: "quotes", \\ and \u2028`, bytes: null },
    reason: 'push',
    rerunOf: null,
    variables: {},
    evaluator: null,
    takeOver: null,
    ...change,
  };
}

export const put = async (store: Store, ...drafts: RunDraft[]): Promise<RunId[]> =>
  good(await inQueue(store, (queue) => publish(queue, drafts, { replace: false }))).runs.map(({ id }) => id);

export async function putOne(store: Store, n: number, ref?: string): Promise<RunId> {
  const [id] = await put(store, draft(n, ref));
  if (id === undefined) throw new Error('nothing was published');
  return id;
}

export const take = async (store: Store, id: RunId): Promise<Claim> =>
  good(await inQueue(store, (queue) => claim(queue, id, self())));

export const line = (id: string, inputs: string[] = ['quire/push']): JobLine => ({
  id: id as JobId,
  inputs,
  file: '.quire/ci.fnl',
  line: 3,
});

export const jobs = (...ids: string[]): PipelineRecord => ({
  kind: 'jobs',
  image: null,
  jobs: ids.map((id) => line(id)),
});

export const ended = (outcome: Outcome['outcome'], error: string | null = null): Outcome => ({
  outcome,
  error,
  replacedBy: null,
});

export const nothingToShow = async (): Promise<boolean> => true;
