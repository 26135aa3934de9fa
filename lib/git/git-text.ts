/**
 * Names and messages in git are bytes; records want text.
 *
 * Must not know: where the text goes.
 */
import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

export type GitText = {
  /** As UTF-8, with U+FFFD for what is not. */
  readonly text: string;
  /** The bytes, when they are not what `text` says; null when they are. */
  readonly bytes: Buffer | null;
};

export const gitText = (bytes: Buffer): GitText => ({
  text: bytes.toString(),
  bytes: isUtf8(bytes) ? null : Buffer.from(bytes),
});

/** Decodes by the name of an encoding, such as a commit's `encoding` header; an unknown one is taken for UTF-8. */
export function decodeAs(encoding: string | null, bytes: Buffer): GitText {
  const decoder = encoding === null ? null : decoderOf(encoding);
  return decoder === null ? gitText(bytes) : { text: decoder.decode(bytes), bytes: null };
}

/** Encodings that people's commits name, by the labels that the platform knows. */
const labels: ReadonlySet<string> = new Set(
  [
    'big5 euc-jp euc-kr gb18030 gb2312 gbk ibm866 iso-2022-jp koi8-r koi8-u latin1 macintosh shift_jis',
    ...Array.from({ length: 15 }, (_, part) => `iso-8859-${part + 1} iso8859-${part + 1}`),
    ...Array.from({ length: 9 }, (_, part) => `windows-125${part} cp125${part}`),
  ]
    .join(' ')
    .replace(/iso-?8859-12 ?/g, '')
    .split(' '),
);

function decoderOf(encoding: string): TextDecoder | null {
  const label = encoding.toLowerCase();
  return labels.has(label) ? new TextDecoder(label) : null;
}
