import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Condition } from '../../../src/api/conditions.ts';
import type { StudioTenant } from '../../../src/api/studio-tenant.ts';
import type { Phase } from '../../../src/api/studio-tenant-status.ts';
import { aTenant } from '../../support/a-tenant.ts';
import { demoOptions } from '../../../dev/demo/options.ts';
import { UsageError } from '../../../dev/cluster/arguments.ts';
import { TENANTS } from '../../../dev/demo/expectations.ts';
import { liveTable } from '../../../dev/demo/live-table.ts';
import { age, isServed, isSettled, tenantRow, tenantState } from '../../../dev/demo/tenant-rows.ts';
import { terminal } from '../../../dev/demo/terminal.ts';
import { pino } from 'pino';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';

type Flags = Readonly<Record<string, 'True' | 'False'>>;

interface Looks {
  readonly phase?: Phase;
  readonly observed?: number;
  readonly name?: string;
}

const tenant = (flags: Flags, { phase = 'Provisioning', observed = 2, name = 'one' }: Looks = {}): StudioTenant =>
  aTenant({
    metadata: { name, uid: name, generation: 2 },
    spec: { displayName: 'One', subdomain: name },
    status: { observedGeneration: observed, phase, conditions: Object.entries(flags).map(([type, status]) => condition(type, status)) },
  });

const condition = (type: string, status: 'True' | 'False'): Condition => ({
  type,
  status,
  reason: status === 'True' ? 'InSync' : 'Waiting',
  message: `${type} is ${status}`,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

describe('a tenant', () => {
  it.each<[string, boolean, Flags, object]>([
    ['served', true, { Ready: 'True', Reconciling: 'False', Stalled: 'False' }, { phase: 'Ready' }],
    ['in need of a person', true, { Ready: 'False', Reconciling: 'False', Stalled: 'True' }, { phase: 'Failed' }],
    ['being worked on', false, { Ready: 'False', Reconciling: 'True', Stalled: 'False' }, {}],
    ['served and being changed', false, { Ready: 'True', Reconciling: 'True', Stalled: 'False' }, { phase: 'Upgrading' }],
    ['changed since it was looked at', false, { Ready: 'True', Reconciling: 'False' }, { observed: 1 }],
    ['not looked at', false, {}, { observed: -1 }],
  ])('%s has come to its end: %s', (_what, settled, flags, more) => {
    expect(isSettled(tenant(flags, more))).toBe(settled);
  });

  it('is served when it is Ready, and not when it is suspended as asked', () => {
    expect(isServed(tenant({ Ready: 'True' }, { phase: 'Ready' }))).toBe(true);
    expect(isServed(tenant({ Ready: 'True' }, { phase: 'Suspended' }))).toBe(false);
  });

  it('has a row with what kubectl shows', () => {
    const row = tenantRow(tenant({ Ready: 'False' }), new Date('2026-01-01T00:02:05Z'));
    expect(row).toEqual([
      'one',
      'one',
      { text: 'Provisioning', style: 'yellow' },
      'False',
      'Waiting',
      '2m5s',
      { text: 'Ready is False', style: 'dim' },
    ]);
  });

  it('has changed for a person only when phase or Ready say something else', () => {
    const before = tenant({ Ready: 'False', SchemaReady: 'False' });
    expect(tenantState(tenant({ Ready: 'False', SchemaReady: 'True' }))).toBe(tenantState(before));
    expect(tenantState(tenant({ Ready: 'True', SchemaReady: 'True' }))).not.toBe(tenantState(before));
  });
});

describe('an age', () => {
  it.each([
    [0, '0s'],
    [-500, '0s'],
    [119_999, '119s'],
    [120_000, '2m'],
    [125_000, '2m5s'],
    [11 * 60_000, '11m'],
    [3 * 3_600_000, '3h'],
    [50 * 3_600_000, '2d'],
  ])('of %d ms is %s', (milliseconds, text) => {
    expect(age(milliseconds)).toBe(text);
  });
});

describe('the tenants as they change', () => {
  afterEach(() => void vi.useRealTimers());

  let version = 0;
  const put = (memory: MemoryStore<StudioTenant>, changed: StudioTenant): void => {
    version += 1;
    const metadata = { ...changed.metadata, resourceVersion: String(version) };
    memory.set(`studio-tenants/${metadata.name}`, { ...changed, metadata }, 'watch');
  };

  const store = (...tenants: readonly StudioTenant[]) => {
    const memory = new MemoryStore<StudioTenant>({ log: pino({ level: 'silent' }) });
    for (const each of tenants) put(memory, each);
    return memory;
  };

  it('are a line per change without a terminal, and a table at the end', () => {
    let text = '';
    const tenants = store(tenant({ Ready: 'False' }));
    const table = liveTable(terminal({ write: (more: string) => (text += more) }, {}), tenants, performance.now());
    put(tenants, tenant({ Ready: 'False', SchemaReady: 'True' }));
    put(tenants, tenant({ Ready: 'True' }, { phase: 'Ready' }));
    table.end();
    const lines = text.trimEnd().split('\n');
    expect(lines.slice(0, 2).map((line) => line.replace(/^ *\d+\.\d s {2}/, ''))).toEqual([
      'one                 Provisioning  Waiting: Ready is False',
      'one                 Ready         InSync: Ready is True',
    ]);
    expect(lines[3]).toMatch(/^ {2}NAME +SUBDOMAIN +PHASE/);
    expect(lines).toHaveLength(5);
  });

  it('are one table in a terminal, drawn again over itself', () => {
    vi.useFakeTimers();
    let text = '';
    const tenants = store(tenant({ Ready: 'False' }), tenant({ Ready: 'False' }, { name: 'two' }));
    const output = { isTTY: true, columns: 100, rows: 30, write: (more: string) => (text += more) };
    const table = liveTable(terminal(output, { NO_COLOR: '1' }), tenants, 0);
    vi.advanceTimersByTime(600);
    table.end();
    vi.advanceTimersByTime(600);
    expect(text.split('\u001B[3F\u001B[J')).toHaveLength(4);
    expect(text.split('NAME')).toHaveLength(5);
  });
});

describe('the command line of the demo', () => {
  it('ends after the last chapter where nobody watches', () => {
    expect(demoOptions([], true).once).toBe(false);
    expect(demoOptions([], false).once).toBe(true);
    expect(demoOptions(['--once'], true).once).toBe(true);
  });

  it('takes a cluster that is there already', () => {
    const argv = ['--context', 'kind', '--image', 'studio-operator:7', '--postgres-url', 'postgresql://a:b@db/postgres', '--once'];
    expect(demoOptions(argv, true).existing).toEqual({
      context: 'kind',
      image: 'studio-operator:7',
      postgresUrl: 'postgresql://a:b@db/postgres',
    });
  });

  it.each([[['--twice']], [['now']], [['--context', 'kind']]])('refuses %j with a sentence', (argv) => {
    expect(() => demoOptions(argv, true)).toThrow(UsageError);
  });
});

describe('the expectations', () => {
  it('name each tenant once', () => {
    expect(new Set(TENANTS.map((expected) => expected.tenant)).size).toBe(TENANTS.length);
  });
});
