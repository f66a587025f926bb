// Widths and lines: what fits a terminal. Colours have no width. Separate because tables and sentences share it.
import { stripVTControlCharacters } from 'node:util';

/** Columns that text takes; characters outside ASCII are counted as one. */
export function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

/** At most `width` columns, with an ellipsis where something was cut off. For text without colours. */
export function fitted(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(width - 1, 0)).join('')}…`;
}

/**
 * Control characters out, newlines aside: what a status or a log carries was written by others and must not steer the terminal.
 */
export function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '');
}

/** `broken`, for text that others wrote. */
export function wrapped(text: string, width: number, indent = ''): string {
  return broken(harmless(text), width, indent);
}

/** Lines of at most `width` columns, broken at spaces, each after the first indented. A longer word stands alone, unbroken. */
export function broken(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      const isFull = line !== '' && widthOf(`${lines.length === 0 ? '' : indent}${line} ${word}`) > width;
      if (isFull) lines.push(line);
      line = isFull || line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.join(`\n${indent}`);
}

/** `label` beside a wrapped text. */
export function labelled(label: string, text: string, { width, indent }: { readonly width: number; readonly indent: number }): string {
  const margin = ' '.repeat(indent);
  return `${label}${' '.repeat(Math.max(indent - widthOf(label), 1))}${wrapped(text, Math.max(width - indent, 20), '').replaceAll('\n', `\n${margin}`)}`;
}

export function plural(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
