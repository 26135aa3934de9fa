/**
 * The runtime table: primitives that a run function calls. Each only asks, and says what the answer becomes in Lua.
 *
 * Must not know: who answers, how an attempt is walked.
 */
import type { JobId } from '../base/ids.ts';
import {
  bytesOf,
  type Answer as LuaAnswer,
  type LuaFunction,
  type LuaTable,
  type LuaValue,
  textOf,
  typeOf,
  type Vm,
} from '../lua/vm.ts';
import { isSource } from '../pipeline/draft.ts';
import type { ShEnd } from './ask.ts';
import {
  type Attempt,
  asker,
  dataAnswer,
  need,
  type Pending,
  type Primitive,
  pending,
  raises,
  values,
} from './asking.ts';
import * as checks from './checks.ts';
import { type CommandCall, commandCall } from './command.ts';
import { parseJson } from './json.ts';
import type { Deeds } from './outcome.ts';

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

/** The primitives of one VM. */
export function createPrimitives(
  vm: Vm<Pending>,
  current: () => Attempt | null,
): Readonly<Record<PrimitiveName, LuaFunction>> {
  const asks = (name: string, primitive: Primitive): LuaFunction => asker(vm, current, name, primitive);

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
        ? pending('jobs', { want: 'push' }, (push) => dataAnswer(vm, push))
        : pending('jobs', { want: 'outputs', of: name as JobId }, (outputs) => dataAnswer(vm, outputs));
    }),
    'read-file': asks(
      'read-file',
      readFile('read-file', (bytes) => values(bytes)),
    ),
    'read-json': asks(
      'read-json',
      readFile('read-json', (bytes, path) => {
        const parsed = parseJson(textOf(bytes));
        return parsed.ok
          ? dataAnswer(vm, parsed.value)
          : raises(`read-json: ${path} is not JSON: ${parsed.error}`);
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
  };
}

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
