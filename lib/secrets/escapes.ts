/**
 * Which bytes of a stream are a terminal's colour and cursor sequences, one byte at a time.
 *
 * Must not know: secrets.
 */

/** Where in a sequence the stream is; anything but `outside` means that it is not complete. */
export type EscapeState = 'outside' | 'begun' | 'parameters' | 'charset';

export const escapeByte = 0x1b;

/** Where the stream is after a byte, and whether the byte is part of a sequence. */
export type EscapeStep = { readonly state: EscapeState; readonly inside: boolean };

const last: EscapeStep = { state: 'outside', inside: true };
const ordinary: EscapeStep = { state: 'outside', inside: false };
const begun: EscapeStep = { state: 'begun', inside: true };
const parameters: EscapeStep = { state: 'parameters', inside: true };
const charset: EscapeStep = { state: 'charset', inside: true };

/** A byte that no sequence can have at this place ends it and is an ordinary byte. */
export function readEscape(state: EscapeState, byte: number): EscapeStep {
  if (byte === escapeByte) return begun;
  switch (state) {
    case 'outside':
      return ordinary;
    case 'begun':
      if (byte === 0x5b) return parameters;
      return byte === 0x28 || byte === 0x29 ? charset : ordinary;
    case 'charset':
      return byte >= 0x20 && byte < 0x7f ? last : ordinary;
    case 'parameters':
      if (byte >= 0x40 && byte < 0x7f) return last;
      return byte >= 0x20 && byte < 0x40 ? parameters : ordinary;
  }
}
