/**
 * The arguments of `sh`: a command and its options, checked.
 *
 * Must not know: who runs commands, how results look.
 */
import { nearestOfFew } from '../base/text.ts';
import { LuaTable, type LuaValue, textOf } from '../lua/vm.ts';
import type { Command, ShAsk } from './ask.ts';
import * as checks from './checks.ts';

export type CommandCall = Omit<ShAsk, 'want' | 'sh'>;

type Fail = (message: string) => never;

const optionKeys = ['env', 'cwd', 'timeout', 'stdin'] as const;

export function commandCall(
  args: readonly LuaValue[],
  fail: Fail,
  tostring: (value: LuaValue) => string,
): CommandCall {
  const [first = null, second = null] = args;
  const command = commandOf(first, fail);
  const options =
    second === null ? null : second instanceof LuaTable ? second : fail('the options must be a table');
  if (options !== null) checkKeys(options, fail, tostring);
  const option = <T>(key: (typeof optionKeys)[number], check: checks.Check<T>): T | null => {
    const value = options?.get(key) ?? null;
    if (value === null) return null;
    const checked = check(value);
    return checked.ok ? checked.value : fail(`:${key} ${checked.error.says}`);
  };
  return {
    command,
    cmd: commandText(command),
    env: option('env', checks.environment(tostring)) ?? {},
    cwd: option('cwd', checks.filledText),
    timeoutMs: option('timeout', checks.duration),
    stdin: option('stdin', checks.bytes),
  };
}

function commandOf(value: LuaValue, fail: Fail): Command {
  const wanted = 'the command must be a string or a non-empty sequence of strings';
  if (typeof value === 'string') {
    const shell = checks.filledText(value);
    return shell.ok ? { shell: shell.value } : fail(`the command ${shell.error.says}`);
  }
  if (!(value instanceof LuaTable)) return fail(wanted);
  const argv = checks.sequence('strings', checks.text)(value);
  if (!argv.ok) return fail(`the command ${argv.error.says}`);
  const [program, ...args] = argv.value;
  if (program === undefined) return fail(wanted);
  return program === '' ? fail('the program must not be empty') : { argv: [program, ...args] };
}

function checkKeys(options: LuaTable, fail: Fail, tostring: (value: LuaValue) => string): void {
  for (const [key] of options.entries()) {
    const name = typeof key === 'string' ? textOf(key) : tostring(key);
    if (typeof key === 'string' && (optionKeys as readonly string[]).includes(name)) continue;
    const near = nearestOfFew(name, optionKeys);
    const list = optionKeys.map((one) => `:${one}`).join(' ');
    fail(`unknown option :${name}; ${near === null ? '' : `did you mean :${near}? `}the options are ${list}`);
  }
}

/** A command on one line as one would type it: arguments that a shell would take apart are quoted. */
export function commandText(command: Command): string {
  if ('shell' in command) return command.shell;
  return command.argv
    .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
