/**
 * A process that reads every record again and again until its input ends, and reports what it should not have seen.
 *
 * node --import tsx reader-loop.ts ROOT. Prints one JSON object. Must not know: who moves the runs.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { runStates } from '../../lib/runs/states.ts';
import { listRuns, openStore, readHistory, readRun, sayStoreFailure } from '../../lib/store/store.ts';

const root = process.argv[2] ?? '';
const store = openStore(root);

/** Every run in any state, in the order of the contract. */
function look(): Set<string> {
  const seen = new Set<string>();
  for (const state of runStates) {
    const ids = listRuns(store, state);
    if (ids.ok) for (const id of ids.value) seen.add(id);
  }
  return seen;
}

/** A file as any other program would read it: never half of it, never empty. */
function rawProblems(): string[] {
  const path = join(root, 'runs/number.yml');
  const text = fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : null;
  return text === null || /^number: \d+\nid: "[0-9a-f-]{36}"\n$/.test(text) ? [] : [`number.yml: ${text}`];
}

async function main(): Promise<void> {
  let open = true;
  process.stdin.on('end', () => {
    open = false;
  });
  process.stdin.resume();
  const problems: string[] = [];
  let reads = 0;
  let known = new Set<string>();
  process.stdout.write('ready\n');
  while (open) {
    const seen = look();
    for (const id of known)
      if (!seen.has(id) && !look().has(id)) problems.push(`${id} was missing in two looks`);
    known = seen;
    for (const id of [...seen].slice(-4)) {
      const run = await readRun(store, id as never);
      reads += 1;
      if (!run.ok) problems.push(sayStoreFailure(run.error));
      else if (run.value.state === 'active' && run.value.owner === null)
        problems.push(`${id} is active without owner`);
    }
    const history = await readHistory(store, { newest: 10 });
    if (!history.ok) problems.push(sayStoreFailure(history.error));
    problems.push(...rawProblems());
    await new Promise(setImmediate);
  }
  process.stdout.write(`${JSON.stringify({ reads, problems: problems.slice(0, 10) })}\n`);
}

void main();
