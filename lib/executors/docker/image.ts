/**
 * Which image a run's container is made of, and getting it: there already, pulled, or built.
 *
 * Must not know: containers.
 */
import { join } from 'node:path';
import { timestamp } from '../../base/clock.ts';
import { status } from '../../base/files.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { HearExecutor, RunPlace } from '../executor.ts';
import type { ExecutorFailure } from '../failure.ts';
import { ownMark } from '../marks.ts';
import { buildArguments, imageTag } from './arguments.ts';
import { ask, type Engine, engineVersion, follow } from './engine.ts';

/** The image's name once it is there. The declared one wins, then the commit's Dockerfile, then the operator's. */
export function prepareImage(
  engine: Engine,
  place: RunPlace,
  hear: HearExecutor,
  signal: AbortSignal,
): Promise<Result<string, ExecutorFailure>> {
  if (place.image !== null) return pull(engine, place.image, place, hear, signal);
  const dockerfile = join(place.workspace, '.quire', 'Dockerfile');
  const found = status(dockerfile);
  if (found.ok && found.value.kind === 'file') return build(engine, dockerfile, place, hear, signal);
  if (place.docker.image !== undefined) return pull(engine, place.docker.image, place, hear, signal);
  return Promise.resolve(err({ reason: 'no-image' }));
}

async function pull(
  engine: Engine,
  image: string,
  place: RunPlace,
  hear: HearExecutor,
  signal: AbortSignal,
): Promise<Result<string, ExecutorFailure>> {
  // A name that begins with a dash would be an option.
  if (!/^[A-Za-z0-9]/.test(image)) {
    return err({ reason: 'engine', step: 'pull', lines: [`${image} is no image name`] });
  }
  const there = await ask(engine, ['image', 'inspect', '--format', '{{.Id}}', image], 'pull');
  if (!there.ok) return there;
  if (there.value.code === 0) {
    await hear({ kind: 'container', facts: { image_tag: image } });
    return ok(image);
  }
  await hear({ kind: 'container', facts: { build_started_at: timestamp(place.clock()) } });
  await hear({ kind: 'command', text: `${engine.bin} pull ${image}` });
  const options = { step: 'pull', mark: ownMark(place.id), hear, signal } as const;
  const pulled = await follow(engine, ['pull', image], options);
  if (!pulled.ok) return pulled;
  if (pulled.value.code !== 0) return err({ reason: 'engine', step: 'pull', lines: pulled.value.lines });
  await hear({ kind: 'container', facts: { image_tag: image, build_finished_at: timestamp(place.clock()) } });
  return ok(image);
}

async function build(
  engine: Engine,
  dockerfile: string,
  place: RunPlace,
  hear: HearExecutor,
  signal: AbortSignal,
): Promise<Result<string, ExecutorFailure>> {
  const tag = imageTag(place.repo, place.id);
  const args = buildArguments({
    tag,
    run: place.id,
    dockerfile,
    context: place.workspace,
    network: place.docker.network,
  });
  await hear({ kind: 'container', facts: { build_started_at: timestamp(place.clock()) } });
  await hear({ kind: 'command', text: `${engine.bin} build --tag ${tag} --file .quire/Dockerfile .` });
  const options = { step: 'build', mark: ownMark(place.id), hear, signal } as const;
  const built = await follow(engine, args, options);
  if (!built.ok) return built;
  if (built.value.code !== 0) return err(await buildFailure(engine, built.value.lines));
  await hear({ kind: 'container', facts: { image_tag: tag, build_finished_at: timestamp(place.clock()) } });
  return ok(tag);
}

/** The machine's or the network's words, not a Dockerfile's. */
const notTheDockerfile =
  /no space left on device|error during connect|cannot connect to the|is the docker daemon running|i\/o timeout|tls handshake timeout|no such host|connection refused|toomanyrequests|network is unreachable|temporary failure in name resolution/i;

/** The engine says no in the same way to a bad Dockerfile and in trouble of its own: the answer is in its words. */
async function buildFailure(engine: Engine, lines: readonly string[]): Promise<ExecutorFailure> {
  // Only the engine's own last word counts: a failing step's output may say anything.
  const last = lines.at(-1) ?? '';
  const stepFailed = /returned a non-zero code|did not complete successfully|exit (status|code)/i.test(last);
  if (!stepFailed && notTheDockerfile.test(last)) return { reason: 'engine', step: 'build', lines };
  const reached = await engineVersion(engine);
  return reached.ok ? { reason: 'build-failed', lines } : { reason: 'engine', step: 'build', lines };
}
