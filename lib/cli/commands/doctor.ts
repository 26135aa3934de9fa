/**
 * `quire doctor`: checks what runs depend on, and says how to mend what is wrong.
 *
 * Must not know: how anything is checked.
 */
import { counted } from '../../base/text.ts';
import { complain } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { type Finding, note } from '../finding.ts';
import { machineChecks } from '../machine-checks.ts';
import { openPlace } from '../place.ts';
import { repositoryChecks } from '../repository-checks.ts';

const limits = note(
  'limits',
  'a job that leaves its process group and clears its environment (env -i setsid …) can outlive its run',
);

export async function doctor(context: Context, options: { readonly json?: boolean }): Promise<ExitCode> {
  const place = await openPlace(context);
  // Without a repository there is still a machine to look at, unless one was named.
  if (!place.ok && context.repo !== null) return complain(context, place.error);
  const findings = [
    ...(await machineChecks(context.installation)),
    ...(place.ok
      ? await repositoryChecks(context, place.value)
      : [
          note(
            'repository',
            'not in a bare repository: only the machine was checked',
            'quire --repo DIR doctor',
          ),
        ]),
    limits,
  ];
  const wrong = findings.filter(({ state }) => state === 'bad');
  const { write } = context.stdout;
  if (options.json) write(`${JSON.stringify(findings, null, 2)}\n`);
  else write(drawing(findings, context));
  return wrong.length === 0 ? exits.done : exits.failed;
}

function drawing(findings: readonly Finding[], { stdout: { paint } }: Context): string {
  const marks = {
    good: paint('green', '✔'),
    note: paint('dim', '·'),
    warning: paint('yellow', '!'),
    bad: paint('red', '✘'),
  } as const;
  const widest = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ check, state, says, mend }) => {
    const way = mend === null ? '' : `\n  ${' '.repeat(widest + 2)}${paint('cyan', `→ ${mend}`)}`;
    return `${marks[state]} ${check.padEnd(widest)}  ${says}${way}\n`;
  });
  const count = findings.filter(({ state }) => state === 'bad' || state === 'warning').length;
  return `${lines.join('')}${count === 0 ? 'All is well.' : `${counted(count, 'thing')} to mend.`}\n`;
}
