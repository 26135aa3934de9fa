/**
 * The runtime table: primitives that a run function calls. Each only asks, and says what the answer becomes in Lua.
 *
 * Must not know: who answers, how an attempt is walked.
 */
import type { JobId } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import {
  bytesOf,
  type Caller,
  type Answer as LuaAnswer,
  type LuaFunction,
  type LuaTable,
  type LuaValue,
  textOf,
  typeOf,
  type Vm,
} from '../lua/vm.ts';
import { isSource } from '../pipeline/draft.ts';
import type { Answers, Ask, MirrorCredential, ShEnd, Want } from './ask.ts';
import * as checks from './checks.ts';
import { type CommandCall, commandCall } from './command.ts';
import { parseJson } from './json.ts';
import type { Deeds } from './outcome.ts';
import { toLua } from './plain-lua.ts';

/** An ask under way: what is asked, and what its answer becomes in Lua. */
export type Pending = {
  readonly ask: Ask;
  /** What messages about it begin with, such as `sh`. */
  readonly name: string;
  receive(value: Answers[Want]): LuaAnswer;
};

/** The attempt whose primitives are being called. */
export type Attempt = {
  readonly job: JobId;
  readonly deeds: Deeds;
  /** What `(jobs …)` may name. */
  readonly inputs: ReadonlySet<string>;
  /** The number of the job's next command. */
  nextCommand(): number;
};

type Primitive = (args: readonly LuaValue[], caller: Caller, attempt: Attempt) => Pending;

const values = (...list: readonly LuaValue[]): LuaAnswer => ({ kind: 'values', values: list });
const raises = (message: string): LuaAnswer => ({ kind: 'error', message });

/** Ties the type of an answer to its want. */
function pending<W extends Want>(
  name: string,
  ask: Extract<Ask, { want: W }>,
  receive: (value: Answers[W]) => LuaAnswer,
): Pending {
  return { ask, name, receive: receive as Pending['receive'] };
}

export const primitiveNames = [
  'sh',
  'sh!',
  'secret',
  'jobs',
  'read-file',
  'read-json',
  'write-file',
  'log',
  'env',
] as const;
export type PrimitiveName = (typeof primitiveNames)[number];

/** A checked argument, or an error at the call. */
function need<T>(caller: Caller, name: string, what: string, value: LuaValue, check: checks.Check<T>): T {
  const checked = check(value);
  return checked.ok ? checked.value : caller.fail(`${name}: ${what} ${checked.error.says}`);
}

/** The primitives of one VM. */
export function createPrimitives(
  vm: Vm<Pending>,
  current: () => Attempt | null,
): Readonly<Record<PrimitiveName | 'mirror', LuaFunction>> {
  const asks = (name: string, primitive: Primitive): LuaFunction =>
    vm.asker(
      (args, caller) => {
        const attempt = current();
        return attempt === null ? caller.fail(outsideRunFunction(name)) : primitive(args, caller, attempt);
      },
      (why) =>
        why === 'in-callback'
          ? `${name}: a callback of sort, gsub or __tostring can't wait for an answer; call ${name} outside the callback`
          : outsideRunFunction(name),
    );

  const command =
    (
      name: 'sh' | 'sh!',
      receive: (end: ShEnd, call: CommandCall, sh: number, deeds: Deeds) => LuaAnswer,
    ): Primitive =>
    (args, caller, { deeds, nextCommand }) => {
      const call = commandCall(
        args,
        (message) => caller.fail(`${name}: ${message}`),
        (value) => textOf(caller.tostring(value)),
      );
      deeds.acted = true;
      const sh = nextCommand();
      return pending(name, { want: 'sh', sh, ...call }, (end) => receive(end, call, sh, deeds));
    };

  const readFile = (name: string, receive: (bytes: string, path: string) => LuaAnswer): Primitive => {
    return (args, caller) => {
      const path = need(caller, name, 'the path', args[0] ?? null, checks.filledText);
      return pending(name, { want: 'read-file', path }, (bytes) =>
        receive(Buffer.from(bytes).toString('latin1'), path),
      );
    };
  };

  const data = (value: Plain): LuaAnswer => {
    const made = toLua(vm, value);
    return made === null ? raises('the data is nested too deep') : values(made.value);
  };

  return {
    sh: asks(
      'sh',
      command('sh', (end, { cmd }, sh, deeds) => values(resultTable(vm, end, cmd, sh, deeds))),
    ),
    'sh!': asks(
      'sh!',
      command('sh!', (end, { cmd }, sh, deeds) =>
        end.exit === 0
          ? values(resultTable(vm, end, cmd, sh, deeds))
          : raises(
              `sh!: \`${cmd}\` ${end.signal === null ? `exited ${end.exit}` : `was ended by ${end.signal}`}`,
            ),
      ),
    ),
    secret: asks('secret', (args, caller) => {
      const name = need(caller, 'secret', 'the name', args[0] ?? null, checks.filledText);
      return pending('secret', { want: 'secret', name }, (value) =>
        values(typeof value === 'string' ? bytesOf(value) : Buffer.from(value).toString('latin1')),
      );
    }),
    jobs: asks('jobs', (args, caller, { job, inputs }) => {
      const name = need(caller, 'jobs', 'the name', args[0] ?? null, checks.text);
      if (!inputs.has(name)) {
        const known = [...inputs].join(', ');
        caller.fail(
          `jobs: '${name}' is no input of '${job}', nor an input of one of its inputs; those are ${known}`,
        );
      }
      return isSource(name)
        ? pending('jobs', { want: 'push' }, data)
        : pending('jobs', { want: 'outputs', of: name as JobId }, data);
    }),
    'read-file': asks(
      'read-file',
      readFile('read-file', (bytes) => values(bytes)),
    ),
    'read-json': asks(
      'read-json',
      readFile('read-json', (bytes, path) => {
        const parsed = parseJson(textOf(bytes));
        return parsed.ok ? data(parsed.value) : raises(`read-json: ${path} is not JSON: ${parsed.error}`);
      }),
    ),
    'write-file': asks('write-file', (args, caller, { deeds }) => {
      const path = need(caller, 'write-file', 'the path', args[0] ?? null, checks.filledText);
      const bytes = need(caller, 'write-file', 'the text', args[1] ?? null, checks.bytes);
      deeds.acted = true;
      return pending('write-file', { want: 'write-file', path, bytes }, () => values());
    }),
    log: asks('log', (args, caller, { deeds }) => {
      const [value = null] = args;
      const written = ['number', 'boolean'].includes(typeOf(value)) ? caller.tostring(value) : value;
      const text = textOf(
        Buffer.from(need(caller, 'log', 'the text', written, checks.bytes)).toString('latin1'),
      );
      deeds.acted = true;
      return pending('log', { want: 'log', text }, () => values());
    }),
    env: asks('env', (args, caller) => {
      const name = need(caller, 'env', 'the name', args[0] ?? null, checks.filledText);
      return pending('env', { want: 'env', name }, (value) => values(value === null ? null : bytesOf(value)));
    }),
    mirror: asks('mirror', (args, caller, { deeds }) => {
      const settings = need(caller, 'mirror', 'the argument', args[0] ?? null, checks.table);
      deeds.acted = true;
      return pending('mirror', mirrorAsk(settings, caller), data);
    }),
  };
}

const outsideRunFunction = (name: string): string =>
  `${name} can only be called inside a run function, while its job runs`;

/** What `sh` gives. Only a result that is not 0 is worth watching. */
function resultTable(vm: Vm<Pending>, end: ShEnd, cmd: string, sh: number, deeds: Deeds): LuaTable {
  const { exit, signal, stdout, stderr, truncated } = end;
  const entries: [string, LuaValue][] = [
    ['stdout', Buffer.from(stdout).toString('latin1')],
    ['stderr', Buffer.from(stderr).toString('latin1')],
    ['cmd', bytesOf(cmd)],
  ];
  if (signal !== null) entries.push(['signal', signal]);
  if (truncated) entries.push(['truncated', true]);
  if (exit === 0) return vm.table([['exit', 0], ...entries]);
  deeds.unchecked.set(sh, { exit, signal });
  return vm.watchedTable(entries, 'exit', exit, () => deeds.unchecked.delete(sh));
}

const mirrorKeys = ['url', 'auth-header', 'sha', 'tag', 'git-dir', 'refs'] as const;

/** `quire.stdlib`'s `mirror`: every key must be there; `false` says that there is none. */
function mirrorAsk(settings: LuaTable, caller: Caller): Extract<Ask, { want: 'mirror' }> {
  for (const [key] of settings.entries()) {
    if (typeof key !== 'string' || !(mirrorKeys as readonly string[]).includes(key)) {
      caller.fail(
        `mirror: unknown key ${textOf(caller.tostring(key))}; the keys are ${mirrorKeys.join(' ')}`,
      );
    }
  }
  const required = <T>(key: (typeof mirrorKeys)[number], check: checks.Check<T>): T => {
    const value = settings.get(key);
    if (value === null) caller.fail(`mirror: the key :${key} is missing`);
    return need(caller, 'mirror', `:${key}`, value, check);
  };
  const orNone = <T>(check: checks.Check<T>): checks.Check<T | null> => {
    return (value) => (value === false || value === '' ? { ok: true, value: null } : check(value));
  };
  const header = required('auth-header', orNone(checks.filledText));
  const credential: MirrorCredential = header === null ? { kind: 'none' } : { kind: 'header', text: header };
  return {
    want: 'mirror',
    url: required('url', checks.remoteUrl),
    credential,
    sha: required('sha', checks.filledText),
    gitDir: required('git-dir', checks.filledText),
    refs: required('refs', checks.sequence('refs', checks.filledText)),
    tag: required('tag', orNone(checks.filledText)),
  };
}
