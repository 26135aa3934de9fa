/**
 * The words of a command line, parsed once, so that commands get values.
 *
 * Must not know: which option or command a word is of.
 */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../base/text.ts';
import { type RunState, runStates } from '../runs/states.ts';

export function wholeNumber(word: string): number {
  if (!/^\d{1,9}$/.test(word)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(word);
}

/** Milliseconds. */
export function duration(word: string): number {
  const milliseconds = parseDuration(word);
  if (milliseconds === null) throw new InvalidArgumentError('It must be a duration such as 90s, 12h or 30d.');
  return milliseconds;
}

export function runState(word: string): RunState {
  const state = runStates.find((name) => name === word);
  if (state === undefined) throw new InvalidArgumentError(`It must be one of ${runStates.join(', ')}.`);
  return state;
}

/** For an option that may be given several times. */
export const repeated = (word: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  word,
];

export const commaList = (word: string): readonly string[] =>
  word
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
