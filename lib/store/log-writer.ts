/**
 * Writes one `log.yml`: entries appended whole, output gathered for a moment so that a line holds much.
 *
 * Memory is bounded by one entry a stream, whatever a command prints. Must not know: which job it is, timers.
 */
import { isUtf8 } from 'node:buffer';
import { type Appender, type FileResult, openAppender, truncate, writeNewFile } from '../base/files.ts';
import { ok } from '../base/result.ts';
import { quoted, unfinishedTail } from '../base/text.ts';
import type { Modes } from './layout.ts';
import { type Mark, markText } from './log-line.ts';
import { newTarget, type Target, writeEscaped } from './log-text.ts';
import { cutMark } from './outputs.ts';
import { cutTornLine } from './torn.ts';

/** An entry's line is at most this long, so what it holds is too. */
const longestEntry = 64 * 1024;
/** What follows the text on its line, and what may come before it. */
const frame = 64;
/** Raw bytes of one base64 entry. */
const longestBinary = 3 * Math.floor((longestEntry - frame) / 4);

type StreamName = 'out' | 'err';

/** Output of one stream that is not written yet. */
type Gathered = {
  chunks: Uint8Array[];
  size: number;
  t: number;
  /** Whether it is all that a flush left: the beginning of a character. */
  held: boolean;
};

export class LogWriter {
  readonly #path: string;
  readonly #modes: Modes;
  readonly #limit: number;
  readonly #target: Target;
  readonly #gathered: Record<StreamName, Gathered> = { out: nothing(), err: nothing() };
  #stream: StreamName = 'out';
  #appender: Appender | null = null;
  /** Bytes of the file that are whole lines. */
  #whole = 0;
  #torn = false;
  #counted = 0;
  #noted = 0;
  #truncated = false;

  /** `target` is scratch space that writers may share; `limit` counts raw output bytes. */
  constructor(path: string, options: { modes: Modes; limit: number; target: Target }) {
    this.#path = path;
    this.#modes = options.modes;
    this.#limit = options.limit;
    this.#target = options.target;
  }

  static readonly target = (): Target => newTarget(longestEntry);

  /** Whether output waits that `flush` would write. */
  get waiting(): boolean {
    return this.#gathered.out.size + this.#gathered.err.size > 0;
  }

  /** Makes the file, so that it is there also when nothing is said. */
  open(): FileResult<void> {
    const opened = this.#open();
    return opened.ok ? ok(undefined) : opened;
  }

  mark(mark: Mark): FileResult<void> {
    // What a command said stays before its end, with the first bytes of a character that never came whole.
    const flushed = this.#flushAll(() => mark.kind === 'exit');
    if (!flushed.ok) return flushed;
    if (mark.kind === 'command')
      return this.#append(Buffer.from(markText({ ...mark, cmd: fitting(mark.cmd) })));
    if (mark.kind !== 'note') return this.#append(Buffer.from(markText(mark)));
    this.#noted += Buffer.byteLength(mark.text);
    if (this.#noted > this.#limit) return this.#markTruncated();
    let rest = mark.text;
    do {
      const text = beginningOf(rest);
      const written = this.#append(Buffer.from(markText({ ...mark, text })));
      if (!written.ok) return written;
      rest = rest.slice(text.length);
    } while (rest !== '');
    return ok(undefined);
  }

  /** Takes output; what fills an entry is written at once. */
  output(stream: StreamName, bytes: Uint8Array, t: number): FileResult<void> {
    const room = this.#limit - this.#counted;
    const taken = bytes.length > room ? bytes.subarray(0, Math.max(0, room)) : bytes;
    this.#counted += taken.length;
    const written = taken.length === 0 ? ok(undefined) : this.#gather(stream, taken, t);
    if (taken.length === bytes.length || !written.ok) return written;
    const flushed = this.#flushAll(() => false);
    this.#gathered.out = nothing();
    this.#gathered.err = nothing();
    return flushed.ok ? this.#markTruncated() : flushed;
  }

  /**
   * Writes what was gathered, but for the beginning of a character whose rest may still come. What waits when this has
   * returned is written by the next one, whole or not.
   */
  flush(): FileResult<void> {
    return this.#flushAll(({ held }) => held);
  }

  /** Puts everything on disk, to the last byte. */
  sync(): FileResult<void> {
    const flushed = this.#flushAll(() => true);
    if (!flushed.ok || this.#appender === null) return flushed;
    return this.#appender.sync();
  }

  /** A later entry opens the file again: what a job left running may still speak. */
  close(): FileResult<void> {
    const flushed = this.#flushAll(() => true);
    const closed = this.#appender?.close() ?? ok(undefined);
    this.#appender = null;
    return flushed.ok ? closed : flushed;
  }

  #gather(stream: StreamName, bytes: Uint8Array, t: number): FileResult<void> {
    if (stream !== this.#stream) {
      const flushed = this.#flush(this.#stream, false);
      this.#stream = stream;
      if (!flushed.ok) return flushed;
    }
    // A large chunk is written from where it is; joining it to a small rest would copy it.
    if (bytes.length >= longestEntry / 2 && this.#gathered[stream].size > 0) {
      const flushed = this.#flush(stream, false);
      if (!flushed.ok) return flushed;
    }
    const gathered = this.#gathered[stream];
    if (gathered.size === 0) gathered.t = t;
    gathered.chunks.push(bytes);
    gathered.held = false;
    gathered.size += bytes.length;
    return gathered.size < longestEntry ? ok(undefined) : this.#writeFull(stream, t);
  }

  /** Writes whole entries and keeps the rest, which gets more company before it is written. */
  #writeFull(stream: StreamName, t: number): FileResult<void> {
    const gathered = this.#gathered[stream];
    let bytes = joined(gathered);
    while (bytes.length >= longestEntry) {
      const taken = this.#writeSome(stream, bytes, gathered.t, false);
      if (!taken.ok) {
        this.#gathered[stream] = nothing();
        return taken;
      }
      bytes = bytes.subarray(taken.value);
    }
    this.#gathered[stream] = {
      chunks: bytes.length === 0 ? [] : [bytes],
      size: bytes.length,
      t,
      held: false,
    };
    return ok(undefined);
  }

  /** `isFinal`: whether the beginning of a character is written as well. */
  #flushAll(isFinal: (gathered: Gathered) => boolean): FileResult<void> {
    const other = this.#stream === 'out' ? 'err' : 'out';
    const first = this.#flush(other, isFinal(this.#gathered[other]));
    const second = this.#flush(this.#stream, isFinal(this.#gathered[this.#stream]));
    return first.ok ? second : first;
  }

  #flush(stream: StreamName, final: boolean): FileResult<void> {
    const gathered = this.#gathered[stream];
    if (gathered.size === 0) return ok(undefined);
    this.#gathered[stream] = nothing();
    let bytes = joined(gathered);
    const held = final ? 0 : unfinishedTail(bytes);
    if (held > 0) {
      const rest = bytes.subarray(bytes.length - held);
      this.#gathered[stream] = { chunks: [rest], size: held, t: gathered.t, held: true };
      bytes = bytes.subarray(0, bytes.length - held);
    }
    while (bytes.length > 0) {
      const taken = this.#writeSome(stream, bytes, gathered.t, true);
      if (!taken.ok) return taken;
      bytes = bytes.subarray(taken.value);
    }
    return ok(undefined);
  }

  /** Writes one entry from the beginning of `bytes`; how many it took. `last`: nothing comes after these. */
  #writeSome(stream: StreamName, bytes: Buffer, t: number, last: boolean): FileResult<number> {
    const some = bytes.subarray(0, longestEntry);
    const isEnd = last && bytes.length <= longestEntry;
    const whole = isEnd ? some : some.subarray(0, some.length - unfinishedTail(some));
    if (isUtf8(whole)) return this.#writeText(stream, whole, t);
    const { length, text } = sameKind(whole);
    return text
      ? this.#writeText(stream, whole.subarray(0, length), t)
      : this.#writeBinary(stream, whole.subarray(0, Math.min(length, longestBinary)), t);
  }

  #writeText(stream: StreamName, bytes: Buffer, t: number): FileResult<number> {
    const target = this.#target;
    target.at = target.bytes.write(`- {"${stream}": "`, 0, 'latin1');
    const taken = writeEscaped(target, bytes, longestEntry - frame);
    target.at += target.bytes.write(`", "t": ${t}}\n`, target.at, 'latin1');
    const written = this.#append(target.bytes.subarray(0, target.at));
    return written.ok ? ok(taken) : written;
  }

  #writeBinary(stream: StreamName, bytes: Buffer, t: number): FileResult<number> {
    const line = `- {"${stream}64": "${bytes.toString('base64')}", "t": ${t}}\n`;
    const written = this.#append(Buffer.from(line));
    return written.ok ? ok(bytes.length) : written;
  }

  #markTruncated(): FileResult<void> {
    if (this.#truncated) return ok(undefined);
    this.#truncated = true;
    return this.#append(Buffer.from(markText({ kind: 'truncated' })));
  }

  /**
   * One line, whole or not at all: what a full disk took only in part is cut off again before anything follows,
   * so that no line is glued to half of another.
   */
  #append(line: Uint8Array): FileResult<void> {
    const appender = this.#open();
    if (!appender.ok) return appender;
    if (this.#torn) {
      const cut = truncate(this.#path, this.#whole);
      if (!cut.ok) return cut;
      this.#torn = false;
    }
    const written = appender.value.append(line);
    if (written.ok) this.#whole += line.length;
    else this.#torn = true;
    return written;
  }

  #open(): FileResult<Appender> {
    if (this.#appender !== null) return ok(this.#appender);
    const made = writeNewFile(this.#path, '', { mode: this.#modes.file, exact: true, durable: false });
    if (!made.ok && made.error.reason !== 'exists') return made;
    const whole = cutTornLine(this.#path);
    if (!whole.ok) return whole;
    const opened = openAppender(this.#path, this.#modes.file);
    if (!opened.ok) return opened;
    this.#whole = whole.value;
    this.#torn = false;
    this.#appender = opened.value;
    return opened;
  }
}

/** A text that fits an entry, cut and marked as outputs are if it is longer. */
function fitting(text: string): string {
  const beginning = beginningOf(text);
  return beginning === text ? text : cutMark(beginning, Buffer.byteLength(text));
}

/** As much of a text as fits an entry; never half a character. */
function beginningOf(text: string): string {
  const room = longestEntry - 2 * frame;
  let beginning = text.slice(0, room);
  while (Buffer.byteLength(quoted(beginning)) > room + 2)
    beginning = beginning.slice(0, beginning.length >> 1);
  const isHalf = beginning.length < text.length && /[\ud800-\udbff]$/.test(beginning) && beginning.length > 1;
  return isHalf ? beginning.slice(0, -1) : beginning;
}

const nothing = (): Gathered => ({ chunks: [], size: 0, t: 0, held: false });

function joined({ chunks }: Gathered): Buffer {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) {
    return Buffer.from(first.buffer, first.byteOffset, first.length);
  }
  return Buffer.concat(chunks);
}

/**
 * How far the lines at the beginning are all text or all not: one bad byte must not make a screenful of text
 * unreadable.
 */
function sameKind(bytes: Buffer): { readonly length: number; readonly text: boolean } {
  let end = 0;
  let text: boolean | null = null;
  while (end < bytes.length) {
    const newline = bytes.indexOf(0x0a, end);
    const next = newline < 0 ? bytes.length : newline + 1;
    const isText = isUtf8(bytes.subarray(end, next));
    if (text !== null && isText !== text) break;
    text = isText;
    end = next;
  }
  return { length: end, text: text ?? true };
}
