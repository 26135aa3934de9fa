/**
 * Completion scripts, made from the command line itself.
 *
 * Each script walks the words before the cursor to the command they lead to, then offers what may follow.
 * Pure. Must not know: what any command does.
 */
import type { Level, Word } from './command-tree.ts';
import { shellWord } from './hook-file.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const makers: Readonly<Record<Shell, (levels: readonly Level[]) => string>> = { bash, zsh, fish };

export const completionFor = (shell: Shell, levels: readonly Level[]): string => makers[shell](levels);

/** `case` arms that follow the words of a command line from one level to the next. */
const walk = (levels: readonly Level[], say: (path: string) => string): string =>
  levels
    .filter(({ path }) => path !== '')
    .map(({ path }) => `      ${shellWord(say(path))}) path=${shellWord(path)} ;;`)
    .join('\n');

function bash(levels: readonly Level[]): string {
  const offers = levels.map(
    ({ path, commands, options }) =>
      `    ${shellWord(path)}) offers=${shellWord([...commands, ...options].map(({ word }) => word).join(' '))} ;;`,
  );
  return `# Completion of quire for bash. Use it with: source <(quire completion bash)
_quire() {
  local current=\${COMP_WORDS[COMP_CWORD]} path= offers= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
${walk(levels, (path) => path)}
    esac
  done
  case $path in
${offers.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$offers" -- "$current"))
}
complete -o default -F _quire quire
`;
}

function zsh(levels: readonly Level[]): string {
  const described = (words: readonly Word[]): string =>
    words.map(({ word, about }) => shellWord(`${word.replaceAll(':', '\\:')}:${about}`)).join(' ');
  const offers = levels.map(
    ({ path, commands, options }) =>
      `    ${shellWord(path)}) commands=(${described(commands)}); options=(${described(options)}) ;;`,
  );
  return `#compdef quire
# Completion of quire for zsh. Use it with: source <(quire completion zsh)
_quire() {
  local at= word
  local -a commands options
  for word in \${words[2,CURRENT-1]}; do
    case "\${at:+$at }$word" in
${walk(levels, (path) => path).replaceAll(') path=', ') at=')}
    esac
  done
  case $at in
${offers.join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -t options option options
  elif (( \${#commands} )); then
    _describe -t commands command commands
  else
    _files
  fi
}
compdef _quire quire
`;
}

function fish(levels: readonly Level[]): string {
  const lines = levels.flatMap(({ path, commands, options }) => {
    const when = `-n ${fishWord(`__quire_at '${path}'`)}`;
    return [
      ...commands.map(
        ({ word, about }) => `complete -c quire -f ${when} -a ${fishWord(word)} -d ${fishWord(about)}`,
      ),
      ...options.map(({ word, about }) =>
        word.startsWith('--')
          ? `complete -c quire ${when} -l ${fishWord(word.slice(2))} -d ${fishWord(about)}`
          : `complete -c quire ${when} -s ${fishWord(word.slice(1))} -d ${fishWord(about)}`,
      ),
    ];
  });
  const arms = levels
    .filter(({ path }) => path !== '')
    .map(({ path }) => `      case ${fishWord(path)}\n        set path ${fishWord(path)}`);
  return `# Completion of quire for fish. Use it with: quire completion fish | source
function __quire_at
  set -l path ''
  for word in (commandline -opc)[2..-1]
    switch (string trim "$path $word")
${arms.join('\n')}
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** In fish's single quotes, only the quote and the backslash are special. */
const fishWord = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
