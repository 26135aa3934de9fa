/**
 * Lets go of what whoever started us had open: `flock LOCK git push` must not wait for the queue.
 *
 * A shell can close descriptors up to 9 only, and Node closes none that it was given. Must not know: who started us.
 */
import { closeDescriptor, list, readLink, readText } from '../base/files.ts';

type Open = { readonly descriptor: number; readonly target: string; readonly writes: boolean };

/** Closes all but the first three and Node's own. To be called before anything else is opened. */
export function closeInherited(): void {
  const open = descriptors();
  for (const { descriptor, target } of open) {
    if (descriptor > 2 && !isNodes(target, open)) closeDescriptor(descriptor);
  }
}

/** Node has event descriptors, `/dev/null`, and pipes with both ends here. */
function isNodes(target: string, open: readonly Open[]): boolean {
  if (target.startsWith('anon_inode:') || target === '/dev/null') return true;
  const ends = open.filter((each) => each.target === target);
  return (
    target.startsWith('pipe:') && ends.some(({ writes }) => writes) && ends.some(({ writes }) => !writes)
  );
}

function descriptors(): Open[] {
  const names = list('/proc/self/fd');
  if (!names.ok) return [];
  return names.value.flatMap((name) => {
    const target = readLink(`/proc/self/fd/${name}`);
    const facts = readText(`/proc/self/fdinfo/${name}`);
    const flags = facts.ok ? /^flags:\s*([0-7]+)$/m.exec(facts.value)?.[1] : undefined;
    // The one that listed them is gone.
    if (!target.ok || flags === undefined) return [];
    return [
      { descriptor: Number(name), target: target.value, writes: (Number.parseInt(flags, 8) & 3) !== 0 },
    ];
  });
}
