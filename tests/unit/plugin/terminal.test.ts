/** What is printed: widths, colours, and a fleet of thousands. */
import { describe, expect, it } from 'vitest';

import type { Tenant } from '../../../src/plugin/kubernetes/objects.ts';
import { renderFleet } from '../../../src/plugin/fleet/render.ts';
import { fleetReport } from '../../../src/plugin/fleet/report.ts';
import { age } from '../../../src/plugin/terminal/age.ts';
import { PLAIN, styleFor } from '../../../src/plugin/terminal/style.ts';
import { table } from '../../../src/plugin/terminal/table.ts';
import { harmless, widthOf, wrapped } from '../../../src/plugin/terminal/text.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');

function tenants(count: number, failing = 0): readonly Tenant[] {
  return Array.from({ length: count }, (_, i) => {
    const isFailing = i < failing;
    const [ready, stalled] = isFailing ? ['False', 'True'] : ['True', 'False'];
    const reason = isFailing ? 'MigrationFailed' : 'InSync';
    const message = isFailing ? 'The migration failed with a sentence that is longer than a narrow terminal has room for.' : 'Serving';
    return {
      metadata: { name: `studio-${i}`, namespace: 'studio-tenants', generation: 1, creationTimestamp: '2029-12-31T00:00:00Z' },
      spec: { plan: 'pro' },
      status: {
        observedGeneration: 1,
        phase: isFailing ? 'Failed' : 'Ready',
        database: { server: 'main', name: `studio_${i}_db` },
        conditions: [
          { type: 'Ready', status: ready, reason, message, lastTransitionTime: '2029-12-31T00:00:00Z' },
          { type: 'Stalled', status: stalled, reason, message },
        ],
      },
    };
  });
}

const rendered = (count: number, failing: number, width: number, showsAll = false): string =>
  renderFleet(
    fleetReport({ tenants: tenants(count, failing), servers: [], releases: [], gaps: [] }),
    { style: PLAIN, width, nowMs: NOW },
    showsAll,
  );

describe('a fleet', () => {
  it('of 5,000 tenants shows what needs a person and says how to see the rest', () => {
    const page = rendered(5000, 30, Infinity);

    expect(page).toContain('5000 tenants in all namespaces: 4970 serving, 30 need a person');
    expect(page).toContain('and 20 more: kubectl studio status --all');
    expect(page).toContain('and 4950 more: kubectl studio status --all');
    expect(page.split('\n').length).toBeLessThan(120);
    expect(rendered(5000, 30, Infinity, true).match(/^studio-tenants +studio-\d+/gm)).toHaveLength(5000);
  });

  it.each([40, 60, 80, 120])('keeps within %i columns, names and phases included', (width) => {
    const page = rendered(12, 2, width);

    expect(page.split('\n').filter((line) => widthOf(line) > width)).toEqual([]);
    expect(page).toMatch(/^studio-11 +Ready|^studio-tenants +studio-11 +Ready/m);
  });
});

describe('a table', () => {
  it('gives up the columns that matter least first', () => {
    const columns = [
      { title: 'NAME', value: ({ name }: { name: string; note: string }) => name },
      { title: 'NOTE', value: ({ note }: { name: string; note: string }) => note, dispensable: 1 },
    ];
    const rows = [{ name: 'one', note: 'a note' }];

    expect(table(rows, columns, 40)).toBe('NAME   NOTE\none    a note');
    expect(table(rows, columns, 10)).toBe('NAME\none');
  });
});

describe('text', () => {
  it('that others wrote cannot steer the terminal', () => {
    expect(harmless('a\u001B[2Jb\u0007c\u009B31md\ne')).toBe('abcd\ne');
  });

  it('is broken at spaces', () => {
    expect(wrapped('one two three', 7)).toBe('one two\nthree');
  });

  it('has colours for people alone', () => {
    expect(styleFor({ isTTY: true }, {}).bad('x')).toContain('\u001B[31m');
    expect(styleFor({ isTTY: true }, { NO_COLOR: '1' }).bad('x')).toBe('x');
    expect(styleFor({}, {}).bad('x')).toBe('x');
  });

  it.each([
    ['2029-12-31T23:58:31Z', '89s'],
    ['2029-12-31T23:00:00Z', '60m'],
    ['2029-12-29T00:00:00Z', '3d'],
    ['2030-01-01T00:00:09Z', '0s'],
    [undefined, '?'],
  ])('tells that %s was %s ago', (since, expected) => {
    expect(age(since, NOW)).toBe(expected);
  });
});
