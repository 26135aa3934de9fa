/**
 * Containers and images that outlived their runs: finding and removing them.
 *
 * Must not know: records; a container tells by its labels whose it was.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { timestamp } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { type Identity, isAlive, parseIdentity } from '../../process/process.ts';
import type { DeadRun, HearExecutor } from '../executor.ts';
import type { ExecutorFailure } from '../failure.ts';
import { isRunImage, labels } from './arguments.ts';
import { giveBack } from './end.ts';
import { ask, demand, type Engine, engineOf, removeContainer } from './engine.ts';

export type Leftover = {
  readonly id: string;
  /** The run's id as labeled. */
  readonly run: string;
  /** Null when the label can't be read: nobody alive claims it. */
  readonly owner: Identity | null;
};

/** Between two looks: a request whose client has died is carried out a little later. */
const betweenLooksMs = 250;

/** Containers with a label, running or not. */
async function labeled(
  engine: Engine,
  label: string,
  value: string,
): Promise<Result<Leftover[], ExecutorFailure>> {
  const format = `{{.ID}}\t{{.Label "${labels.run}"}}\t{{.Label "${labels.owner}"}}`;
  const args = ['ps', '--all', '--no-trunc', '--filter', `label=${label}=${value}`, '--format', format];
  const answer = await demand(engine, args, 'reach');
  if (!answer.ok) return answer;
  const found: Leftover[] = [];
  for (const line of answer.value.split('\n')) {
    const [id, run, owner] = line.split('\t');
    if (id) found.push({ id, run: run ?? '', owner: parseIdentity(owner ?? '') });
  }
  return ok(found);
}

/** The containers of one data directory whose owner is dead. */
export async function findLeftovers(
  place: Pick<DeadRun, 'dataDirectory' | 'docker' | 'toolEnv'>,
): Promise<Result<Leftover[], ExecutorFailure>> {
  const found = await labeled(engineOf(place), labels.repo, place.dataDirectory);
  if (!found.ok) return found;
  return ok(found.value.filter(({ owner }) => owner === null || !isAlive(owner)));
}

/** Removes one of them. */
export const removeLeftover = (
  place: Pick<DeadRun, 'docker' | 'toolEnv'>,
  leftover: Leftover,
): Promise<Result<void, ExecutorFailure>> => removeContainer(engineOf(place), leftover.id);

/** Removes the image a run built (`image_tag` of its `container.yml`); one that is gone already is fine. */
export async function removeRunImage(
  place: Pick<DeadRun, 'docker' | 'toolEnv'>,
  tag: string,
): Promise<Result<void, ExecutorFailure>> {
  // A declared image has a tag of its own and may serve others.
  if (!isRunImage(tag)) return ok(undefined);
  const engine = engineOf(place);
  const there = await ask(engine, ['image', 'inspect', '--format', '{{.Id}}', tag], 'stop');
  if (!there.ok) return there;
  if (there.value.code !== 0) return ok(undefined);
  const removed = await demand(engine, ['image', 'rm', tag], 'stop');
  return removed.ok ? ok(undefined) : removed;
}

/** Ends a dead run's containers until two looks find none, and gives its files back to their owner. */
export async function recover(run: DeadRun, hear: HearExecutor): Promise<Result<void, ExecutorFailure>> {
  const engine = engineOf(run);
  let clean = 0;
  for (let looks = 0; clean < 2; looks += 1) {
    if (looks > 20)
      return err({ reason: 'engine', step: 'stop', lines: ['its containers keep coming back'] });
    if (looks > 0) await pause(betweenLooksMs);
    const found = await labeled(engine, labels.run, run.id);
    if (!found.ok) return found;
    clean = found.value.length === 0 ? clean + 1 : 0;
    for (const { id } of found.value) {
      await giveBack(engine, id, run.user, hear);
      const removed = await removeContainer(engine, id);
      if (!removed.ok) return removed;
    }
  }
  await hear({ kind: 'container', facts: { container_stopped_at: timestamp(run.clock()) } });
  return ok(undefined);
}
