/** What is drawn in place on a terminal: never more than fits, never over what stays. */
import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { paintWith } from '../../lib/cli/colour.ts';
import { cut, TerminalScreen } from '../../lib/cli/screen.ts';

const test = suite('cli/screen');

const cases: readonly [line: string, columns: number, shown: string][] = [
  ['short', 10, 'short'],
  ['exactly', 7, 'exactly'],
  ['too long', 3, 'too'],
  ['\u001b[31mred\u001b[39m', 3, '\u001b[31mred\u001b[39m'],
  ['\u001b[31mred\u001b[39m', 2, '\u001b[31mre\u001b[0m'],
  ['世界', 3, '世'],
  ['e\u0301é', 2, 'e\u0301é'],
];
for (const [line, columns, shown] of cases) {
  test(`${JSON.stringify(line)} in ${columns} columns`, () => assert.is(cut(line, columns), shown));
}

/** A terminal of lines as it would look after all that was written to it. */
class Page {
  readonly lines = [''];
  #row = 0;

  write(text: string): void {
    for (const [token] of text.matchAll(/\u001b\[(\d*)([AJ])|\n|[^\n\u001b]+/g)) {
      const up = /^\u001b\[(\d+)A$/.exec(token);
      if (up !== null) {
        this.#row -= Number(up[1]);
        assert.ok(this.#row >= 0, 'above the top');
      } else if (token === '\u001b[J') this.lines.length = this.#row;
      else if (token === '\n') this.#row += 1;
      else this.lines[this.#row] = (this.lines[this.#row] ?? '') + token;
    }
  }
}

test('lines stay above, rows are drawn anew below, and nothing is left of them in the end', async () => {
  const page = new Page();
  const out = {
    write: (text: string | Uint8Array) => page.write(String(text)),
    drained: async () => {},
    paint: paintWith(false),
    colours: false,
    columns: 20,
  };
  const screen = new TerminalScreen(out, () => ({ columns: 20, rows: 6 }));
  let rows = ['one', 'two'];
  screen.keep(() => rows);
  screen.print('first\n');
  await pause(60);
  assert.equal(page.lines, ['first', 'one', 'two']);
  rows = ['a row that is much too long for it', ...Array.from({ length: 9 }, (_, n) => `row ${n}`)];
  screen.print('second\nthird\n');
  await pause(60);
  assert.equal(page.lines, ['first', 'second', 'third', 'row 5', 'row 6', 'row 7', 'row 8']);
  rows = ['done'];
  screen.refresh();
  await pause(60);
  assert.equal(page.lines, ['first', 'second', 'third', 'done']);
  screen.print('last\n');
  screen.close();
  assert.equal(page.lines, ['first', 'second', 'third', 'last']);
});

test.run();
