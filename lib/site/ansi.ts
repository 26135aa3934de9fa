/**
 * One line of terminal output as text with colours and weights. Everything else a terminal could be told
 * (cursor, titles, links, clipboard, hidden text) is left out; a bar drawn over itself keeps its last state.
 *
 * Written here because the libraries for it keep no state from line to line without growing, emit links, or hide text.
 * Must not know: HTML, or where lines begin and end.
 */

export type Colour =
  | 'black'
  | 'red'
  | 'green'
  | 'yellow'
  | 'blue'
  | 'magenta'
  | 'cyan'
  | 'white'
  | 'grey'
  | 'bright-red'
  | 'bright-green'
  | 'bright-yellow'
  | 'bright-blue'
  | 'bright-magenta'
  | 'bright-cyan'
  | 'bright-white';

const colours: readonly Colour[] = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'grey',
  'bright-red',
  'bright-green',
  'bright-yellow',
  'bright-blue',
  'bright-magenta',
  'bright-cyan',
  'bright-white',
];

/** What a terminal would write with at this point of the stream. */
export type Ink = {
  readonly front: Colour | null;
  readonly back: Colour | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly strike: boolean;
  readonly reverse: boolean;
};

export const plainInk: Ink = {
  front: null,
  back: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  reverse: false,
};

/** Text in one ink; `style` is a list of class names, empty for plain text. */
export type Piece = { readonly text: string; readonly style: string };

/**
 * What is not text. A control sequence (CSI), a string for the terminal (OSC, DCS, SOS, PM, APC; up to the end of the line
 * when it is never ended), any other escape, a return, a backspace, other controls.
 */
const marks =
  /(?:\u001b\[|\u009b)([0-?]*)[ -/]*([@-~]?)|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?|[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

const anyMark = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** Whether there is anything in a text but text, tabs and line ends. */
export const hasMarks = (text: string): boolean => anyMark.test(text);

/** So that a line of a million colour changes stays a line. */
const mostPieces = 200;

/** A line in ink, and the ink that the next one begins with. */
export function inkLine(line: string, ink: Ink): { pieces: Piece[]; ink: Ink } {
  if (!hasMarks(line)) {
    return { pieces: line === '' ? [] : [{ text: line, style: styleOf(ink) }], ink };
  }
  let pieces: { text: string; style: string }[] = [];
  let now = ink;
  let overwrite = false;
  let at = 0;
  const put = (text: string): void => {
    if (text === '') return;
    if (overwrite) pieces = [];
    overwrite = false;
    const style = styleOf(now);
    const last = pieces[pieces.length - 1];
    if (last !== undefined && (last.style === style || pieces.length >= mostPieces)) last.text += text;
    else pieces.push({ text, style });
  };
  marks.lastIndex = 0;
  for (const mark of line.matchAll(marks)) {
    put(line.slice(at, mark.index));
    at = mark.index + mark[0].length;
    const [whole, parameters, final] = mark;
    if (final === 'm') now = inkAfter(now, parameters ?? '');
    else if (whole === '\r' || (final === 'G' && /^[01]?$/.test(parameters ?? ''))) overwrite = true;
    else if (whole === '\b') dropLast(pieces);
  }
  put(line.slice(at));
  return { pieces, ink: now };
}

/** The line's text alone. */
export function plainLine(line: string): string {
  if (!hasMarks(line)) return line;
  return inkLine(line, plainInk)
    .pieces.map((piece) => piece.text)
    .join('');
}

/** Text of several lines, such as a command, with nothing but text, tabs and line ends left. */
export const plainText = (text: string): string =>
  hasMarks(text)
    ? text
        .split(/\r?\n/)
        .map((line) => plainLine(line))
        .join('\n')
    : text;

/** The colour changes in a stretch of output that is itself left out: the last few, enough to go on in the same ink. */
export const inkMarksOf = (text: string): string =>
  (text.match(/\u001b\[[\d;:]*m/g) ?? []).slice(-8).join('').slice(-256);

function dropLast(pieces: { text: string; style: string }[]): void {
  const last = pieces[pieces.length - 1];
  if (last === undefined) return;
  last.text = last.text.replace(/.$/su, '');
  if (last.text === '') pieces.pop();
}

function styleOf(ink: Ink): string {
  if (ink === plainInk) return '';
  const names: string[] = [];
  if (ink.front !== null) names.push(`f-${ink.front}`);
  if (ink.back !== null) names.push(`b-${ink.back}`);
  for (const weight of ['bold', 'dim', 'italic', 'underline', 'strike', 'reverse'] as const) {
    if (ink[weight]) names.push(weight);
  }
  return names.join(' ');
}

/** The ink after one SGR sequence, whose parameters are given as they stand between `ESC [` and `m`. */
function inkAfter(ink: Ink, parameters: string): Ink {
  // `38:2::r:g:b` is the same colour as `38;2;r;g;b`: the colon form has one more, empty, place.
  const numbers = parameters
    .slice(0, 400)
    .replace(/([34]8:2):\d*:(\d+:\d+:\d+)/g, '$1:$2')
    .split(/[;:]/)
    .map(Number);
  let next: Ink = ink;
  for (let at = 0; at < numbers.length; at += 1) {
    const number = numbers[at] ?? 0;
    if (number === 38 || number === 48) {
      const colour = extendedColour(numbers, at + 1);
      at += colour.taken;
      if (colour.value !== null)
        next = number === 38 ? { ...next, front: colour.value } : { ...next, back: colour.value };
    } else {
      next = simpleInk(next, number);
    }
  }
  return next;
}

const weights: Readonly<Record<number, Partial<Ink>>> = {
  0: plainInk,
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { reverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { reverse: false },
  29: { strike: false },
  39: { front: null },
  49: { back: null },
};

function simpleInk(ink: Ink, number: number): Ink {
  if (number === 0) return plainInk;
  const weight = weights[number];
  if (weight !== undefined) return { ...ink, ...weight };
  const tens = Math.trunc(number / 10);
  const colour = number % 10 > 7 ? undefined : colours[(number % 10) + (tens >= 9 ? 8 : 0)];
  if (colour === undefined) return ink;
  if (tens === 3 || tens === 9) return { ...ink, front: colour };
  return tens === 4 || tens === 10 ? { ...ink, back: colour } : ink;
}

/**
 * `5;n` or `2;r;g;b`, as the nearest of the sixteen colours: those are chosen to be read in light and in dark,
 * which an arbitrary colour is not.
 */
function extendedColour(
  numbers: readonly number[],
  at: number,
): { readonly value: Colour | null; readonly taken: number } {
  const part = (offset: number): number => numbers[at + offset] ?? 0;
  if (part(0) === 2) return { value: nearestColour(part(1), part(2), part(3)), taken: 4 };
  if (part(0) !== 5) return { value: null, taken: 1 };
  const index = part(1);
  if (!(index >= 0 && index < 256)) return { value: null, taken: 2 };
  if (index < 16) return { value: colours[index] ?? null, taken: 2 };
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return { value: nearestColour(grey, grey, grey), taken: 2 };
  }
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  const [red, green, blue] = [Math.trunc(cube / 36), Math.trunc(cube / 6) % 6, cube % 6];
  return { value: nearestColour(level(red), level(green), level(blue)), taken: 2 };
}

/** By hue first: a pale red is still a red. */
function nearestColour(red: number, green: number, blue: number): Colour {
  const high = Math.max(red, green, blue);
  const low = Math.min(red, green, blue);
  if (high - low < 40) {
    if (high < 64) return 'black';
    if (high < 150) return 'grey';
    return high < 230 ? 'white' : 'bright-white';
  }
  const middle = (high + low) / 2;
  const bit = (value: number): number => (value > middle ? 1 : 0);
  const index = bit(red) + bit(green) * 2 + bit(blue) * 4;
  return colours[index + (high > 200 ? 8 : 0)] ?? 'white';
}
