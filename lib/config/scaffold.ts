/**
 * Which scaffold fits a project, by the files at its top.
 *
 * Must not know: where the templates are, or whether a pipeline is there already.
 */

/** A file of `templates/init/`, without `.fnl`. */
export type Scaffold = 'node' | 'rust' | 'go' | 'python' | 'make' | 'plain';

/** In order: a project with several is most of all the first. */
const signs: readonly (readonly [file: string, scaffold: Scaffold])[] = [
  ['package.json', 'node'],
  ['Cargo.toml', 'rust'],
  ['go.mod', 'go'],
  ['pyproject.toml', 'python'],
  ['Makefile', 'make'],
  ['makefile', 'make'],
  ['GNUmakefile', 'make'],
];

/** The scaffold for a directory that holds these names. */
export function scaffoldFor(names: readonly string[]): Scaffold {
  return signs.find(([file]) => names.includes(file))?.[1] ?? 'plain';
}
