import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../dev/cluster/arguments.ts';
import { inParallel } from '../../../bench/in-parallel.ts';
import { benchOptions } from '../../../bench/options.ts';
import { percentile } from '../../../bench/percentile.ts';
import { cpuTicks, megabytes } from '../../../bench/process-usage.ts';
import { idleRows, provisionRows } from '../../../bench/report.ts';

describe('percentiles', () => {
  it('are values that were measured', () => {
    const values = [5, 1, 4, 2, 3];
    expect(percentile(values, 0.5)).toBe(3);
    expect(percentile(values, 0.99)).toBe(5);
    expect(percentile(values, 0)).toBe(1);
    expect(percentile([7], 0.5)).toBe(7);
  });

  it('of nothing are no number', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe('/proc', () => {
  it('gives user and system time whatever the program is called', () => {
    const stat = '4242 (node (a b) c) S 1 4242 4242 0 -1 4194304 100 0 0 0 250 31 0 0 20 0 11 0 12345 1000000 2000';
    expect(cpuTicks(stat)).toBe(281);
  });

  it('gives memory in megabytes of a million bytes', () => {
    expect(megabytes('VmPeak:\t 900000 kB\nVmHWM:\t  229376 kB\nVmRSS:\t  204800 kB\n', 'VmRSS')).toBe(210);
  });
});

describe('workers in parallel', () => {
  it('do every piece once', async () => {
    const done: number[] = [];
    await inParallel(7, 3, async (index) => void done.push(index));
    expect(done.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('begin nothing more after a failure, and report it', async () => {
    const begun: number[] = [];
    const work = async (index: number): Promise<void> => {
      begun.push(index);
      if (index === 2) throw new Error('no');
    };
    await expect(inParallel(100, 1, work)).rejects.toThrow('no');
    expect(begun).toEqual([0, 1, 2]);
  });
});

describe('the command line of the benchmarks', () => {
  it('has the defaults of each command', () => {
    expect(benchOptions(['provision'])).toMatchObject({ command: 'provision', tenants: 200, existing: 0, release: false, parallel: 8 });
    expect(benchOptions(['idle'])).toMatchObject({ command: 'idle', tenants: 1000, minutes: 5 });
    expect(benchOptions(['routing'])).toMatchObject({ command: 'routing', quick: false });
  });

  it('takes numbers and flags', () => {
    const options = benchOptions(['provision', '--tenants', '50', '--existing=2000', '--release', '--json', 'out.json']);
    expect(options).toMatchObject({ tenants: 50, existing: 2000, release: true, json: 'out.json' });
    expect(benchOptions(['routing', '--quick'])).toMatchObject({ command: 'routing', quick: true });
  });

  it.each([[[]], [['deploy']], [['provision', '--tenants', 'many']], [['provision', '--tenants', '0']], [['idle', '--colour']]])(
    'refuses %j with a sentence',
    (argv) => {
      expect(() => benchOptions(argv)).toThrow(UsageError);
    },
  );
});

const COUNTS = { statements: 0, messages: 0, connections: 0, errors: 0 };

describe('the results', () => {
  it('compare the operator with the bare limit of the same run', () => {
    const rows = provisionRows({
      kind: 'provision',
      options: { tenants: 100, existing: 0, release: false, parallel: 8, noSync: false },
      limit: { tenants: 100, seconds: 8, latenciesMs: [500], sql: { ...COUNTS, statements: 1800 }, apiWrites: 600 },
      operator: {
        secondsFromStart: 12,
        seconds: 10,
        secondsToReady: [3, 6, 12],
        workedSeconds: [1, 2, 3],
        sql: { operator: { ...COUNTS, statements: 2000 }, probe: { ...COUNTS, connections: 100 }, job: COUNTS, atStart: COUNTS },
        apiWrites: 650,
        apiWritesRefused: 0,
        writesByWhat: {},
        statementsByShape: {},
        cpuSeconds: 5,
        rssMegabytes: 200,
        peakRssMegabytes: 220,
      },
    });
    const byName = Object.fromEntries(rows.map(([name, ...values]) => [name, values]));
    expect(byName['tenants per second']).toEqual(['10.0', '12.5']);
    expect(byName['share of the bare limit']).toEqual(['80 %', '100 %']);
    expect(byName['SQL statements per tenant']).toEqual(['20.0', '18.0']);
    expect(byName['new connections per tenant']).toEqual(['1.0', '0.0']);
    expect(byName['API writes per tenant']).toEqual(['6.5', '6.0']);
  });

  it('of a steady state are per sweep', () => {
    const rows = idleRows(
      {
        kind: 'idle',
        options: { tenants: 1000, minutes: 5, release: false },
        seconds: 300,
        apiWrites: 0,
        writesByWhat: {},
        leaseRenewals: 150,
        server: { ...COUNTS, statements: 5 },
        master: { ...COUNTS, statements: 5 },
        logins: 500,
        probes: { ...COUNTS, connections: 1000 },
        statementsByShape: {},
        cpuSeconds: 10,
        rssMegabytes: 210,
      },
      60,
    );
    const byName = Object.fromEntries(rows.map(([name, value]) => [name, value]));
    expect(byName["API writes beyond the Lease's renewals"]).toBe(0);
    expect(byName['SQL statements on the server per sweep (60 s)']).toBe('1.0');
    expect(byName['CPU seconds per minute']).toBe('2.0');
  });
});
