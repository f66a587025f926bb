import { describe, expect, it } from 'vitest';
import { newReport, equal } from '../../../dev/demo/report.ts';
import { rowLines, tableLines } from '../../../dev/demo/table.ts';
import { cleared, fitted, terminal, wrapped, type Output } from '../../../dev/demo/terminal.ts';

class Recorded implements Output {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;
  constructor(isTTY: boolean, columns: number) {
    this.isTTY = isTTY;
    this.columns = columns;
  }
  write(text: string): void {
    this.text += text;
  }
}

const ESCAPE = '\u001B';

describe('a terminal', () => {
  it('has colours and can be drawn on again', () => {
    const smart = terminal(new Recorded(true, 100), {});
    expect(smart.style('green', 'ok')).toBe(`${ESCAPE}[32mok${ESCAPE}[0m`);
    expect(smart.isLive).toBe(true);
    expect(smart.columns).toBe(100);
  });

  it('is never wider than 120 columns', () => {
    expect(terminal(new Recorded(true, 300), {}).columns).toBe(120);
  });

  it.each([
    ['NO_COLOR', new Recorded(true, 100), { NO_COLOR: '1' }],
    ['a dumb terminal', new Recorded(true, 100), { TERM: 'dumb' }],
    ['a file', new Recorded(false, 0), {}],
  ])('has no colours with %s', (_name, output, env) => {
    expect(terminal(output, env).style('red', 'text')).toBe('text');
  });

  it('is not drawn on again where nothing can move a cursor', () => {
    expect(terminal(new Recorded(false, 0), {}).isLive).toBe(false);
    expect(terminal(new Recorded(true, 100), { TERM: 'dumb' }).isLive).toBe(false);
    expect(terminal(new Recorded(true, 100), { NO_COLOR: '1' }).isLive).toBe(true);
  });
});

describe('text', () => {
  it('is cut with an ellipsis, in one line', () => {
    expect(fitted('one\n  two three', 8)).toBe('one two…');
    expect(fitted('short', 8)).toBe('short');
    expect(fitted('anything', 0)).toBe('…'.slice(0, 1));
  });

  it('is broken at spaces, and a long word stays whole', () => {
    expect(wrapped('a postgresql://address/that/is/long and more', 10)).toEqual(['a', 'postgresql://address/that/is/long', 'and more']);
  });

  it('is cleared by as many lines as were drawn', () => {
    expect(cleared(3)).toBe(`${ESCAPE}[3F${ESCAPE}[J`);
    expect(cleared(0)).toBe('');
  });
});

describe('a table', () => {
  const narrow = { columns: 24, style: (_style: string, text: string) => text };

  it('is as wide as its content and cuts the last column', () => {
    const lines = tableLines(
      narrow,
      [{ title: 'NAME' }, { title: 'N', isNumber: true }, { title: 'MESSAGE' }],
      [
        ['one', 5, 'all is well in here'],
        ['twelve', 120, ''],
      ],
    );
    expect(lines).toEqual(['  NAME      N  MESSAGE', '  one       5  all is w…', '  twelve  120']);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(24);
  });

  it('pads before it colours, so that columns stay aligned', () => {
    const coloured = { columns: 40, style: (_style: string, text: string) => `<${text}>` };
    const lines = tableLines(
      coloured,
      [{ title: 'A' }, { title: 'B' }],
      [
        [{ text: 'x', style: 'green' }, 'y'],
        ['longer', 'z'],
      ],
    );
    expect(lines).toEqual(['  <A     >  <B>', '  <x     >  y', '  longer  z']);
  });

  it('of rows has the names of their columns, and nothing for null', () => {
    const rows = [{ id: 1, name: null, at: new Date(0) }];
    expect(rowLines({ ...narrow, columns: 80 }, rows)).toEqual(['  ID  NAME  AT', '  1         1970-01-01T00:00:00.000Z']);
  });
});

describe('a report', () => {
  it('prints a line that passed or failed, says what was found, and counts', () => {
    const output = new Recorded(false, 0);
    const report = newReport(terminal(output, {}));
    report.check('one is one', equal(1, 1));
    report.check('one is two', equal(1, 2));
    expect(output.text).toBe('  ok   one is one\n  FAIL one is two\n       found: 1\n');
    expect([report.passed, report.failed]).toEqual([1, 1]);
  });
});
