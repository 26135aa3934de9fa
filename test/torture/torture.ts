/**
 * `npm run torture -- --rounds N [--seed S]`: the long form of the test in `whole/torture.test.ts`.
 *
 * Prints what it did and every violation it found; exits 1 when there was one. Must not know: the rounds themselves.
 */
import { parseArgs } from 'node:util';
import { Forge } from '../rig/forge.ts';
import { torture } from './rounds.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '30' }, seed: { type: 'string' }, keep: { type: 'boolean' } },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const forge = new Forge();
console.log(`seed ${seed}`);
try {
  const report = await torture(forge, {
    rounds: Number(values.rounds),
    seed,
    say: (line) => console.log(line),
  });
  const { rounds, kills, pushes, runs, looks, violations } = report;
  console.log(
    `seed ${seed}: ${rounds} rounds, ${kills} kills, ${pushes} pushes, ${runs} runs, ${looks} looks, ${violations.length} violations`,
  );
  process.exitCode = violations.length === 0 && rounds > 0 ? 0 : 1;
} finally {
  if (values.keep) console.log(`kept: ${forge.home}`);
  else await forge.close();
}
