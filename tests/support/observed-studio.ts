/**
 * A platform in trouble, under the eyes of a real Prometheus: two replicas of the operator and the application over studios of which
 * some are well and each of the others has a trouble of its own. Separate from the test that asks about it, which is long enough.
 */
import { pino } from 'pino';

import { type Application, startApplication } from '../../src/app/application.ts';
import { applicationSettings } from '../../src/app/settings.ts';
import { functionCredentials } from '../../src/routing/index.ts';
import { ask, BASE_DOMAIN } from './application.ts';
import { eventually } from './eventually.ts';
import type { OperatorUnderTest } from './operator-under-test.ts';
import { type FreshServer, freshServer, queryAs } from './postgres.ts';
import { type Prometheus, type PrometheusOptions, startPrometheus } from './prometheus.ts';
import { Studio } from './studio.ts';

/** Studios by what is the matter with them. */
export const WELL = ['alpha', 'beta'] as const;
export const SUSPENDED = 'resting';
export const UNLUCKY = 'unlucky';
export const TAKEN = 'taken';
export const PLANLESS = 'planless';
export const LOST = 'lost';
/** On the server that goes away. */
export const STRANDED = 'stranded';
export const LEAVING = 'leaving';

export interface ObservedStudio extends AsyncDisposable {
  readonly studio: Studio;
  /** Where `stranded` and `leaving` live; away. */
  readonly other: FreshServer;
  /** The leader, then the standby. */
  readonly operators: readonly [OperatorUnderTest, OperatorUnderTest];
  readonly application: Application;
  readonly prometheus: Prometheus;
  /** Requests that every kind of answer is among. */
  visit(): Promise<void>;
}

const DEADLINE_MS = 60_000;

export async function startObservedStudio(groups: PrometheusOptions['groups']): Promise<ObservedStudio> {
  await using parts = new AsyncDisposableStack();
  const pods: NonNullable<Parameters<typeof Studio.start>[0]>['pods'] = ({ metadata }) =>
    metadata?.name?.startsWith(`${UNLUCKY}-`) === true ? { kind: 'fail', exitCode: 1, message: 'the migration broke' } : { kind: 'run' };
  const studio = parts.use(await Studio.start({ pods }));
  const other = parts.use(await freshServer());
  const operators = await startOperators(studio, parts);
  await studio.applyServer('other', {}, other);
  await studio.applyServer('spare', { port: 1 });
  await Promise.all(['main', 'other'].map(async (name) => await studio.serverReady(name)));
  const application = await startApplicationOf(studio);
  parts.defer(async () => void (await application.stop()));
  const addresses = operators.map(({ healthUrl }) => new URL(healthUrl).host);
  const targets = { operator: addresses, application: [`127.0.0.1:${application.metricsPort}`] };
  const prometheus = parts.use(await startPrometheus({ targets, groups }));
  await makeStudios(studio);
  const visit = async (): Promise<void> => await visitStudios(application);
  await visit();
  await makeTrouble(studio, other);
  const started = parts.move();
  return { studio, other, operators, application, prometheus, visit, [Symbol.asyncDispose]: async () => await started.disposeAsync() };
}

async function startOperators(studio: Studio, parts: AsyncDisposableStack): Promise<ObservedStudio['operators']> {
  const start = async (): Promise<OperatorUnderTest> => {
    const operator = await studio.startOperator({ SWEEP_INTERVAL: '1s', PROBE_INTERVAL: '2s', BASE_DOMAIN });
    parts.defer(async () => void (await operator.stop()));
    return operator;
  };
  const leader = await start();
  await studio.leads(leader);
  return [leader, await start()];
}

async function startApplicationOf(studio: Studio): Promise<Application> {
  await studio.superuser("CREATE ROLE studio_app LOGIN PASSWORD 'an-application'");
  await queryAs(studio.postgres.masterUrl, "SELECT public.grant_application('studio_app')");
  const url = new URL(studio.postgres.masterUrl);
  url.username = 'studio_app';
  url.password = 'an-application';
  const settings = {
    MASTER_DATABASE_URL: url.href,
    BASE_DOMAIN,
    LISTEN_HOST: '127.0.0.1',
    LISTEN_PORT: '0',
    METRICS_PORT: '0',
    STOP_DELAY: '1ms',
  };
  const application = await startApplication({
    settings: applicationSettings(settings, []),
    log: pino({ level: 'silent' }),
    credentials: functionCredentials(async ({ credentials }) => {
      const { username = '', password = '', database = '' } = await studio.secret((credentials?.name ?? '').replace(/-database$/, ''));
      return { username, password, database };
    }),
  });
  await eventually(async () => (await ask(application.port, 'alpha', { path: '/readyz' })).status === 200, { timeoutMs: DEADLINE_MS });
  return application;
}

async function makeStudios(studio: Studio): Promise<void> {
  await studio.apply('SchemaRelease', 'studio-1', { version: 1, args: ['migrations/tenant/studio-1'], backoffLimit: 0 });
  const onMain = { database: { server: 'main' } };
  const served = [...WELL, LOST];
  await Promise.all(served.map(async (name) => await studio.applyTenant(name, onMain)));
  await Promise.all([STRANDED, LEAVING].map(async (name) => await studio.applyTenant(name, { database: { server: 'other' } })));
  await studio.applyTenant(SUSPENDED, { ...onMain, suspended: true });
  await Promise.all([...served, STRANDED, LEAVING, SUSPENDED].map(async (name) => await studio.settled(name)));
}

async function makeTrouble(studio: Studio, other: FreshServer): Promise<void> {
  await studio.applyTenant(UNLUCKY, { database: { server: 'main' } });
  await studio.applyTenant(TAKEN, { subdomain: WELL[0] });
  await studio.applyTenant(PLANLESS, { plan: 'nowhere' });
  const lost = await studio.settled(LOST);
  await studio.superuser(`DROP DATABASE ${lost.status?.database?.name} WITH (FORCE)`);
  await other.halt();
  await studio.deleteTenant(LEAVING);
  await Promise.all([
    studio.reason(UNLUCKY, 'Stalled', 'MigrationFailed', DEADLINE_MS),
    studio.reason(TAKEN, 'Stalled', 'SubdomainTaken'),
    studio.reason(PLANLESS, 'Reconciling', 'PlanNotFound'),
    studio.reason(LOST, 'Stalled', 'DatabaseLost', DEADLINE_MS),
    studio.reason(STRANDED, 'Ready', 'ServerUnavailable', DEADLINE_MS),
    studio.reason(LEAVING, 'Reconciling', 'ServerUnavailable', DEADLINE_MS),
  ]);
}

async function visitStudios({ port }: Application): Promise<void> {
  for (const name of ['alpha', 'alpha', 'beta', STRANDED, STRANDED, 'nobody', SUSPENDED]) await ask(port, name, { path: '/sessions' });
}
