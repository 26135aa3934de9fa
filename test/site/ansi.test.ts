import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inkLine, plainInk, plainLine, plainText } from '../../lib/site/ansi.ts';

const test = suite('site/ansi');
const e = '\u001b';

/** `text` and `[class]text`, as a reader of the page would tell the pieces apart. */
const drawn = (line: string): string =>
  inkLine(line, plainInk)
    .pieces.map(({ text, style }) => (style === '' ? text : `{${style}:${text}}`))
    .join('');

const lines: readonly (readonly [line: string, drawn: string])[] = [
  ['plain text\twith a tab', 'plain text\twith a tab'],
  [`${e}[31mred${e}[0m plain`, '{f-red:red} plain'],
  [`${e}[1;32;4mall${e}[m`, '{f-green bold underline:all}'],
  [`${e}[91mbright${e}[39m none`, '{f-bright-red:bright} none'],
  [`${e}[41;97mFAIL${e}[49m on`, '{f-bright-white b-red:FAIL}{f-bright-white: on}'],
  [`${e}[1mbold${e}[22m not`, '{bold:bold} not'],
  [`${e}[38;5;9mindexed`, '{f-bright-red:indexed}'],
  [`${e}[38;5;46mcube`, '{f-bright-green:cube}'],
  [`${e}[38;5;240mgrey ramp`, '{f-grey:grey ramp}'],
  [`${e}[38;2;255;0;0mtrue colour`, '{f-bright-red:true colour}'],
  [`${e}[38:2::0:0:128mwith colons`, '{f-blue:with colons}'],
  [`${e}[48;5;300mno such colour`, 'no such colour'],
  [`${e}[38mcut short`, 'cut short'],
  [`${e}[38;5;1;1mmore after a colour`, '{f-red bold:more after a colour}'],
  [`${e}[4:3mcurly${e}[4:0m straight`, '{underline:curly} straight'],
  [`${e}[58:2::1:2:3mits colour${e}[58;5;9m too`, 'its colour too'],
  [`${e}[1;2m${e}[1mtwice${e}[22m off`, '{bold dim:twice} off'],
  [`${e}[7;31mreversed${e}[27m back`, '{f-red reverse:reversed}{f-red: back}'],
  [`${e}[>4;2m${e}[?31m${e}[31 mnot colours`, 'not colours'],
  [`${e}]0;${e}[1mtitle\u0007`, '{bold:title}'],
  [`${e}${e}[0m[31m`, '[31m'],
  [`${e}[8mhidden text is shown${e}[28m`, 'hidden text is shown'],
  [`${e}[5mblinking is not`, 'blinking is not'],
  [`${e}[2J${e}[H${e}[10;20Hclear and move`, 'clear and move'],
  [`${e}[?25l${e}[?1049hmodes`, 'modes'],
  [`${e}]0;evil title\u0007after`, 'after'],
  [`${e}]8;;javascript:alert(1)${e}\\click${e}]8;;${e}\\ me`, 'click me'],
  [`${e}]52;c;Y2xpcGJvYXJk\u0007after`, 'after'],
  [`before ${e}]0;never ended`, 'before '],
  [`${e}Pdevice control${e}\\after`, 'after'],
  [`${e}_command${e}\\${e}^private${e}\\${e}Xstring${e}\\after`, 'after'],
  ['\u009b31mone-byte CSI\u009b0m', '{f-red:one-byte CSI}'],
  ['\u009d0;title\u009cafter', 'after'],
  [`${e}(B${e}=charset`, 'charset'],
  [`lonely ${e}`, 'lonely '],
  [`torn ${e}[31`, 'torn '],
  ['bell\u0007 nul\u0000 del\u007f', 'bell nul del'],
  ['10%\r50%\r100% done', '100% done'],
  ['100%\r', '100%'],
  [`${e}[32m10%\r20%${e}[0m\r`, '{f-green:20%}'],
  [`10%${e}[2K${e}[1G20%${e}[0K${e}[Gdone`, 'done'],
  ['|\b/\b-\bdone', 'done'],
  ['\u202eevil', '\u202eevil'],
];

for (const [line, expected] of lines) {
  test(JSON.stringify(line), () => assert.is(drawn(line), expected));
}

test('colours go on in the next line of the same command', () => {
  const first = inkLine(`${e}[33mbegins`, plainInk);
  assert.equal(inkLine('goes on', first.ink).pieces, [{ text: 'goes on', style: 'f-yellow' }]);
});

test('what has no colours reads the same as what has them', () => {
  for (const [line] of lines) {
    const { pieces } = inkLine(line, plainInk);
    assert.is(plainLine(line), pieces.map(({ text }) => text).join(''), JSON.stringify(line));
  }
});

test('a line begins in the ink of the one before, however that came about', () => {
  const codes = [1, 2, 3, 4, 7, 9, 22, 24, 31, 39, 44, 49, 93, 107, '38;5;200', '48;2;1;200;3', '', 0];
  let ink = plainInk;
  for (let step = 0; step < 500; step += 1) {
    const sequence = `${e}[${codes[(step * 7 + Math.floor(step / 5)) % codes.length]}m`;
    const carried = inkLine(`${sequence}x`, ink);
    assert.equal(inkLine(`${e}[${ink.codes}m${sequence}x`, plainInk).pieces, carried.pieces);
    ink = carried.ink;
    assert.ok(ink.codes.length < 40, ink.codes);
  }
});

test('a million colour changes stay one short line', () => {
  const { pieces } = inkLine(`${e}[31ma${e}[32mb`.repeat(50_000), plainInk);
  assert.ok(pieces.length <= 200);
  assert.is(
    pieces.reduce((sum, piece) => sum + piece.text.length, 0),
    100_000,
  );
});

test('time grows with the length of the line, whatever it is made of', () => {
  for (const unit of [`${e}[`, `${e}]`, '\u009b', `${e}[1;`, '\b', '\r', `x${e}P`]) {
    const began = performance.now();
    inkLine(unit.repeat(30_000), plainInk);
    assert.ok(performance.now() - began < 2000, JSON.stringify(unit));
  }
});

test('the text alone', () => {
  assert.is(plainLine(`${e}[1mnpm${e}[0m test`), 'npm test');
  assert.is(plainText(`one${e}[31m\r\ntwo${e}[0m`), 'one\ntwo');
});

test.run();
