/**
 * Git's own promise for a push: what `core.fsync` must cover so that an accepted push survives a power loss.
 *
 * Pure. By default git syncs packs, but not the loose objects and refs of a small push.
 * Must not know: where settings are kept.
 */

/** The first git that has `core.fsync`. */
export const fsyncSince = '2.36';

const covering = {
  'loose-object': ['loose-object', 'objects', 'committed', 'added', 'all'],
  reference: ['reference', 'all'],
} as const;

/** The value that also covers loose objects and references, or null when the present one does. */
export function durableFsync(present: string | null): string | null {
  const words = (present ?? '').split(/[\s,]+/).filter((word) => word !== '');
  // Git takes away what has a minus and then adds the rest, wherever it stands: a component that is named is covered.
  const lacking = Object.entries(covering)
    .filter(([, names]) => !names.some((name) => words.includes(name)))
    .map(([component]) => component);
  return lacking.length === 0 ? null : [...words, ...lacking].join(',');
}

/** Whether a version such as `2.39.5` is at least another. */
export function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map(Number));
  for (const [place, number] of (want ?? []).entries()) {
    const own = have?.[place] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
