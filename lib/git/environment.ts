/**
 * The environment of every git that quire starts: the operator's, without what would point git elsewhere.
 *
 * Must not know: the environment of jobs.
 */

/** What `git rev-parse --local-env-vars` prints: the variables that tie a git process to one repository. */
export const localVariables: readonly string[] = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_CONFIG',
  'GIT_CONFIG_PARAMETERS',
  'GIT_CONFIG_COUNT',
  'GIT_OBJECT_DIRECTORY',
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_REPLACE_REF_BASE',
  'GIT_PREFIX',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_COMMON_DIR',
];

/** An operator's own settings, which no hook sets: where git and its config are, how it reaches a server. */
const operatorVariables: ReadonlySet<string> = new Set([
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
]);

/** Programs that git would start to ask a person something. */
const askers: ReadonlySet<string> = new Set(['EDITOR', 'PAGER', 'PREFIX', 'SSH_ASKPASS', 'VISUAL']);

export type Environment = Readonly<Record<string, string>>;

/**
 * `base` (default: this process's) without the hook's variables and without anything that asks a person; messages
 * in English, since some are read. `added` goes on top, `GIT_DIR` for instance.
 */
export function gitEnvironment(
  added: Environment = {},
  base: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    const strange = name.startsWith('GIT_') && !operatorVariables.has(name);
    if (value !== undefined && !strange && !askers.has(name)) kept[name] = value;
  }
  return {
    ...kept,
    LC_ALL: 'C',
    LANGUAGE: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    ...added,
  };
}
