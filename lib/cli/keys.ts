/**
 * Single keys of the terminal on standard input.
 *
 * Must not know: what a key does.
 */

export type Keys = { close(): void };

/** ^C comes as a key here: a terminal that hands over single keys sends no signals. */
export const interruptKey = '\u0003';

/** Hears keys until closed; null where standard input is no terminal. */
export function listenToKeys(press: (key: string) => void): Keys | null {
  const { stdin } = process;
  if (!stdin.isTTY) return null;
  const heard = (bytes: Buffer): void => {
    for (const key of bytes.toString()) press(key);
  };
  stdin.setRawMode(true);
  stdin.on('data', heard);
  return {
    close: () => {
      stdin.off('data', heard);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
