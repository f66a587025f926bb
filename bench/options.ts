// The benchmarks' command line. Separate so that a wrong one is said before anything starts.

import { parseArgs } from 'node:util';
import { UsageError } from '../dev/cluster/arguments.ts';

type Command = 'provision' | 'idle' | 'routing';

export interface BenchOptions {
  readonly command: Command | 'help';
  readonly tenants: number;
  /** idle: how long to watch the steady state. */
  readonly minutes: number;
  /** Roles and databases that the server holds before. */
  readonly existing: number;
  /** With the newest sample release: a migration Job per tenant. */
  readonly release: boolean;
  /** Measure the bare limit and nothing else. */
  readonly limitOnly: boolean;
  /** How many tenants the bare limit works on at the same time. */
  readonly parallel: number;
  /** PostgreSQL does not wait for the disk: what is left is what processors decide. */
  readonly noSync: boolean;
  /** routing: fewer and shorter rounds, fewer tenants that wake. */
  readonly quick: boolean;
  /** Where to write the results as JSON. */
  readonly json: string | undefined;
}

export const BENCH_HELP = `Measures the operator on a fresh cluster and a fresh PostgreSQL server of this machine, and routing on PostgreSQL alone.

Usage: npm run bench -- provision [--tenants 200] [--existing N] [--release] [--limit-only] [--parallel 8] [--json FILE]
       npm run bench -- idle [--tenants 1000] [--minutes 5] [--release] [--json FILE]
       npm run bench -- routing [--quick] [--json FILE]

provision   Tenants are applied first, then the operator is started. Prints tenants per second and seconds to Ready, SQL statements, new
            connections and API writes per tenant, memory and CPU seconds. Beside it, on the same servers and under the same logging, the
            bare limit: the same side effects with no operator logic at all, half of it measured before and half after.
idle        Waits until all tenants are Ready, then watches the steady state: API writes beyond the Lease's renewals, SQL statements per
            sweep, CPU seconds.
routing     The same handler on fixed pools and through routing, under node:http and Express 5, with 64 client connections; all servers are
            up at the same time and measured in turns. SHARE is the middle of the rounds, each against the fixed pools' measurement in that
            round; MIDDLE HALF says how far to trust it. CPU is the server's own time per request. With 50 tenants in use the fixed pools
            are 50, found by the Host header in a Map, with as many connections to PostgreSQL in all; one pool for everybody stands beside
            them. Then lookups, the memory of 10,000 known tenants, the time from a change to its effect, requests without the master
            database, and 1,000 tenants that wake within a minute, then within 20 s with no limit of pools, on a PostgreSQL server with
            100 connections. Ten minutes, --quick three. Figures do not change the exit code.

  --tenants N     how many (provision 200, idle 1000)
  --existing N    roles and databases of so many tenants on the server before, made directly
  --release       with the newest sample release; without it tenants become Ready with an empty schema
  --limit-only    only the bare limit
  --parallel N    tenants at the same time in the bare limit (8)
  --minutes N     how long idle watches (5)
  --no-sync       PostgreSQL does not wait for the disk; without it what is committed is on the disk
  --quick         fewer and shorter rounds, 200 tenants that wake in 12 s
  --json FILE     the results, with statements and writes by kind, as JSON
  --help          this text

provision and idle count from PostgreSQL's log and the API server's audit log, which are on throughout, for the operator and for the bare
limit.
`;

const OPTIONS = {
  tenants: { type: 'string' },
  minutes: { type: 'string', default: '5' },
  existing: { type: 'string', default: '0' },
  parallel: { type: 'string', default: '8' },
  release: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  'no-sync': { type: 'boolean', default: false },
  'limit-only': { type: 'boolean', default: false },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Throws UsageError. */
export const benchOptions = (argv: readonly string[]): BenchOptions => {
  const { values, positionals } = parsed(argv);
  const command = values.help ? 'help' : commandOf(positionals);
  return {
    command,
    tenants: positive('tenants', values.tenants ?? (command === 'idle' ? '1000' : '200')),
    minutes: positive('minutes', values.minutes),
    existing: atLeast(0, 'existing', values.existing),
    release: values.release,
    limitOnly: values['limit-only'],
    noSync: values['no-sync'],
    quick: values.quick,
    parallel: positive('parallel', values.parallel),
    json: values.json,
  };
};

const parsed = (argv: readonly string[]) => {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nnpm run bench -- --help tells what there is.`);
  }
};

const COMMANDS: readonly Command[] = ['provision', 'idle', 'routing'];

const commandOf = (positionals: readonly string[]): Command => {
  const [word, ...more] = positionals;
  const command = COMMANDS.find((known) => known === word);
  if (command === undefined || more.length > 0) {
    throw new UsageError('Say what to measure: npm run bench -- provision, idle or routing (--help tells more)');
  }
  return command;
};

const positive = (name: string, text: string): number => atLeast(1, name, text);

const atLeast = (least: number, name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new UsageError(`--${name} is a whole number from ${least} up, not "${text}"`);
  return value;
};
