// Colours, and signs for them where there are none. Separate so that a report is written once, for terminals and for files.

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warning(text: string): string;
  bad(text: string): string;
}

const sgr =
  (code: number) =>
  (text: string): string =>
    text === '' ? text : `\u001B[${code}m${text}\u001B[0m`;

export const COLOURED: Style = { bold: sgr(1), dim: sgr(2), good: sgr(32), warning: sgr(33), bad: sgr(31) };

const plain = (text: string): string => text;
export const PLAIN: Style = { bold: plain, dim: plain, good: plain, warning: plain, bad: plain };

/** NO_COLOR (https://no-color.org) counts when it is set and not empty. */
export function styleFor(output: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  const isWanted = output.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return isWanted ? COLOURED : PLAIN;
}
