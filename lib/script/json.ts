/**
 * JSON text as plain data: the one place where a throwing parser is wrapped.
 *
 * Must not know: files, Lua.
 */
import type { Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';

/** A byte-order mark is ignored. The error is the parser's own sentence. */
export function parseJson(text: string): Result<Plain, string> {
  try {
    return ok(JSON.parse(text.replace(/^\ufeff/, '')) as Plain);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
