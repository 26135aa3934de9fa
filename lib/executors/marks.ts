/**
 * The mark every process of a run carries in its environment, whatever becomes of its parents and its group.
 *
 * One variable whose value is a path: run, job, command. An entry that begins with a run's mark belongs to the run.
 * Must not know: how marked processes are found.
 */
import type { JobId, RunId } from '../base/ids.ts';

/** The variable's name. It begins with `QUIRE_`, so no pipeline can set it. */
export const markName = 'QUIRE_PROCESS_MARK';

/** `NAME=value` up to where all processes of the run are alike. */
export const runMark = (run: RunId): string => `${markName}=${run}/`;

/** `NAME=value` up to where all processes of the job are alike. */
export const jobMark = (run: RunId, job: JobId): string => `${runMark(run)}${job}/`;

/** `NAME=value` of what the executor runs for the run itself, such as an image build. No job id begins with a dot. */
export const ownMark = (run: RunId): string => `${runMark(run)}./`;

/** `NAME=value` of one command's processes; `count` tells it from the job's others. */
export const commandMark = (run: RunId, job: JobId, count: number): string => `${jobMark(run, job)}${count}/`;

/** What stands after `NAME=`. */
export const markValue = (mark: string): string => mark.slice(markName.length + 1);
