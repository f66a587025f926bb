// What we may do with the place our output goes to: colours, cursor movements, width. Separate because every chapter writes, and
// none of them should ask whether there is a terminal.

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

export interface Terminal {
  /** At most 120, also where the window is wider. */
  readonly columns: number;
  /** Rows of the window; lines that have left it cannot be drawn again. */
  readonly rows: number;
  /** Whether lines can be drawn again in place. */
  readonly isLive: boolean;
  style(style: Style, text: string): string;
  line(text?: string): void;
  /** As it is, without a line break. */
  raw(text: string): void;
}

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const MAX_COLUMNS = 120;
const CODES: Readonly<Record<Style, number>> = { bold: 1, dim: 2, green: 32, red: 31, yellow: 33, cyan: 36 };
const ESCAPE = '\u001B[';

/** Honours NO_COLOR (https://no-color.org) and TERM=dumb. */
export const terminal = (output: Output, env: NodeJS.ProcessEnv): Terminal => {
  const isTerminal = output.isTTY === true;
  const isSmart = isTerminal && env['TERM'] !== 'dumb';
  const hasColours = isSmart && (env['NO_COLOR'] ?? '') === '';
  return {
    get columns() {
      return isTerminal ? Math.min(output.columns ?? 80, MAX_COLUMNS) : MAX_COLUMNS;
    },
    get rows() {
      return output.rows ?? 24;
    },
    isLive: isSmart,
    style: (style, text) => (hasColours && text !== '' ? `${ESCAPE}${CODES[style]}m${text}${ESCAPE}0m` : text),
    line: (text = '') => void output.write(`${text}\n`),
    raw: (text) => void output.write(text),
  };
};

/** Moves to the first of the last `lines` lines and clears from there on. */
export const cleared = (lines: number): string => (lines === 0 ? '' : `${ESCAPE}${lines}F${ESCAPE}J`);

/** Cut to `width` with an ellipsis; line breaks become spaces. */
export const fitted = (text: string, width: number): string => {
  const line = text.replaceAll(/\s*\n\s*/g, ' ');
  return line.length <= width ? line : `${line.slice(0, Math.max(width - 1, 0))}…`;
};

/** Broken into lines of at most `width` at spaces; a longer word stays whole, so that addresses can be copied. */
export const wrapped = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};
