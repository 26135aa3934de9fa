/**
 * What a check of `quire doctor` found, and how to mend it.
 *
 * Words only. Must not know: any check.
 */

export type Finding = {
  /** Stable, for scripts: `hook`, `disk`. */
  readonly check: string;
  /** `note` is a fact to know, nothing to mend. */
  readonly state: 'good' | 'note' | 'warning' | 'bad';
  readonly says: string;
  /** What to do, or null. */
  readonly mend: string | null;
};

export const good = (check: string, says: string): Finding => ({ check, state: 'good', says, mend: null });
export const note = (check: string, says: string, mend: string | null = null): Finding => ({
  check,
  state: 'note',
  says,
  mend,
});
export const warning = (check: string, says: string, mend: string): Finding => ({
  check,
  state: 'warning',
  says,
  mend,
});
export const bad = (check: string, says: string, mend: string): Finding => ({
  check,
  state: 'bad',
  says,
  mend,
});
