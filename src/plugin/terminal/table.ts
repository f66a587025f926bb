// Tables as kubectl prints them. In a narrow terminal the columns that matter least go first, then the widest is cut.
// Separate because it knows nothing of what it shows.
import { fitted, harmless, widthOf } from './text.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Paints what `value` gave, after it was cut to fit. */
  readonly paint?: (text: string, row: Row) => string;
  /** The higher, the sooner it goes; 0 (as when left out) never does. */
  readonly dispensable?: number;
}

const GAP = 3;
const NARROWEST = 10;

export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): string {
  const shown = fittingColumns(rows, columns, width);
  const widths = fittingWidths(
    shown.map((column) => naturalWidth(rows, column)),
    width,
  );
  const lines = [
    shown.map(({ title }, i) => pad(fitted(title, widths[i] ?? 0), widths[i] ?? 0)),
    ...rows.map((row) =>
      shown.map(({ value, paint }, i) => {
        const text = fitted(clean(value(row)), widths[i] ?? 0);
        return pad(paint?.(text, row) ?? text, widths[i] ?? 0);
      }),
    ),
  ];
  return lines.map((cells) => cells.join(' '.repeat(GAP)).trimEnd()).join('\n');
}

const clean = (text: string): string => harmless(text).replaceAll(/\s+/g, ' ');

const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(width - widthOf(text), 0));

const naturalWidth = <Row>(rows: readonly Row[], { title, value }: Column<Row>): number =>
  rows.reduce((widest, row) => Math.max(widest, widthOf(clean(value(row)))), widthOf(title));

const total = (widths: readonly number[]): number => widths.reduce((sum, each) => sum + each, 0) + GAP * Math.max(widths.length - 1, 0);

function fittingColumns<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): readonly Column<Row>[] {
  const next = columns.toSorted((a, b) => (b.dispensable ?? 0) - (a.dispensable ?? 0))[0];
  const isEnough = total(columns.map((column) => naturalWidth(rows, column))) <= width;
  if (isEnough || next === undefined || (next.dispensable ?? 0) === 0) return columns;
  return fittingColumns(
    rows,
    columns.filter((column) => column !== next),
    width,
  );
}

function fittingWidths(widths: readonly number[], width: number): readonly number[] {
  const excess = total(widths) - width;
  const widest = Math.max(...widths);
  if (excess <= 0 || widest <= NARROWEST) return widths;
  const at = widths.indexOf(widest);
  // Down to the next widest at most, so that several wide columns give way together.
  const second = Math.max(NARROWEST, ...widths.filter((each, i) => i !== at && each < widest));
  const narrowed = Math.max(widest - excess, Math.min(second, widest - 1));
  return fittingWidths(widths.with(at, narrowed), width);
}
