/**
 * Where the keys of a config file are written, as far as its text says: a file may compute its table.
 *
 * Must not know: what any key means, what a computed value is.
 */
import { pointSpan, type Span } from '../base/diagnostic.ts';
import type { Form } from '../fennel/forms.ts';
import { read } from '../fennel/reader.ts';

/** Finds the key at a path, else the nearest place around it, else the beginning of the file. */
export function placesIn(source: {
  readonly name: string;
  readonly text: string;
}): (path: readonly string[]) => Span {
  const start = pointSpan(source.name, 1, 1);
  // Most files are sound, and then nobody asks for a place.
  let known: readonly Form[] | null = null;
  return (path) => {
    known ??= formsOf(source);
    const last = known.at(-1);
    let place: Span = last?.span ?? start;
    let form = last;
    for (const key of path) {
      const entry = entryOf(form, key);
      if (entry === null) return place;
      place = entry.place ?? place;
      form = entry.value;
    }
    return place;
  };
}

function formsOf(source: { readonly name: string; readonly text: string }): readonly Form[] {
  const forms = read(source);
  return forms.ok ? forms.value : [];
}

type Entry = { readonly place: Span | null; readonly value: Form };

/** What is written for a key in the table that a form gives; of a `let` or `do` its last form counts. */
function entryOf(form: Form | undefined, key: string): Entry | null {
  if (form === undefined) return null;
  if (form.type === 'list') return entryOf(form.items.at(-1), key);
  if (form.type !== 'table') return null;
  // The later of two equal keys is the one that holds.
  const found = form.entries.findLast(([name]) => name.type === 'string' && textOf(name.bytes) === key);
  return found === undefined ? null : { place: found[0].span ?? found[1].span, value: found[1] };
}

const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
