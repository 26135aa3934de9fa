/**
 * The door of the room: values that can't print themselves, where they come from, and the streaming masker.
 *
 * Must not know: logs, Lua, config files.
 */
export { MaskStream } from './mask-stream.ts';
export { type MaskWarning, Redactor, sayMaskWarning } from './redactor.ts';
export { maskOf, Secret } from './secret.ts';
export {
  largestSecret,
  openSecret,
  type SecretEntry,
  type SecretFailure,
  type SecretSource,
  saySecretFailure,
} from './sources.ts';
