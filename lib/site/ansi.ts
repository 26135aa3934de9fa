/**
 * One line of terminal output as text with colours and weights. Everything else a terminal could be told
 * (cursor, titles, links, clipboard, hidden text) is left out; a bar drawn over itself keeps its last state.
 *
 * What a colour sequence means is the library's to say. It is asked about one sequence at a time, with those before it
 * summed up in front, so no line leaves a trace in it; what it is asked again, it is not asked twice.
 * Must not know: HTML, or where lines begin and end.
 */
import Anser from 'anser';

/** What a terminal would write with at this point of the stream. */
export type Ink = {
  /** Class names, empty for plain text. */
  readonly style: string;
  /** The parameters of the one sequence that leads here from anywhere. */
  readonly codes: string;
};

export const plainInk: Ink = { style: '', codes: '0' };

/** Text in one ink; `style` is a list of class names, empty for plain text. */
export type Piece = { readonly text: string; readonly style: string };

/** A sequence of colours and weights; splitting by it leaves text and parameters in turn. */
const colouring = /\u001b\[([\d;:]*)m/;
const everyColouring = new RegExp(colouring, 'g');

/**
 * What is not text. A control sequence (CSI), a string for the terminal (OSC, DCS, SOS, PM, APC; up to the end of the line
 * when it is never ended), any other escape, a return, a backspace, other controls.
 */
const marks =
  /(?:\u001b\[|\u009b)([0-?]*)([ -/]*[@-~]?)|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?|[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

const anyMark = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
const eachMark = new RegExp(anyMark, 'g');

/** Whether there is anything in a text but text, tabs and line ends. */
export const hasMarks = (text: string): boolean => anyMark.test(text);

/** Where the next such thing is, from a place on; -1 when there is none. */
export function nextMark(text: string, from: number): number {
  eachMark.lastIndex = from;
  return eachMark.exec(text)?.index ?? -1;
}

/** A line in ink, and the ink that the next one begins with. */
export function inkLine(line: string, ink: Ink): { pieces: Piece[]; ink: Ink } {
  if (!hasMarks(line)) return { pieces: line === '' ? [] : [{ text: line, style: ink.style }], ink };
  const strip: Strip = { pieces: [], overwrite: false };
  let now = ink;
  let isText = true;
  for (const part of colouredParts(line)) {
    if (isText) put(strip, part, now.style);
    else now = inkAfter(now, part);
    isText = !isText;
  }
  return { pieces: strip.pieces, ink: now };
}

/** The line's text alone. */
export function plainLine(line: string): string {
  if (!hasMarks(line)) return line;
  const bare = line.replace(everyColouring, '');
  if (!hasMarks(bare)) return bare;
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
  (text.match(everyColouring) ?? []).slice(-8).join('').slice(-256);

/** Text and the parameters of colour sequences in turn, beginning and ending with text. */
function colouredParts(line: string): string[] {
  const parts = line.split(colouring);
  const isClean = parts.every((part, index) => index % 2 === 1 || !hasMarks(part));
  return isClean ? parts : line.replace(marks, keptOf).split(colouring);
}

/** What is kept of a mark: colours, and what moves back over what is written. */
function keptOf(mark: string, parameters: string | undefined, final: string | undefined): string {
  if (final === 'm') return /^[\d;:]*$/.test(parameters ?? '') ? `\u001b[${parameters ?? ''}m` : '';
  if (final === 'G' && /^[01]?$/.test(parameters ?? '')) return '\r';
  return mark === '\r' || mark === '\b' ? mark : '';
}

/** So that a line of a million colour changes stays a line. */
const mostPieces = 200;

/** The pieces of a line as they are written one after the other, and over each other. */
type Strip = { pieces: { text: string; style: string }[]; overwrite: boolean };

function put(strip: Strip, text: string, style: string): void {
  if (!hasMarks(text)) {
    if (text !== '') add(strip, text, style);
    return;
  }
  for (const part of text.match(/[\r\b]|[^\r\b]+/g) ?? []) {
    if (part === '\r') strip.overwrite = true;
    else if (part === '\b') dropLast(strip.pieces);
    else add(strip, part, style);
  }
}

function add(strip: Strip, text: string, style: string): void {
  if (strip.overwrite) strip.pieces = [];
  strip.overwrite = false;
  const { pieces } = strip;
  const last = pieces[pieces.length - 1];
  if (last !== undefined && (last.style === style || pieces.length >= mostPieces)) last.text += text;
  else pieces.push({ text, style });
}

function dropLast(pieces: Strip['pieces']): void {
  const last = pieces[pieces.length - 1];
  if (last === undefined) return;
  last.text = last.text.replace(/.$/su, '');
  if (last.text === '') pieces.pop();
}

/** What the library said, by ink and parameters: real output changes between a few inks, again and again. */
const known = new Map<string, Ink>();
const mostKnown = 4096;
const longestParameters = 400;

/** The ink after one sequence, whose parameters are given as they stand between `ESC [` and `m`. */
function inkAfter(ink: Ink, parameters: string): Ink {
  const codes = `${ink.codes};${parameters.slice(0, longestParameters)}`;
  const before = known.get(codes);
  if (before !== undefined) return before;
  const after = inkOf(codes);
  if (known.size >= mostKnown) known.clear();
  known.set(codes, after);
  return after;
}

/** How the library calls the sixteen colours, in the order of their codes; what the page calls them. */
const colours: ReadonlyMap<string, string> = new Map([
  ['ansi-black', 'black'],
  ['ansi-red', 'red'],
  ['ansi-green', 'green'],
  ['ansi-yellow', 'yellow'],
  ['ansi-blue', 'blue'],
  ['ansi-magenta', 'magenta'],
  ['ansi-cyan', 'cyan'],
  ['ansi-white', 'white'],
  ['ansi-bright-black', 'grey'],
  ['ansi-bright-red', 'bright-red'],
  ['ansi-bright-green', 'bright-green'],
  ['ansi-bright-yellow', 'bright-yellow'],
  ['ansi-bright-blue', 'bright-blue'],
  ['ansi-bright-magenta', 'bright-magenta'],
  ['ansi-bright-cyan', 'bright-cyan'],
  ['ansi-bright-white', 'bright-white'],
]);
const colourNames = [...colours.values()];

/** The weights that are shown; blinking and hiding are not. */
const weights = [
  { decoration: 'bold', style: 'bold', code: '1' },
  { decoration: 'dim', style: 'dim', code: '2' },
  { decoration: 'italic', style: 'italic', code: '3' },
  { decoration: 'underline', style: 'underline', code: '4' },
  { decoration: 'strikethrough', style: 'strike', code: '9' },
  { decoration: 'reverse', style: 'reverse', code: '7' },
] as const;

/** What the library makes of a sequence's parameters, in the sixteen colours. */
function inkOf(parameters: string): Ink {
  const sequence = `${withoutColons(parameters)}m`;
  const said = new Anser().processChunkJson(sequence, { use_classes: true }, true);
  const shades = new Anser().processChunkJson(sequence, {}, true);
  const front = colourOf(said.fg, shades.fg);
  const back = colourOf(said.bg, shades.bg);
  const worn = weights.filter(({ decoration }) => said.decorations.includes(decoration));
  const styles = [
    ...(front === null ? [] : [`f-${front}`]),
    ...(back === null ? [] : [`b-${back}`]),
    ...worn.map(({ style }) => style),
  ];
  if (styles.length === 0) return plainInk;
  const codes = [
    '0',
    ...(front === null ? [] : [String(codeOf(front, 30))]),
    ...(back === null ? [] : [String(codeOf(back, 40))]),
    ...worn.map(({ code }) => code),
  ];
  return { style: styles.join(' '), codes: codes.join(';') };
}

/**
 * The library reads semicolons only. `38:2::r:g:b` is the same colour as `38;2;r;g;b`: the colon form has one more, mostly
 * empty, place. Of the kinds of underline only none and some are told apart, and the line's own colour, whose numbers the
 * library would take for weights, is said as something else that is not shown: the end of blinking.
 */
const withoutColons = (parameters: string): string =>
  parameters
    .replace(/\b58(?::[\d:]*|;5;\d*|;2;\d*;\d*;\d*)/g, '25')
    .replace(/\b([34]8:2):\d*(:\d+:\d+:\d+)/g, '$1$2')
    .replace(/(^|;)4:(\d*)/g, (_, before: string, kind: string) => before + (Number(kind) === 0 ? '24' : '4'))
    .replaceAll(':', ';');

const codeOf = (colour: string, base: 30 | 40): number => {
  const index = colourNames.indexOf(colour);
  return index < 8 ? base + index : base + 60 + index - 8;
};

/**
 * One of the sixteen as it is; any other as the nearest of them: those are chosen to be read in light and in dark,
 * which an arbitrary colour is not. The types of the library don't say that there may be none.
 */
function colourOf(name: string | null, shade: string | null): string | null {
  if (name === null || shade === null) return null;
  const own = colours.get(name);
  if (own !== undefined) return own;
  const [red = 0, green = 0, blue = 0] = shade.split(',').map(Number);
  return nearestColour(red, green, blue);
}

/** By hue first: a pale red is still a red. */
function nearestColour(red: number, green: number, blue: number): string {
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
  return colourNames[index + (high > 200 ? 8 : 0)] ?? 'white';
}
