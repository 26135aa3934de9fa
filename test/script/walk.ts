/**
 * Walks a job of a pipeline from ask to ask with answers from a table, and remembers what was asked.
 */
import type { Diagnostic } from '../../lib/base/diagnostic.ts';
import type { JobId } from '../../lib/base/ids.ts';
import type { Plain } from '../../lib/base/plain.ts';
import { type Answer, type Ask, answer, refuse, type ShAsk, type ShEnd } from '../../lib/script/ask.ts';
import { evaluateHere } from '../../lib/script/here.ts';
import type { EvaluateOptions, JobEnd, Script, Step, Tree, TreeEntry } from '../../lib/script/script.ts';

export type World = {
  /** What a command does, by its text; an exit code, or more of its end. Default: exits 0 and says nothing. */
  readonly sh?: (ask: ShAsk) => number | Partial<ShEnd> | { readonly raise: string };
  readonly secrets?: Readonly<Record<string, string>>;
  readonly files?: Map<string, string>;
  readonly outputs?: Readonly<Record<string, Plain>>;
  readonly push?: Plain;
  readonly env?: Readonly<Record<string, string>>;
  readonly mirror?: Plain;
};

export const defaultPush: Plain = {
  sha: '0123456789abcdef0123456789abcdef01234567',
  ref: 'refs/heads/main',
  branch: 'main',
  tag: null,
  'files-changed': ['a.txt', 'b.txt'],
};

const bytes = (text: string): Uint8Array => Buffer.from(text);

export function answerTo(ask: Ask, world: World): Answer {
  switch (ask.want) {
    case 'sh': {
      const end = world.sh?.(ask) ?? 0;
      if (typeof end === 'object' && 'raise' in end) return refuse(end.raise);
      const parts = typeof end === 'number' ? { exit: end } : end;
      const silent = { exit: 0, signal: null, stdout: bytes(''), stderr: bytes(''), truncated: false };
      return answer('sh', { ...silent, ...parts });
    }
    case 'secret': {
      const value = world.secrets?.[ask.name];
      return value === undefined ? refuse(`there is no secret '${ask.name}'`) : answer('secret', value);
    }
    case 'push':
      return answer('push', world.push ?? defaultPush);
    case 'outputs':
      return answer('outputs', world.outputs?.[ask.of] ?? null);
    case 'read-file': {
      const text = world.files?.get(ask.path);
      return text === undefined ? refuse(`${ask.path} does not exist`) : answer('read-file', bytes(text));
    }
    case 'write-file':
      world.files?.set(ask.path, Buffer.from(ask.bytes).toString());
      return answer('write-file', null);
    case 'log':
      return answer('log', null);
    case 'env':
      return answer('env', world.env?.[ask.name] ?? null);
    case 'mirror':
      return answer('mirror', world.mirror ?? { tag: ask.tag, refs: ask.refs });
  }
}

const file = (text: string): TreeEntry => ({ kind: 'file', bytes: bytes(text) });

/** A tree of these files; a text alone is `ci.fnl`. */
export function treeOf(files: string | Readonly<Record<string, string>>): Tree {
  const named = typeof files === 'string' ? { 'ci.fnl': files } : files;
  return new Map(Object.entries(named).map(([path, text]) => [path, file(text)]));
}

/** The script, or an error that says what is wrong with the pipeline. */
export async function evaluated(
  files: string | Readonly<Record<string, string>>,
  options: EvaluateOptions = {},
): Promise<Script> {
  const script = await evaluateHere(treeOf(files), options);
  if (script.ok) return script.value;
  const { error } = script;
  throw new Error(
    error.reason === 'no-pipeline' ? error.reason : error.diagnostics.map(sayDiagnostic).join('\n'),
  );
}

export const sayDiagnostic = ({ code, message, span }: Diagnostic): string =>
  `${span?.file}:${span?.start.line}: ${message} [${code}]`;

/** The problems of a pipeline, as `code@line`. */
export async function problems(files: string | Readonly<Record<string, string>>): Promise<Diagnostic[]> {
  const script = await evaluateHere(treeOf(files));
  if (script.ok) return [];
  return script.error.reason === 'diagnostics' ? [...script.error.diagnostics] : [];
}

export type Walked = { readonly end: JobEnd; readonly asks: readonly Ask[] };

/** Walks one attempt to its end. */
export async function walk(script: Script, job: string, world: World = {}, attempt = 1): Promise<Walked> {
  const id = job as JobId;
  const asks: Ask[] = [];
  let step: Step = await script.begin(id, attempt);
  while (step.kind === 'asks') {
    asks.push(step.ask);
    step = await script.resume(id, answerTo(step.ask, world));
  }
  return { end: step.end, asks };
}

/** A pipeline of one job `job` with this run function, walked to its end. */
export async function walkJob(
  run: string,
  world: World = {},
  options: EvaluateOptions = {},
): Promise<Walked> {
  const script = await evaluated(
    `(local ci (require :quire.ci))\n(ci.job :job [:quire/push]\n${run})`,
    options,
  );
  return walk(script, 'job', world);
}
