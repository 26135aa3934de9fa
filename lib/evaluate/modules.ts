/**
 * Which file of a tree a module is.
 *
 * Must not know: where the tree is, what is done with the file.
 */
import type { ModuleFinder } from '../fennel/host.ts';

/** Files by name: those of a commit, or those beside a file on disk. */
export interface Tree {
  /** Where in the tree modules are: a path that ends in `/`, default the tree's root. */
  readonly folder?: string;
  /** The text of a file, or null where there is none. */
  read(path: string): string | null;
}

export type FoundFile = { readonly file: string; readonly text: string };

const shapes = {
  module: ['.fnl', '/init.fnl', '.lua', '/init.lua'],
  macros: ['.fnlm', '.fnl', '/init-macros.fnl', '/init.fnl'],
} as const;

/** The files that a module of this name can be, in the order in which they are looked for. */
export function candidates(name: string, kind: keyof typeof shapes, folder = ''): string[] {
  const path = name.replaceAll('.', '/');
  // No name leads out of the folder: an empty part would be the root, or the folder above.
  if (path.split('/').includes('') || path.includes('\0')) return [];
  return shapes[kind].map((ending) => `${folder}${path}${ending}`);
}

/** Finds modules in a tree. `builtIn` are modules of macros that are in no tree. */
export const moduleFinder = (
  tree: Tree,
  builtIn: ReadonlyMap<string, FoundFile> = new Map(),
): ModuleFinder => ({
  find(name, kind) {
    const known = kind === 'macros' ? builtIn.get(name) : undefined;
    if (known !== undefined) return known;
    for (const file of candidates(name, kind, tree.folder)) {
      const text = tree.read(file);
      if (text !== null) return { file, text: withoutMark(text) };
    }
    return null;
  },
});

/** Without the byte order mark that some editors put before a text. */
export const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text);
