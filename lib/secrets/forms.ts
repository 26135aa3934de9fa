/**
 * The shapes in which a secret value turns up in output: as it is, by line, and as common tools encode it.
 *
 * Must not know: how the shapes are looked for, or what takes their place.
 */

/** What is shorter is not masked: it would hide ordinary words. */
export const shortestForm = 8;

export type Form = {
  readonly bytes: Buffer;
  /** Whether tools break this form into lines anywhere (`base64` does after 76 letters, `xxd -p` after 60). */
  readonly foldable: boolean;
};

const escapeSequence = /\x1b(?:\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|[()][\x20-\x7e])/g;

/** Every form of a value that is at least `shortestForm` bytes long, each once. */
export function formsOf(value: Buffer): Form[] {
  if (value.length < shortestForm) return [];
  const forms = new Map<string, Form>();
  const add = (form: Buffer | string, foldable = false): void => {
    const bytes = Buffer.from(form);
    const key = bytes.toString('latin1');
    if (bytes.length < shortestForm) return;
    forms.set(key, { bytes, foldable: foldable || forms.get(key)?.foldable === true });
  };
  for (const plain of plainForms(value)) {
    add(plain);
    add(Buffer.from(plain.toString('latin1').replace(escapeSequence, ''), 'latin1'));
    for (const text of urlForms(plain)) add(text);
    for (const text of quotedForms(plain)) add(text);
  }
  for (const text of base64Forms(value)) {
    add(text, true);
    add(text.replaceAll('+', '-').replaceAll('/', '_'), true);
  }
  const hex = value.toString('hex');
  add(hex, true);
  add(hex.toUpperCase(), true);
  for (const line of longLines(value)) add(line);
  return [...forms.values()];
}

/** The lines of a multi-line value that are long enough to mask, without their indentation. */
export const longLines = (value: Buffer): Buffer[] =>
  linesOf(value).filter((line) => line.length >= shortestForm);

/** How many lines of a multi-line value are too short to mask on their own. */
export const countShortLines = (value: Buffer): number =>
  linesOf(value).filter((line) => line.length > 0 && line.length < shortestForm).length;

function linesOf(value: Buffer): Buffer[] {
  const lines = value.toString('latin1').split(/[\r\n]+/);
  return lines.length < 2
    ? []
    : lines.map((line) => Buffer.from(line.replace(/^[ \t]+|[ \t]+$/g, ''), 'latin1'));
}

/** The value with its line ends as they are, as terminals print them, and as `set -x` and `echo $X` flatten them. */
function plainForms(value: Buffer): Buffer[] {
  const text = value.toString('latin1');
  const unix = text.replace(/\r\n?/g, '\n');
  const spaced = unix.replaceAll('\n', ' ');
  const texts = new Set([
    text,
    unix,
    unix.replaceAll('\n', '\r\n'),
    spaced,
    spaced.replace(/[ \t]+/g, ' ').replace(/^ | $/g, ''),
    unix.replace(/\n+$/, ''),
  ]);
  return [...texts].map((each) => Buffer.from(each, 'latin1'));
}

/**
 * The letters of base64 that this value alone decides, wherever it stands in what is encoded: bytes before it
 * shift it by nothing, 8 or 16 bits, and the letters that also hold a neighbour's bits are left out.
 * Beside each, the same with the end that base64 has when nothing follows the value.
 */
function base64Forms(value: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), value]);
    const whole = shifted.toString('base64').slice([0, 2, 3][before]);
    const decided = Math.floor((shifted.length * 8) / 6) - ([0, 2, 3][before] ?? 0);
    return [whole.slice(0, decided), whole.replace(/=+$/, ''), whole];
  });
}

/** Percent encoding by the sets that tools leave alone, with both cases of hex digits. */
function urlForms(value: Buffer): string[] {
  const keeps = [/[A-Za-z0-9\-._~]/, /[A-Za-z0-9\-._~/]/, /[A-Za-z0-9\-._~!'()*]/, /[A-Za-z0-9\-._*]/];
  return keeps.flatMap((keep) => {
    const letters = [...value].map((byte) => {
      const letter = String.fromCharCode(byte);
      return keep.test(letter) ? letter : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
    });
    const upper = letters.join('');
    const lower = letters.map((letter) => (letter.length === 3 ? letter.toLowerCase() : letter)).join('');
    return [upper, lower, upper.replaceAll('%20', '+'), lower.replaceAll('%20', '+')];
  });
}

/** The inside of a JSON string as various writers escape it, and of a shell word as `set -x` prints it. */
function quotedForms(value: Buffer): (string | Buffer)[] {
  const shell = Buffer.from(value.toString('latin1').replaceAll("'", "'\\''"), 'latin1');
  const json = JSON.stringify(value.toString()).slice(1, -1);
  const unicode = (text: string, which: RegExp): string =>
    text.replace(which, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [
    shell,
    json,
    json.replaceAll('/', '\\/'),
    unicode(json, /[\u007f-\uffff]/g),
    unicode(json, /[<>&\u2028\u2029]/g),
    unicode(json, /[<>&'\u007f-\uffff]/g),
  ];
}
