/**
 * Text to plain values and back: YAML as this project writes it, and YAML as anyone may write it.
 *
 * A record in our own hand is read line by line with JSON; any other goes through the `yaml` package, which is
 * loaded only then. Must not know: which keys a record has.
 */
import { LuaFloat, type Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';
import { quoted } from '../base/text.ts';

/** What a YAML text holds. Integers and floats stay apart as in `Plain`. */
export type Data = Plain;

type Library = typeof import('yaml');
let library: Library | null = null;
let wanted = false;

/**
 * Runs a reading that may meet a text in someone else's hand. When it does and the library is not there yet,
 * that is loaded and the reading is done again: so readings are written as if there were nothing to wait for.
 */
export async function reading<T>(read: () => T): Promise<T> {
  wanted = false;
  const first = read();
  if (!wanted) return first;
  library ??= await import('yaml');
  wanted = false;
  return read();
}

/** A larger text in someone else's hand is refused unread. */
const largest = 4 * 1024 * 1024;
const deepest = 100;

/** The value of a YAML text, or what is wrong with it. Only within `reading`. */
export function parseYaml(text: string): Result<Data, string> {
  const own = parseOwn(text);
  if (own !== undefined) return ok(own);
  if (text.length > largest) return err(`longer than ${largest} characters`);
  if (library === null) {
    wanted = true;
    return err('not read yet');
  }
  const refused = refusal(library, text);
  return refused === null ? parseForeign(library, text) : err(refused);
}

/** The value of one flow mapping on a line of its own, as logs and history hold them. Only within `reading`. */
export function parseLine(line: string): Result<Data, string> {
  const own = line.startsWith('- ') ? parseJson(line.slice(2)) : undefined;
  if (own !== undefined && isMap(own)) return ok(own);
  const foreign = parseYaml(line);
  if (!foreign.ok) return foreign;
  const [first, ...more] = Array.isArray(foreign.value) ? (foreign.value as readonly Data[]) : [];
  return first !== undefined && more.length === 0 ? ok(first) : err('not one entry');
}

export const isMap = (data: Data): data is { readonly [key: string]: Data } =>
  typeof data === 'object' &&
  data !== null &&
  !Array.isArray(data) &&
  !(data instanceof LuaFloat) &&
  !(data instanceof Uint8Array);

// Our own hand ---------------------------------------------------------------------------------------------

const field = /^(?:([a-z][a-z0-9_]*)|("(?:[^"\\]|\\.)*")):(?: (.*))?$/;

/** The value when the text is exactly what `writeYaml` writes, else undefined. */
function parseOwn(text: string): Data | undefined {
  if (!text.endsWith('\n')) return undefined;
  const lines = text.slice(0, -1).split('\n');
  if (lines[0]?.startsWith('- ') || text === '{}\n' || text === '[]\n') return parseOwnList(lines);
  const entries = new Map<string, Data>();
  for (let at = 0; at < lines.length; at += 1) {
    const match = field.exec(lines[at] ?? '');
    if (match === null) return undefined;
    const key = match[1] ?? parseCanonical(match[2] ?? '');
    if (typeof key !== 'string' || entries.has(key)) return undefined;
    if (match[3] !== undefined) {
      const value = parseCanonical(match[3]);
      if (value === undefined) return undefined;
      entries.set(key, value);
      continue;
    }
    const items: Data[] = [];
    while (lines[at + 1]?.startsWith('  - ')) {
      at += 1;
      const item = parseCanonical((lines[at] ?? '').slice(4));
      if (item === undefined) return undefined;
      items.push(item);
    }
    if (items.length === 0) return undefined;
    entries.set(key, items);
  }
  return Object.fromEntries(entries);
}

function parseOwnList(lines: readonly string[]): Data | undefined {
  if (lines.length === 1 && !lines[0]?.startsWith('- ')) return parseCanonical(lines[0] ?? '');
  const items: Data[] = [];
  for (const line of lines) {
    const item = line.startsWith('- ') ? parseCanonical(line.slice(2)) : undefined;
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

/**
 * JSON that is letter for letter what we would write for its value. That excludes what JSON.parse lets pass and
 * YAML does not: a key given twice, a number that is another one in YAML.
 */
function parseCanonical(text: string): Data | undefined {
  const value = parseJson(text);
  return value !== undefined && writeFlow(value) === text ? value : undefined;
}

function parseJson(text: string): Data | undefined {
  try {
    return JSON.parse(text) as Data;
  } catch {
    return undefined;
  }
}

/** A block mapping, a value a line; lists of mappings an entry a line. A sequence has an entry a line. */
export function writeYaml(data: Data): string {
  if (Array.isArray(data) && data.length > 0) {
    return (data as readonly Data[]).map((item) => `- ${writeFlow(item)}\n`).join('');
  }
  if (!isMap(data) || Object.keys(data).length === 0) return `${writeFlow(data)}\n`;
  let text = '';
  for (const [key, value] of Object.entries(data)) {
    const name = /^[a-z][a-z0-9_]*$/.test(key) && !reserved.has(key) ? key : quoted(key);
    const inLines = Array.isArray(value) && value.length > 0 && (value as readonly Data[]).every(isMap);
    text += inLines
      ? `${name}:\n${(value as readonly Data[]).map((item) => `  - ${writeFlow(item)}\n`).join('')}`
      : `${name}: ${writeFlow(value)}\n`;
  }
  return text;
}

/** Plain words that some YAML reader takes for something other than text. */
const reserved = new Set(['null', 'true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n']);

/** A value on one line: JSON with a space after `:` and `,`, which every YAML reader takes. */
export function writeFlow(data: Data): string {
  if (data === null || typeof data === 'boolean') return String(data);
  if (typeof data === 'string') return quoted(data);
  if (typeof data === 'number') return Number.isInteger(data) ? writeInteger(data) : writeFloat(data);
  if (data instanceof LuaFloat) return writeFloat(data.value);
  if (data instanceof Uint8Array) return quoted(Buffer.from(data).toString('base64'));
  if (Array.isArray(data)) return `[${(data as readonly Data[]).map(writeFlow).join(', ')}]`;
  const entries = Object.entries(data).map(([key, value]) => `${quoted(key)}: ${writeFlow(value)}`);
  return `{${entries.join(', ')}}`;
}

const writeInteger = (value: number): string => (Object.is(value, -0) ? '0' : BigInt(value).toString());

/** With a point and a signed exponent: what YAML 1.1 asks of a float. */
function writeFloat(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value < 0 ? '-.inf' : '.inf';
  const text = Object.is(value, -0) ? '-0' : String(value);
  const [digits = '', exponent] = text.split('e');
  const pointed = digits.includes('.') ? digits : `${digits}.0`;
  return exponent === undefined ? pointed : `${pointed}e${exponent}`;
}

// Anyone's hand --------------------------------------------------------------------------------------------

/** The lexer's sign that the next token is the text of a plain or block scalar. */
const scalarFollows = '\u001f';

/**
 * What makes a text refused before it is parsed, read off its tokens without recursion: aliases and tags, which
 * no record has, and nesting that no record needs.
 */
function refusal(yaml: Library, text: string): string | null {
  let depth = 0;
  let indicators = 0;
  let content = false;
  for (const token of new yaml.Lexer().lex(text)) {
    const isContent = content;
    content = token === scalarFollows;
    if (isContent || content) continue;
    const first = token.charAt(0);
    if (first === '*') return 'an alias';
    if (first === '!') return 'a tag';
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    else if (token === '-' || token === '?' || token === ':') indicators += 1;
    else if (token.startsWith('\n') || token.startsWith('\r')) indicators = 0;
    if (depth > deepest || indicators > deepest) return `nested more than ${deepest} deep`;
  }
  return null;
}

function parseForeign(yaml: Library, text: string): Result<Data, string> {
  try {
    const document = yaml.parseDocument(text, {
      schema: 'core',
      merge: false,
      uniqueKeys: true,
      stringKeys: true,
      intAsBigInt: true,
      logLevel: 'error',
    });
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) return err((problem.message.split('\n')[0] ?? '').replace(/:$/, ''));
    return ok(fromLibrary(document.toJS({ maxAliasCount: 0 }) as Foreign));
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

type Foreign = null | boolean | number | bigint | string | readonly Foreign[] | { [key: string]: Foreign };

function fromLibrary(value: Foreign): Data {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isInteger(value) ? new LuaFloat(value) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(fromLibrary);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromLibrary(item)]));
}
