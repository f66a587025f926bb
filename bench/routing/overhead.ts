// What routing costs a request: the same handler on fixed pools and through routing, all servers up at the same time and measured in
// turns, so that whatever else the machine does hits every one of them.

import { StartedParts } from '../../dev/cluster/started-parts.ts';
import { withProgress } from '../../dev/progress.ts';
import { startChild, type Child } from './child.ts';
import type { ClientCalls } from './client-process.ts';
import { BASE_DOMAIN, type Platform } from './platform.ts';
import { cpuShareOf, schedule, shareOf, summary, type Load, type Share, type Summary } from './rounds.ts';
import type { ServerCalls } from './server-process.ts';
import type { TenantLogin, Variant } from './variants.ts';

export interface Scenario {
  readonly inUse: number;
  readonly known: number;
  readonly connectionsPerTenant: number;
}

export interface Pace {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** By rounds. */
interface Measured extends Variant {
  readonly loads: readonly Load[];
}

export interface Compared extends Measured {
  readonly summary: Summary;
  /** Of the fixed pools' throughput under the same frame; undefined for those themselves. */
  readonly share: Share | undefined;
  /** Of their processor time per request. */
  readonly cpuShare: Share | undefined;
}

export interface ScenarioResult extends Scenario {
  readonly servers: readonly Compared[];
}

export const CLIENT_CONNECTIONS = 64;

/** As many connections to PostgreSQL on both sides: 10 for one tenant, as a pool has by default, else two for each tenant. */
export const SCENARIOS: readonly Scenario[] = [
  { inUse: 1, known: 1, connectionsPerTenant: 10 },
  { inUse: 50, known: 100, connectionsPerTenant: 2 },
  { inUse: 50, known: 5_000, connectionsPerTenant: 2 },
];

/** The baseline of a frame comes before what is compared with it. */
export const variantsOf = ({ inUse }: Scenario): readonly Variant[] => {
  const baseline = inUse === 1 ? 'one pool' : 'pool per tenant';
  const reference: readonly Variant[] = inUse === 1 ? [] : [{ frame: 'node:http', source: 'one pool' }];
  const pairs = (['node:http', 'Express 5'] as const).flatMap((frame): readonly Variant[] => [
    { frame, source: baseline },
    { frame, source: 'routing' },
  ]);
  return [...reference, ...pairs];
};

/** All scenarios, one after the other. */
export const overhead = async (
  platform: Platform,
  scenarios: readonly Scenario[],
  pace: Pace,
  signal: AbortSignal,
): Promise<readonly ScenarioResult[]> => {
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const parts = new StartedParts();
    try {
      const field = await started(platform, scenario, parts);
      results.push({ ...scenario, servers: comparisons(await measured(field, pace, signal)) });
    } finally {
      await parts.stop();
    }
  }
  return results;
};

interface RunningServer {
  readonly variant: Variant;
  readonly child: Child<ServerCalls>;
  readonly port: number;
}

interface Field {
  readonly scenario: Scenario;
  readonly client: Child<ClientCalls>;
  readonly servers: readonly RunningServer[];
  readonly hosts: readonly string[];
}

const started = async (platform: Platform, scenario: Scenario, parts: StartedParts): Promise<Field> => {
  const tenants = platform.tenants.slice(0, scenario.inUse);
  const hosts = tenants.map(({ host }) => host);
  const known = [...platform.tenants.map(({ host }) => host), ...platform.others].slice(0, scenario.known);
  const client = parts.add(startChild<ClientCalls>('client-process.ts'));
  const servers: RunningServer[] = [];
  for (const variant of variantsOf(scenario)) {
    const child = parts.add(startChild<ServerCalls>('server-process.ts'));
    const { server, applicationUrl } = platform;
    const port = await child.ask('serve', {
      ...variant,
      postgres: { host: server.host, port: server.port },
      masterUrl: applicationUrl,
      baseDomain: BASE_DOMAIN,
      tenants,
      known,
      connections: scenario.connectionsPerTenant * scenario.inUse,
      connectionsPerTenant: scenario.connectionsPerTenant,
      maxPools: scenario.inUse,
    });
    const running = { variant, child, port };
    await checkAnswers(client, running, tenants);
    servers.push(running);
  }
  return { scenario, client, servers, hosts };
};

/** Rejects unless every host is answered with rows of its own database: a fast wrong answer is none. */
const checkAnswers = async (
  client: Child<ClientCalls>,
  { variant, port }: RunningServer,
  tenants: readonly TenantLogin[],
): Promise<void> => {
  for (const [index, { host, database }] of tenants.entries()) {
    const expected = variant.source === 'one pool' ? tenants[0]?.database : database;
    const { status, body } = await client.ask('get', { port, host });
    if (status !== 200 || !body.includes(`"${expected}"`)) {
      throw new Error(
        `${variant.frame}, ${variant.source}: request ${index} for ${host} was answered with ${status} ${body.slice(0, 200)}`,
      );
    }
  }
};

const measured = async (field: Field, pace: Pace, signal: AbortSignal): Promise<readonly Measured[]> => {
  const { inUse, known } = field.scenario;
  const loads = field.servers.map((server) => ({ server, loads: [] as Load[] }));
  let done = 0;
  const measureAll = async (): Promise<void> => {
    for (const server of field.servers) await loadOf(field, server, pace); // code is compiled, connections are opened
    for (const round of schedule(loads, pace.rounds)) {
      for (const { server, loads } of round) {
        signal.throwIfAborted();
        loads.push(await loadOf(field, server, pace));
      }
      done += 1;
    }
  };
  await withProgress(`Requests of ${inUse} of ${known} tenants`, measureAll, () => `round ${done + 1} of ${pace.rounds}`);
  return loads.map(({ server: { variant }, loads }) => ({ frame: variant.frame, source: variant.source, loads }));
};

const loadOf = async ({ client, hosts }: Field, { child, port }: RunningServer, { seconds, warmUpSeconds }: Pace): Promise<Load> => {
  const before = await child.ask('usage', undefined);
  const seen = await client.ask('load', { port, hosts, connections: CLIENT_CONNECTIONS, seconds, warmUpSeconds });
  const after = await child.ask('usage', undefined);
  return { ...seen, cpuMicros: (after.cpuMicros - before.cpuMicros) / seen.requestsWithWarmUp };
};

/** Routing beside the fixed pools of the same frame, which come right before it. */
export const comparisons = (servers: readonly Measured[]): readonly Compared[] =>
  servers.map((server, index) => {
    const others = server.source === 'routing' ? servers[index - 1]?.loads : undefined;
    const { frame, source, loads } = server;
    return {
      frame,
      source,
      loads,
      summary: summary(loads),
      share: others && shareOf(loads, others),
      cpuShare: others && cpuShareOf(loads, others),
    };
  });
