/**
 * One stream of bytes with its secrets replaced, however it is cut into chunks.
 *
 * Two readings go side by side: the bytes as they are, and the bytes as a person sees them (colours left out,
 * folded base64 joined). They are the same reading until a colour comes, and again soon after it.
 * What any form covers in either reading is replaced; forms that overlap are replaced together, named after the longest.
 * Must not know: who writes the stream, where it goes.
 */
import { type Automaton, root } from './automaton.ts';
import { type EscapeState, escapeByte, readEscape } from './escapes.ts';

/** What the streams of one redactor share; `automaton` is null while there is nothing to mask. */
export type Known = { readonly automaton: Automaton | null; readonly labels: readonly Buffer[] };

type Region = { start: number; end: number; owner: number; longest: number; said: boolean };
type Range = { readonly start: number; end: number };

/** A region longer than this keeps the name it has, so that an endless one needs no memory. */
const settledLength = 256 * 1024;

/** More colours than this amid one secret end the search for it: a stream of nothing else must not be kept. */
const mostUnseen = 64 * 1024;

function addPlace(ranges: Range[], at: number): void {
  const last = ranges.at(-1);
  if (last !== undefined && last.end === at) last.end = at + 1;
  else ranges.push({ start: at, end: at + 1 });
}

export class MaskStream {
  readonly #source: () => Known;
  #known: Known;
  /** Bytes not given out yet; all positions below count from its first. */
  #held: Buffer = Buffer.alloc(0);
  #plain = root;
  #seen = root;
  #escape: EscapeState = 'outside';
  /** What the second reading left out, back to where its pending match begins. */
  #unseen: Range[] = [];
  #unseenCount = 0;
  #regions: Region[] = [];
  /** The escape sequences amid what may be a secret. */
  #colours: Range[] = [];

  constructor(source: () => Known) {
    this.#source = source;
    this.#known = source();
  }

  /** How many bytes wait because they may be the beginning of a secret. */
  get held(): number {
    return this.#held.length;
  }

  /** The bytes that are decided now. They may share memory with `chunk`. */
  write(chunk: Uint8Array): Buffer {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const known = this.#source();
    if (known !== this.#known) return this.#relearn(known, bytes);
    if (known.automaton === null) return bytes;
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#scan(known.automaton, all, this.#held.length);
    return this.#giveOut(known, all, this.#decided(known.automaton, all.length));
  }

  /** The rest, at the end of the stream; it can be written to again as a new one. */
  flush(): Buffer {
    const rest = this.#giveOut(this.#known, this.#held, this.#held.length);
    this.#forget();
    return rest;
  }

  /** A secret was added: what waits is read again, since the new forms may begin in it. */
  #relearn(known: Known, bytes: Buffer): Buffer {
    const waiting = this.#held;
    const said = this.#regions.find((region) => region.said);
    this.#forget();
    this.#known = known;
    if (said !== undefined) this.#regions.push({ ...said });
    return this.write(Buffer.concat([waiting, bytes]));
  }

  #forget(): void {
    this.#held = Buffer.alloc(0);
    this.#plain = root;
    this.#seen = root;
    this.#escape = 'outside';
    this.#unseen = [];
    this.#unseenCount = 0;
    this.#regions = [];
    this.#colours = [];
  }

  #scan(automaton: Automaton, bytes: Buffer, from: number): void {
    let at = from;
    while (at < bytes.length) {
      if (this.#plain === this.#seen && this.#escape === 'outside') {
        const escapeAt = bytes.indexOf(escapeByte, at);
        at = this.#scanTogether(automaton, bytes, at, escapeAt < 0 ? bytes.length : escapeAt);
      }
      if (at < bytes.length) this.#stepApart(automaton, bytes[at] ?? 0, at);
      at += 1;
    }
  }

  /** While both readings are the same, up to `end`, where a colour begins; or to where they part, if that is before. */
  #scanTogether(automaton: Automaton, bytes: Buffer, from: number, end: number): number {
    let state = this.#plain;
    let at = from;
    while (at < end) {
      if (state === root) {
        at = automaton.skip(bytes, at, end);
        if (at >= end) break;
      }
      const byte = bytes[at] ?? 0;
      if (automaton.folds(state, byte)) break;
      state = automaton.step(state, byte);
      at += 1;
      const length = automaton.matched(state);
      if (length > 0) this.#cover(at - length, at, automaton.owner(state), length);
    }
    this.#plain = state;
    this.#seen = state;
    return at;
  }

  #stepApart(automaton: Automaton, byte: number, at: number): void {
    this.#plain = automaton.step(this.#plain, byte);
    this.#report(automaton, this.#plain, at + 1 - automaton.matched(this.#plain), at + 1);
    const sequence = readEscape(this.#escape, byte);
    this.#escape = sequence.state;
    if (sequence.inside) {
      if (automaton.pending(this.#seen) === 0) return;
      addPlace(this.#colours, at);
      this.#leaveOut(at);
      return;
    }
    if (automaton.folds(this.#seen, byte)) {
      this.#leaveOut(at);
      return;
    }
    this.#seen = automaton.step(this.#seen, byte);
    const start = this.#before(at + 1, automaton.matched(this.#seen));
    this.#report(automaton, this.#seen, start, at + 1);
    if (this.#plain === this.#seen) this.#meet();
  }

  #leaveOut(at: number): void {
    addPlace(this.#unseen, at);
    this.#unseenCount += 1;
    if (this.#unseenCount > mostUnseen) this.#meet();
  }

  /** From here on both readings are the same again. */
  #meet(): void {
    this.#seen = this.#plain;
    this.#unseen = [];
    this.#unseenCount = 0;
  }

  /** The place that lies `count` seen bytes before `end`. */
  #before(end: number, count: number): number {
    let place = end;
    let left = count;
    for (let index = this.#unseen.length - 1; index >= 0; index -= 1) {
      const range = this.#unseen[index];
      if (range === undefined || left <= place - range.end) break;
      left -= place - range.end;
      place = range.start;
    }
    return place - left;
  }

  #report(automaton: Automaton, state: number, start: number, end: number): void {
    const length = automaton.matched(state);
    if (length > 0) this.#cover(start, end, automaton.owner(state), length);
  }

  #cover(from: number, end: number, owner: number, length: number): void {
    const region: Region = { start: from, end, owner, longest: length, said: false };
    let last = this.#regions.at(-1);
    while (last !== undefined && last.end > from) {
      this.#regions.pop();
      const settled = last.said || last.end - last.start > settledLength;
      if (settled || last.longest >= region.longest) {
        region.owner = last.owner;
        region.longest = last.longest;
      }
      region.start = Math.min(region.start, last.start);
      region.said ||= last.said;
      last = this.#regions.at(-1);
    }
    this.#regions.push(region);
  }

  /** Up to where no byte still to come can change what is a secret. */
  #decided(automaton: Automaton, end: number): number {
    const plain = end - automaton.pending(this.#plain);
    const seen = automaton.pending(this.#seen);
    return seen === 0 ? plain : Math.min(plain, this.#before(end, seen));
  }

  #giveOut(known: Known, bytes: Buffer, decided: number): Buffer {
    if (this.#regions.length === 0 && decided === bytes.length) {
      this.#keepFrom(bytes, decided);
      return bytes;
    }
    const parts: Buffer[] = [];
    let given = 0;
    let colour = 0;
    const stand = (region: Region, until: number): void => {
      const label = known.labels[region.owner];
      parts.push(bytes.subarray(given, region.start));
      if (!region.said && label !== undefined) parts.push(label);
      // The colours inside it stay, so that those after it are right.
      for (let range = this.#colours[colour]; range !== undefined && range.end <= until; ) {
        if (range.start >= region.start) parts.push(bytes.subarray(range.start, range.end));
        colour += 1;
        range = this.#colours[colour];
      }
      given = until;
    };
    const closed = this.#regions.findIndex((region) => region.end > decided);
    const open = closed < 0 ? undefined : this.#regions[closed];
    for (const region of this.#regions.splice(0, closed < 0 ? this.#regions.length : closed)) {
      stand(region, region.end);
    }
    if (open !== undefined && decided > open.start && open.end - open.start > settledLength) {
      stand(open, decided);
      open.said = true;
      open.start = decided;
    }
    const until = Math.max(given, Math.min(decided, open?.start ?? decided));
    parts.push(bytes.subarray(given, until));
    this.#keepFrom(bytes, until);
    return Buffer.concat(parts);
  }

  #keepFrom(bytes: Buffer, cut: number): void {
    this.#held = cut >= bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(cut));
    const move = (range: Range): Range => ({ start: range.start - cut, end: range.end - cut });
    this.#regions = this.#regions.map((region) => ({ ...region, ...move(region) }));
    this.#unseen = this.#unseen.filter((range) => range.end > cut).map(move);
    this.#colours = this.#colours.filter((range) => range.end > cut).map(move);
  }
}
