/**
 * Time as an argument, so that tests can hold it still.
 *
 * Must not know: time zones other than UTC.
 */

/** Milliseconds since 1970, UTC. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Milliseconds that never go back, since some moment. `performance` would be loaded first: each start paid 1.5 ms. */
export const monotonic: Clock = () => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
};

/** The longest that one timer of Node's waits; of a longer time it would only see the end. */
const longestTimerMs = 2 ** 31 - 1;

/** Does something in so many milliseconds, also in years. What it returns calls that off. */
export function after(milliseconds: number, work: () => void): () => void {
  const next = (left: number): NodeJS.Timeout =>
    setTimeout(
      () => {
        if (left <= longestTimerMs) work();
        else timer = next(left - longestTimerMs);
      },
      Math.min(left, longestTimerMs),
    );
  let timer = next(milliseconds);
  return () => clearTimeout(timer);
}

/** RFC 3339, UTC, milliseconds: `2026-11-21T10:00:00.123Z`. */
export type Timestamp = string & { readonly __brand: 'Timestamp' };

export const timestamp = (milliseconds: number): Timestamp =>
  new Date(milliseconds).toISOString() as Timestamp;

/** The milliseconds of a timestamp this project wrote, or null for any other text. */
export function parseTimestamp(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text)) return null;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}
