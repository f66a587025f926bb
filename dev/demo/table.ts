// Text tables like kubectl's: as wide as their content, no wider than the terminal. Pure; separate because the live table, the
// listings and the benchmark's results are drawn by the same rules.

import { fitted, type Style, type Terminal } from './terminal.ts';

export interface Column {
  readonly title: string;
  /** Right-aligned; for numbers. */
  readonly isNumber?: boolean;
}

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

export type Row = readonly (string | number | Cell)[];

const GAP = '  ';

/** Lines without line breaks. The last column gets what is left of the width; `indent` is put before each line. */
export const tableLines = (
  { columns: width, style }: Pick<Terminal, 'columns' | 'style'>,
  columns: readonly Column[],
  rows: readonly Row[],
  indent = '  ',
): readonly string[] => {
  const cells = rows.map((row) => row.map(cellOf));
  const widths = columnWidths(columns, cells, width - indent.length);
  const header = columns.map(({ title }): Cell => ({ text: title, style: 'dim' }));
  return [header, ...cells].map((row) => {
    const line = row.map((cell, index) => {
      const padded = aligned(cell.text, widths[index] ?? 0, columns[index]?.isNumber ?? false);
      // Nothing is written behind the last word: colours would keep it there.
      const text = index === row.length - 1 ? padded.trimEnd() : padded;
      return cell.style === undefined ? text : style(cell.style, text);
    });
    return `${indent}${line.join(GAP)}`.trimEnd();
  });
};

/** Rows of a query, with its column names in the head. */
export const rowLines = (
  terminal: Pick<Terminal, 'columns' | 'style'>,
  rows: readonly Readonly<Record<string, unknown>>[],
): readonly string[] => {
  const names = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => names.map((name) => plain(row[name])));
  return tableLines(
    terminal,
    names.map((name) => ({ title: name.toUpperCase() })),
    cells,
  );
};

const plain = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
};

const cellOf = (cell: string | number | Cell): Cell => (typeof cell === 'object' ? cell : { text: String(cell) });

const columnWidths = (columns: readonly Column[], rows: readonly (readonly Cell[])[], available: number): readonly number[] => {
  const natural = columns.map(({ title }, index) => Math.max(title.length, ...rows.map((row) => row[index]?.text.length ?? 0)));
  const others = natural.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const last = Math.min(natural.at(-1) ?? 0, Math.max(available - others, 0));
  return [...natural.slice(0, -1), last];
};

const aligned = (text: string, width: number, isNumber: boolean): string => {
  const cut = fitted(text, width);
  return isNumber ? cut.padStart(width) : cut.padEnd(width);
};
