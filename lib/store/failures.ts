/**
 * What can go wrong with records, as one union with its one wording.
 *
 * Must not know: who reports it.
 */
import { type FileFailure, sayFileFailure } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { type Err, err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Owner } from '../runs/records.ts';
import type { RunState } from '../runs/states.ts';

export type StoreFailure =
  /** The machine's trouble. To be reported and tried again; it says nothing about what is recorded. */
  | { readonly reason: 'io'; readonly failure: FileFailure }
  | { readonly reason: 'not-found'; readonly word: string }
  | { readonly reason: 'ambiguous'; readonly word: string; readonly ids: readonly RunId[] }
  /** The bytes are there and are no record. */
  | {
      readonly reason: 'unreadable';
      readonly id: RunId;
      readonly state: RunState;
      readonly file: string;
      readonly problem: string;
    }
  /** The states have no such arrow. */
  | { readonly reason: 'not-allowed'; readonly id: RunId; readonly from: RunState; readonly to: RunState }
  /** Another process was faster: the run is in this state by now. */
  | { readonly reason: 'not-here'; readonly id: RunId; readonly state: RunState }
  /** A living process evaluates the run's pipeline. */
  | { readonly reason: 'evaluating'; readonly id: RunId; readonly evaluator: Owner }
  /** Something that is not the store's lies where the store would write. */
  | { readonly reason: 'in-the-way'; readonly path: string }
  | { readonly reason: 'lock'; readonly problem: string };

export type StoreResult<T> = Result<T, StoreFailure>;

/** One sentence for people. */
export function sayStoreFailure(failure: StoreFailure): string {
  switch (failure.reason) {
    case 'io':
      return sayFileFailure(failure.failure);
    case 'not-found':
      return `there is no run '${failure.word}'`;
    case 'ambiguous':
      return `'${failure.word}' is the beginning of ${failure.ids.length} run ids`;
    case 'unreadable':
      return `run ${failure.id} (${failure.state}) can't be read: ${failure.file}: ${failure.problem}`;
    case 'not-allowed':
      return `run ${failure.id} is ${failure.from} and can't become ${failure.to}`;
    case 'not-here':
      return `run ${failure.id} is ${failure.state} already`;
    case 'evaluating':
      return `the pipeline of run ${failure.id} is being evaluated by process ${failure.evaluator.pid}`;
    case 'in-the-way':
      return `${failure.path} is in the way`;
    case 'lock':
      return failure.problem;
    default:
      return unreachable(failure);
  }
}

export const io = (failure: FileFailure): Err<StoreFailure> => err({ reason: 'io', failure });

/** A result of the disk as one of the store. */
export const fromDisk = <T>(result: Result<T, FileFailure>): StoreResult<T> =>
  result.ok ? ok(result.value) : io(result.error);
