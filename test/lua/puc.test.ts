/**
 * Expressions and what PUC Lua 5.3.6 says of them on 64 bits, in UTC: `test/cases/lua/*.json`.
 *
 * Each row was recorded as `tostring` of every value, joined with `|`, from a chunk called `puc`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf, textOf } from '../../lib/lua/vm.ts';
import { newVm } from './rig.ts';

const test = suite('lua/puc');
const folder = new URL('../cases/lua/', import.meta.url);
let zone: string | undefined;

test.before(() => {
  zone = process.env.TZ;
  process.env.TZ = 'UTC';
});
test.after(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

/** The one difference a row may show: PUC's integers have 64 bits, ours 32, so large whole numbers are floats here. */
const as32Bits = (said: string): string => said.replace(/(?<![\d.:])(\d{10,})(?![\d.])/g, '$1.0');

for (const file of readdirSync(folder).sort()) {
  const rows = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as [
    expression: string,
    said: string,
  ][];
  for (const [expression, said] of rows) {
    test(`${file.replace('.json', '')}: ${expression}`, () => {
      const vm = newVm();
      const text = `local t = table.pack(${expression}) for i = 1, t.n do t[i] = tostring(t[i]) end return table.concat(t, '|')`;
      const loaded = vm.load({ name: 'puc', lua: bytesOf(text) });
      assert.ok(loaded.ok);
      const ran = vm.call(loaded.value, []);
      assert.ok(ran.ok, JSON.stringify(ran));
      const [value = null] = ran.value;
      const mine = typeof value === 'string' ? textOf(value) : '';
      assert.ok(mine === said || mine === as32Bits(said), `${mine}\nshould be\n${said}`);
    });
  }
}

test.run();
