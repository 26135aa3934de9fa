/**
 * Where a secret's value comes from.
 *
 * Must not know: the shape of the config file, who asks.
 */
import { type FileFailure, readBytes, sayFileFailure } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import { Secret } from './secret.ts';

export type SecretSource =
  | { readonly from: 'text'; readonly text: string }
  /** An absolute path; one newline at the end of the file is not part of the value. */
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'environment'; readonly variable: string };

export type SecretEntry = {
  readonly name: string;
  readonly source: SecretSource;
  /** The refs whose runs may have it; null means all. */
  readonly refs: readonly string[] | null;
};

export type SecretFailure =
  | { readonly reason: 'unreadable-file'; readonly name: string; readonly failure: FileFailure }
  | { readonly reason: 'unset-variable'; readonly name: string; readonly variable: string }
  | { readonly reason: 'too-large'; readonly name: string; readonly size: number };

/** A value beyond this can't be masked in bounded memory, so it is not given out. */
export const largestSecret = 64 * 1024;

/** Reads the value now, so that a file or variable that changes is seen by the next reader. */
export function openSecret(
  entry: SecretEntry,
  environment: Readonly<Record<string, string | undefined>>,
): Result<Secret, SecretFailure> {
  const { name } = entry;
  const value = bytesOf(entry, environment);
  if (!value.ok) return value;
  const size = value.value.length;
  return size > largestSecret
    ? err({ reason: 'too-large', name, size })
    : ok(new Secret(name, value.value, entry.refs));
}

function bytesOf(
  { name, source }: SecretEntry,
  environment: Readonly<Record<string, string | undefined>>,
): Result<Buffer, SecretFailure> {
  switch (source.from) {
    case 'text':
      return ok(Buffer.from(source.text));
    case 'file': {
      const read = readBytes(source.path);
      return read.ok
        ? ok(withoutLastNewline(read.value))
        : err({ reason: 'unreadable-file', name, failure: read.error });
    }
    case 'environment': {
      const value = environment[source.variable];
      return value === undefined
        ? err({ reason: 'unset-variable', name, variable: source.variable })
        : ok(Buffer.from(value));
    }
    default:
      return unreachable(source);
  }
}

function withoutLastNewline(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

export function saySecretFailure(failure: SecretFailure): string {
  switch (failure.reason) {
    case 'unreadable-file':
      return `secret '${failure.name}': ${sayFileFailure(failure.failure)}`;
    case 'unset-variable':
      return `secret '${failure.name}': the environment has no variable ${failure.variable}`;
    case 'too-large':
      return `secret '${failure.name}' has ${failure.size} bytes; at most ${largestSecret} can be kept secret`;
    default:
      return unreachable(failure);
  }
}
