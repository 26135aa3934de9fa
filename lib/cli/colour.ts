/**
 * Whether to colour, and how.
 *
 * Must not know: what is being coloured.
 */

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof codes;

/** Text in a style, or as it is where colours are not wanted. */
export type Paint = (style: Style, text: string) => string;

export const paintWith =
  (colours: boolean): Paint =>
  (style, text) => {
    if (!colours || text === '') return text;
    const [on, off] = codes[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };

export type ColourWish = {
  /** False for `--no-color`. */
  readonly asked: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
};

/** `--no-color` wins, then FORCE_COLOR, then NO_COLOR; without a word, colours are for terminals that can show them. */
export function wantsColour({ asked, env, isTerminal }: ColourWish): boolean {
  if (!asked) return false;
  const { FORCE_COLOR: forced, NO_COLOR: unwanted, TERM: terminal } = env;
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  if (unwanted !== undefined && unwanted !== '') return false;
  return isTerminal && terminal !== 'dumb';
}
