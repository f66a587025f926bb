/**
 * `kubectl studio` on a real fleet: first healthy, then with three failures of different kinds, a person with rights to view alone,
 * and everything as kubectl starts it.
 */
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TOOLS } from '../../../dev/kubectl.ts';
import { startPostgres, type PostgresServer as Postgres } from '../../../dev/postgres.ts';
import { ANNOTATION } from '../../../src/api/annotations.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import type { PostgresServer } from '../../../src/api/postgres-server.ts';
import { POSTGRES_SERVER, type Resource, SCHEMA_RELEASE } from '../../../src/api/resources.ts';
import type { SchemaRelease } from '../../../src/api/schema-release.ts';
import { eventually } from '../../support/eventually.ts';
import { allSettled } from '../../support/fleet.ts';
import { type LogNode, startLogNode } from '../../support/log-node.ts';
import { installedPlugin, type Person, type Plugin, type Said } from '../../support/plugin.ts';
import { psqlProgram } from '../../support/psql-program.ts';
import { Studio, SYSTEM, TENANTS } from '../../support/studio.ts';

/** Names of tenants whose migration fails. */
const failing = new Set<string>();
const FAILURE = '--- migration failed ---\nerror: relation "bookings" does not exist\nsqlState: 42P01\nfile: 0002-bookings.sql\nline: 3';

const ON_MAIN = { database: { server: 'main' } };

let studio: Studio;
let second: Postgres;
let plugin: Plugin;
let logNode: LogNode;
let admin: Person;
let viewer: Person;

beforeAll(async () => {
  second = await startPostgres();
  studio = await Studio.start({
    pods: ({ metadata }) => {
      const tenant = metadata?.labels?.['studio-platform.io/tenant'] ?? '';
      return failing.has(tenant) ? { kind: 'fail', exitCode: 65, message: FAILURE } : { kind: 'run' };
    },
  });
  plugin = await installedPlugin();
  admin = { kubeconfigPath: studio.controlPlane.kubeconfigPath };
  viewer = { kubeconfigPath: path.join(studio.directory, 'viewer.kubeconfig') };
  await makeViewer(viewer.kubeconfigPath);
  logNode = await startLogNode(studio.cluster, 'pod-runner');
  await studio.applyServer('second', {}, second);
  await studio.apply('SchemaRelease', 'studio-1', { version: 1 });
  await studio.startOperator();
  await Promise.all(['main', 'second'].map((name) => studio.serverReady(name)));
  await studio.applyTenant('my-studio', { displayName: 'My Studio', ...ON_MAIN });
  await studio.applyTenant('yoga', ON_MAIN);
  await studio.applyTenant('far-away', { database: { server: 'second' } });
  await allSettled(studio, ['my-studio', 'yoga', 'far-away']);
  await studio.applyServer('second', { unschedulable: true }, second);
  await studio.serverReady('second');
  await says(SCHEMA_RELEASE, 'studio-1', 'RolledOut');
});

afterAll(async () => {
  await logNode?.[Symbol.asyncDispose]();
  await plugin?.[Symbol.asyncDispose]();
  await studio?.[Symbol.asyncDispose]();
  await second?.stop();
});

/** Waits for the reason on Ready of a kind of the cluster, which is written after the tenants' own. */
async function says(resource: Resource, name: string, reason: string): Promise<void> {
  await eventually(
    async () => {
      const object = await studio.cluster.api.get<PostgresServer | SchemaRelease>(resource, { name });
      const ready = findCondition(object?.status?.conditions, 'Ready');
      if (ready?.reason !== reason) throw new Error(`${name} is ${JSON.stringify(object?.status)}`);
      return true;
    },
    { timeoutMs: 60_000 },
  );
}

/** Bound to `view`, which the installation's ClusterRole is aggregated to. */
async function makeViewer(kubeconfigPath: string): Promise<void> {
  await studio.cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'viewer', namespace: TENANTS } });
  await studio.cluster.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'viewer', namespace: TENANTS },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'ServiceAccount', name: 'viewer', namespace: TENANTS }],
  });
  await studio.cluster.writeServiceAccountKubeconfig({ namespace: TENANTS, name: 'viewer' }, kubeconfigPath);
}

const asAdmin = async (...args: readonly string[]): Promise<Said> => await plugin.run(admin, ...args);
const asViewer = async (...args: readonly string[]): Promise<Said> => await plugin.run(viewer, ...args);

async function json<T = Record<string, unknown>>(person: Person, ...args: readonly string[]): Promise<T> {
  const { stdout } = await plugin.run(person, ...args, '-o', 'json');
  return JSON.parse(stdout) as T;
}

async function annotate(tenant: string, change: string): Promise<void> {
  const { code, stderr } = await plugin.kubectl(admin, 'annotate', 'studiotenant', tenant, change, '-n', TENANTS);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

interface TenantJson {
  readonly name: string;
  readonly phase: string;
  readonly needsPerson: boolean;
  readonly reason: string;
  readonly nextAction: string;
  readonly lastMigration: { readonly state: string; readonly pods: readonly { readonly log: string; readonly logFrom: string }[] } | null;
  readonly lastError: { readonly reason: string; readonly code: string } | null;
  readonly steps: readonly { readonly condition: string; readonly status: string; readonly since: string }[];
  readonly events: readonly { readonly reason: string }[];
  readonly notes: readonly string[];
  readonly gaps: readonly { readonly right: object }[];
}
interface FleetJson {
  readonly total: number;
  readonly serving: number;
  readonly needPerson: number;
  readonly phases: Readonly<Record<string, number>>;
  readonly tenants: readonly TenantJson[];
  readonly servers: readonly { readonly name: string; readonly ready: boolean }[] | null;
  readonly gaps: readonly { readonly what: string }[];
}
interface Findings {
  readonly healthy: boolean;
  readonly findings: readonly { readonly check: string; readonly level: string; readonly message: string }[];
}

describe('a healthy fleet', () => {
  it('is shown at a glance, over all namespaces', async () => {
    const { code, stdout, stderr } = await asAdmin('status');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('3 tenants in all namespaces: 3 serving, none needs a person');
    expect(stdout).toMatch(/^studio-tenants +my-studio +Ready +True +InSync/m);
    expect(stdout).toMatch(/^second +True +InSync +18\S* +1\/2000 +closed/m);
    expect(stdout).toMatch(/^studio-1 +1 +RolledOut +0 +0 +3 +0/m);
    expect(stdout).not.toContain('\u001B');
  });

  it('explains one tenant: what it is, its steps with their times, its migration, its events', async () => {
    const [page, report] = [await asAdmin('status', 'my-studio'), await json<TenantJson>(admin, 'status', 'my-studio')];

    expect(page.code).toBe(0);
    expect(page.stdout).toMatch(/^Tenant +studio-tenants\/my-studio \(My Studio\)$/m);
    expect(page.stdout).toMatch(/^Database +studio_\d+_db on server main \(127\.0\.0\.1:\d+\), oid \d+$/m);
    expect(page.stdout).toMatch(/^Next action +Nothing\.$/m);
    expect(report).toMatchObject({ apiVersion: 'kubectl.studio-platform.io/v1', kind: 'TenantStatus', phase: 'Ready', needsPerson: false });
    expect(report.steps.map(({ condition, status }) => `${condition} ${status}`)).toEqual(
      ['Registered', 'CredentialsReady', 'DatabaseReady', 'SchemaReady', 'SubscriptionReady', 'Routed'].map((step) => `${step} True`),
    );
    expect(report.steps.every(({ since }) => Date.parse(since) <= Date.now())).toBe(true);
    expect(report.events.map(({ reason }) => reason)).toContain('Ready');
  });

  it('finds nothing to mend but what is meant so', async () => {
    const { healthy, findings } = await json<Findings>(admin, 'doctor');
    await asAdmin('doctor');

    expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
    expect(healthy).toBe(true);
    const said = findings.map(({ check, level, message }) => `${level} ${check}: ${message}`).join('\n');
    expect(said).toMatch(/^ok cluster: Kubernetes v1\.\d+/m);
    expect(said).toMatch(/^ok definitions: all 4 are installed and of this version/m);
    expect(said).toMatch(/^ok leader: .* renewed the Lease studio-system\/studio-operator/m);
    expect(said).toMatch(/^ok servers: main: PostgreSQL 18/m);
    expect(said).toMatch(/^ok tenants: 3 of 3 are serving/m);
    expect(said).toMatch(/^ok in step: every status/m);
    expect(said).toMatch(/^ok pod security: enforced in studio-tenants, studio-system/m);
    expect(said).toMatch(/^warn operator: there is no Deployment .* it runs outside of the cluster/m);
  });

  it('is suspended and resumed by annotation, and what the spec holds is said', async () => {
    expect((await asAdmin('suspend', 'yoga')).code).toBe(2);

    const suspended = await asAdmin('suspend', 'yoga', '--reason', 'incident: leaked credentials', '--wait');
    expect(suspended).toMatchObject({ code: 0, stderr: '' });
    expect((await studio.tenant('yoga'))?.status?.phase).toBe('Suspended');
    expect((await asAdmin('status', 'yoga')).stdout).toMatch(/^Suspended +by annotation: incident: leaked credentials$/m);

    expect((await asAdmin('resume', 'yoga', '--wait')).stdout).toContain('yoga -n studio-tenants serves again.');
    const tenant = await studio.tenant('yoga');
    expect([tenant?.status?.phase, tenant?.metadata.annotations?.[ANNOTATION.suspend], tenant?.spec.suspended]).toEqual([
      'Ready',
      undefined,
      false,
    ]);

    await studio.applyTenant('yoga', { ...ON_MAIN, suspended: true });
    await studio.waitFor('yoga', ({ status }) => status?.phase === 'Suspended');
    const held = await asAdmin('resume', 'yoga');
    expect(held.code).toBe(1);
    expect(held.stdout).toContain('spec.suspended holds it');
    await studio.applyTenant('yoga', ON_MAIN);
    await studio.settled('yoga');
  });

  it('is not said to be suspended while the operator leaves it alone', async () => {
    await asAdmin('suspend', 'yoga', '--reason', 'leak', '--wait');
    await annotate('yoga', `${ANNOTATION.paused}=true`);
    const resumed = await asAdmin('resume', 'yoga', '--wait');
    expect(resumed.code).toBe(1);
    expect(resumed.stdout).toContain('yoga -n studio-tenants is NOT resumed: the annotation paused is set');

    await annotate('yoga', `${ANNOTATION.paused}-`);
    await studio.waitFor('yoga', ({ status }) => status?.phase === 'Ready');
    await annotate('yoga', `${ANNOTATION.paused}=true`);
    const { code, stdout } = await asAdmin('suspend', 'yoga', '--reason', 'leak', '-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ suspended: false, outcome: 'failed', message: expect.stringContaining('is NOT suspended') });
    expect((await studio.tenant('yoga'))?.status?.phase).not.toBe('Suspended');

    await asAdmin('resume', 'yoga');
    await annotate('yoga', `${ANNOTATION.paused}-`);
    await studio.settled('yoga');
  });

  it('that was suspended stays so when it is tried again, which is no failure', async () => {
    await asAdmin('suspend', 'yoga', '--reason', 'leak', '--wait');

    const { code, stdout } = await asAdmin('retry', 'yoga', '--wait');
    expect(code).toBe(0);
    expect(stdout).toContain('The tenant is suspended and stays so');

    await asAdmin('resume', 'yoga', '--wait');
  });

  it('says that there is nothing to try again', async () => {
    const { code, stdout } = await asAdmin('retry', 'my-studio');

    expect(code).toBe(0);
    expect(stdout).toContain('Nothing had failed');
  });

  it('is asked by psql, with what the operator put into the Secret', async () => {
    const psql = await psqlProgram();
    const path = [plugin.directory, process.execPath.replace(/\/node$/, ''), psql.directory, process.env['PATH'], TOOLS].join(':');
    const { code, stdout } = await plugin.run(
      { ...admin, env: { ...psql.env, PATH: path } },
      'psql',
      'yoga',
      '--',
      '-XAtc',
      'SELECT current_user',
    );

    expect({ code, stdout }).toEqual({ code: 0, stdout: `${(await studio.tenant('yoga'))?.status?.database?.name}\n` });
  });

  it('completes commands and names as kubectl asks for it', async () => {
    expect((await plugin.kubectl(admin, '__complete', 'studio', 'st')).stdout).toMatch(/^status\tthe fleet.*\n:4/);
    expect((await plugin.kubectl(admin, '__complete', 'studio', 'psql', 'my')).stdout).toMatch(/^my-studio\n:4/);
  });

  it('tells versions', async () => {
    expect(await json(admin, 'version')).toMatchObject({ kind: 'Version', plugin: '0.1.0', kubernetes: expect.stringMatching(/^v1\./) });
  });
});

describe('a person with rights to view alone', () => {
  it('sees the tenants of the namespace, and which right the rest takes', async () => {
    const { code, stdout } = await asViewer('status', '-n', TENANTS);

    expect(code).toBe(0);
    expect(stdout).toContain('3 tenants in namespace studio-tenants');
    expect(stdout).toContain(
      'Not shown: PostgresServers (you may not list postgresservers.studio-platform.io: it belongs to administrators',
    );
  });

  it('sees one tenant whole', async () => {
    const report = await json<TenantJson>(viewer, 'status', 'my-studio', '-n', TENANTS);

    expect(report).toMatchObject({ phase: 'Ready', gaps: [] });
  });

  it.each([
    [['retry', 'my-studio'], 'patch studiotenants.studio-platform.io in namespace studio-tenants: the ClusterRole edit gives it'],
    [['suspend', 'my-studio', '--reason', 'because'], 'patch studiotenants.studio-platform.io in namespace studio-tenants'],
    [['psql', 'my-studio'], 'get secrets in namespace studio-tenants: the ClusterRole edit gives it'],
    [['logs', 'my-studio', '--operator'], 'list pods in namespace studio-system'],
    [['retry', 'release/studio-1'], 'get schemareleases.studio-platform.io: it belongs to administrators'],
  ])('cannot %j, and is told which right is missing', async (args, right) => {
    const before = await studio.tenant('my-studio');

    const { code, stdout, stderr } = await asViewer(...args, '-n', TENANTS);

    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain(`error: you may not ${right}`);
    expect((await studio.tenant('my-studio'))?.metadata.annotations).toEqual(before?.metadata.annotations);
  });

  it('is told to name a namespace when the context has none with rights', async () => {
    const fleet = await asViewer('status');
    expect(fleet).toMatchObject({ code: 3, stdout: '' });
    expect(fleet.stderr).toContain('you may not list studiotenants.studio-platform.io in namespace default');

    const one = await asViewer('status', 'my-studio');
    expect(one.stderr).toContain('say -n NAMESPACE');
  });

  it('gets what doctor can see, and what it cannot', async () => {
    const { findings } = await json<Findings>(viewer, 'doctor', '-n', TENANTS);

    expect(findings.filter(({ level }) => level === 'skip').map(({ check }) => check)).toEqual(
      expect.arrayContaining(['definitions', 'operator', 'your rights', 'pod security', 'postgresservers']),
    );
    expect(findings.map(({ message }) => message)).toContain('3 of 3 are serving');
  });
});

describe('a fleet with three different failures', () => {
  beforeAll(async () => {
    failing.add('broken');
    await studio.applyTenant('broken', ON_MAIN);
    await studio.applyTenant('rival', { subdomain: 'my-studio' });
    await second.halt();
    await studio.reason('broken', 'Stalled', 'MigrationFailed');
    await studio.reason('rival', 'Stalled', 'SubdomainTaken');
    // An edit is what makes the operator go there before the next probe is due.
    await studio.applyTenant('far-away', { database: { server: 'second', connectionLimit: 7 } });
    await studio.waitFor('far-away', ({ status }) => status?.lastError?.reason === 'ServerUnavailable');
    await says(POSTGRES_SERVER, 'second', 'Unreachable');
    await says(SCHEMA_RELEASE, 'studio-1', 'TenantsFailed');
  });

  it('shows first what needs a person, and what to do', async () => {
    const { code, stdout } = await asAdmin('status');
    const report = await json<FleetJson>(admin, 'status');

    expect(code).toBe(0);
    expect(report).toMatchObject({ total: 5, needPerson: 2 });
    expect(new Map(report.tenants.slice(0, 2).map(({ name, reason }) => [name, reason]))).toEqual(
      new Map([
        ['broken', 'MigrationFailed'],
        ['rival', 'SubdomainTaken'],
      ]),
    );
    expect(stdout).toContain('2 need a person');
    expect(stdout).toMatch(/studio-tenants\/broken Failed, MigrationFailed for \d+/);
    expect(stdout).toContain('then run: kubectl studio retry broken -n studio-tenants');
    expect(stdout).toContain('Give studiotenant/rival another spec.subdomain than "my-studio"');
    expect(stdout).toMatch(/^second +False +Unreachable/m);
    expect(report.servers).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'second', ready: false })]));
  });

  it('explains a failed migration by the log that its node has, else by what the pod kept', async () => {
    const { items } = await studio.cluster.api.list<never>(
      { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
      { namespace: TENANTS },
    );
    const pod = (items as readonly { metadata: { name: string } }[]).find(({ metadata }) => metadata.name.startsWith('broken-migrate'))
      ?.metadata.name;
    const kept = await json<TenantJson>(admin, 'status', 'broken');
    logNode.logs.set(`${TENANTS}/${pod}`, `applying 0001-sessions.sql\n${FAILURE}\n`);
    const read = await json<TenantJson>(admin, 'status', 'broken');
    const page = await asAdmin('status', 'broken');
    const logs = await asAdmin('logs', 'broken');

    expect(kept.lastMigration).toMatchObject({ state: 'failed', pods: [{ log: `${FAILURE}\n`, logFrom: 'status' }] });
    expect(read.lastMigration?.pods[0]).toMatchObject({ log: `applying 0001-sessions.sql\n${FAILURE}\n`, logFrom: 'log' });
    expect(read).toMatchObject({ reason: 'MigrationFailed', needsPerson: true, lastError: { reason: 'MigrationFailed', code: '42P01' } });
    expect(page.stdout).toMatch(/^Next action +Read the migration's log .* kubectl studio retry broken -n studio-tenants$/m);
    expect(page.stdout).toContain('error: relation "bookings" does not exist');
    expect(logs.stdout).toMatch(/^broken-migrate-\S+ to studio-1: failed/m);
    expect(logs.stdout).toContain('applying 0001-sessions.sql');
    expect((await asAdmin('logs', 'broken', '--tail', '1')).stdout).not.toContain('applying');
  });

  it('explains a tenant whose server is away', async () => {
    const { stdout } = await asAdmin('status', 'far-away');

    expect(stdout).toMatch(/^Why +ServerUnavailable: /m);
    expect(stdout).toMatch(/^Next action +Bring PostgreSQL server "second" back/m);
  });

  it('shows what the operator logged about one tenant', async () => {
    const pod = await operatorPod();
    logNode.logs.set(`${SYSTEM}/${pod}`, (await studio.operator?.log()) ?? '');

    const { lines } = await json<{ readonly lines: readonly string[] }>(admin, 'logs', 'broken', '--operator');
    await asAdmin('logs', 'broken', '--operator', '--tail', '3');

    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !line.includes('"name":"broken"'))).toEqual([]);
  });

  it('is sent to mend it by doctor', async () => {
    const { code, stdout } = await asAdmin('doctor');

    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail +servers: second is not Ready: Unreachable/m);
    expect(stdout).toMatch(
      /^fail +tenants: 2 tenants cannot be served before somebody acts: .*studio-tenants\/broken \(MigrationFailed\)/m,
    );
  });

  it('tries a migration again and waits: failed again, then mended', async () => {
    const again = await asAdmin('retry', 'broken', '--wait');
    expect(again.code).toBe(1);
    expect(again.stdout).toContain('tenant studio-tenants/broken failed again: MigrationFailed');

    failing.delete('broken');
    const mended = await asAdmin('retry', 'broken', '--wait');
    expect(mended).toMatchObject({ code: 0, stderr: '' });
    expect(mended.stdout).toContain('tenant studio-tenants/broken: InSync');
    expect((await studio.tenant('broken'))?.status?.phase).toBe('Ready');
  });

  it('tries a release again', async () => {
    const { code } = await asAdmin('retry', 'release/studio-1', '--wait');

    expect(code).toBe(0);
  });
});

/** A pod with the operator's labels, so that its log can be asked for; the operator itself runs as a process beside the cluster. */
async function operatorPod(): Promise<string> {
  const name = 'studio-operator-0';
  const labels = { 'app.kubernetes.io/name': 'studio-operator', 'app.kubernetes.io/component': 'operator' };
  const securityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  await studio.cluster.api.raw({
    method: 'POST',
    path: `/api/v1/namespaces/${SYSTEM}/pods`,
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels, annotations: { 'pod-runner.studio-platform.io/behaviour': 'hang' } },
      spec: {
        nodeName: 'pod-runner',
        containers: [{ name: 'operator', image: 'studio-operator:dev', command: ['operator'], securityContext }],
      },
    },
  });
  return name;
}
