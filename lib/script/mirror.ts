/**
 * Mirrors: what `ci.mirror` was told, the body of its job, and the same as a function of `quire.stdlib`.
 *
 * Must not know: git, how a secret becomes a header.
 */
import type { JobId } from '../base/ids.ts';
import { type Caller, type LuaFunction, type LuaTable, textOf, type Vm } from '../lua/vm.ts';
import type { Ask, MirrorCredential } from './ask.ts';
import { type Attempt, asker, dataAnswer, need, type Pending, pending } from './asking.ts';
import * as checks from './checks.ts';

/** What `ci.mirror` was told. */
export type MirrorPlan = {
  readonly url: string;
  readonly secret: string | null;
  /** Null: the pushed ref goes, whatever it is. */
  readonly refs: readonly string[] | null;
  readonly tag: string | LuaFunction | null;
};

/** What the body of a `quire/mirror` job calls, with the tag's name or nil. */
export function plannedMirror(
  vm: Vm<Pending>,
  { url, secret, refs }: Pick<MirrorPlan, 'url' | 'secret' | 'refs'>,
  job: JobId,
  current: () => Attempt | null,
): LuaFunction {
  return asker(vm, current, job, (args, caller, { deeds }) => {
    const [given = null] = args;
    const tag = given === null ? null : need(caller, job, ':tag gave a value that', given, checks.filledText);
    const credential: MirrorCredential =
      secret === null ? { kind: 'none' } : { kind: 'secret', name: secret };
    deeds.acted = true;
    const ask = { want: 'mirror', url, credential, sha: null, gitDir: null, refs, tag } as const;
    return pending(job, ask, (value) => dataAnswer(vm, value));
  });
}

/** `mirror` of `quire.stdlib`. */
export function stdlibMirror(vm: Vm<Pending>, current: () => Attempt | null): LuaFunction {
  return asker(vm, current, 'mirror', (args, caller, { deeds }) => {
    const settings = need(caller, 'mirror', 'the argument', args[0] ?? null, checks.table);
    deeds.acted = true;
    return pending('mirror', mirrorAsk(settings, caller), (value) => dataAnswer(vm, value));
  });
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
