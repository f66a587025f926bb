/*
 * No request ever gets another tenant's data, whatever goes on around it: fifty tenants made by the operator, twenty
 * thousand requests at once through the library with the rights that an application has, while tenants are suspended,
 * lose their passwords and their pools, sessions are ended, and PostgreSQL is taken away in the middle.
 */
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import type { AddressInfo } from 'node:net';

import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { MANIFESTS } from '../../../dev/demo/install.ts';
import { readManifests } from '../../../dev/demo/manifests.ts';
import { SECRET } from '../../../src/api/resources.ts';
import { loadKubeConfig } from '../../../src/clients/kubernetes/kube-config.ts';
import { createTenantRouting, type TenantRouting } from '../../../src/routing/index.ts';
import { kubernetesSecrets } from '../../../src/routing/kubernetes.ts';
import { eventually } from '../../support/eventually.ts';
import { allSettled, applyTenants, namesOf } from '../../support/fleet.ts';
import { queryAs, withDatabase } from '../../support/postgres.ts';
import { Studio, TENANTS } from '../../support/studio.ts';

const BASE_DOMAIN = 'platform.localhost';
const NAMES = namesOf('studio', 50);
const REQUESTS = 20_000;
const CONCURRENCY = 64;
/** Fewer than there are tenants, so that pools are evicted all the time. */
const MAX_POOLS = 40;

/** What an honest error may be: the state of the tenant of the host, or that something is away for now. */
const TEMPORARY = new Set(['overloaded', 'unavailable']);

let studio: Studio;
let routing: TenantRouting;
let server: Server;
let client: Pool;

beforeAll(async () => {
  studio = await Studio.start({ postgres: { settings: { max_connections: '150' } } });
  await studio.startOperator({ LEADER_ELECTION: 'false' });
  await applyTenants(studio, NAMES);
  await allSettled(studio, NAMES);
  await plantMarkers();
  routing = await startRouting();
  server = createServer(
    routing.handle(async ({ tenant }, response) => {
      const { rows } = await tenant.query('SELECT name, current_database() AS database, pg_sleep(random() * 0.004) FROM marker');
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ rows, organization: tenant.organizationId }));
    }),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  client = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections: CONCURRENCY });
}, 300_000);

afterAll(async () => {
  await client?.close();
  server?.closeAllConnections();
  server?.close();
  await routing?.close();
  await studio?.[Symbol.asyncDispose]();
}, 60_000);

/** One row that only this tenant's database has. */
async function plantMarkers(): Promise<void> {
  for (const { id, name } of await studio.master("SELECT id, name FROM organizations WHERE status = 'active'")) {
    const database = `studio_${Number(id)}_db`;
    await studio.superuser(
      `CREATE TABLE public.marker (name text); INSERT INTO public.marker VALUES ('${String(name)}'); GRANT SELECT ON public.marker TO ${database}`,
      database,
    );
  }
}

/** With the login and the ServiceAccount that an application is installed with. */
async function startRouting(): Promise<TenantRouting> {
  await studio.superuser("CREATE ROLE studio_app LOGIN PASSWORD 'an-application'");
  await queryAs(studio.postgres.masterUrl, "SELECT public.grant_application('studio_app')");
  for (const manifest of await readManifests(path.join(MANIFESTS, 'application.yaml')))
    if (manifest.kind !== 'Deployment' && manifest.kind !== 'Service') await studio.cluster.apply(manifest);
  const kubeconfig = path.join(studio.directory, 'application.kubeconfig');
  await studio.cluster.writeServiceAccountKubeconfig({ namespace: TENANTS, name: 'studio-app' }, kubeconfig);
  const masterUrl = new URL(studio.postgres.masterUrl);
  masterUrl.username = 'studio_app';
  masterUrl.password = 'an-application';
  const started = createTenantRouting({
    master: masterUrl.href,
    baseDomain: BASE_DOMAIN,
    credentials: kubernetesSecrets({ kubeConfig: loadKubeConfig({ path: kubeconfig }), namespaces: [TENANTS] }),
    pools: { maxPools: MAX_POOLS, maxConnectionsPerServer: 60 },
  });
  await started.ready();
  return started;
}

interface Answer {
  readonly status: number;
  readonly body: {
    readonly rows?: readonly { readonly name: string; readonly database: string }[];
    readonly organization?: number;
    readonly code?: string;
  };
  readonly retryAfter: unknown;
}

async function request(name: string): Promise<Answer> {
  const { statusCode, headers, body } = await client.request({
    method: 'GET',
    path: '/',
    headers: { host: `${name}.${BASE_DOMAIN}`, accept: 'application/json' },
  });
  return { status: statusCode, body: (await body.json()) as Answer['body'], retryAfter: headers['retry-after'] };
}

/** Undefined for an answer that is right or an honest error, else what is wrong with it. */
function problemOf(name: string, { status, body, retryAfter }: Answer): string | undefined {
  const said = `${name} got ${status} ${JSON.stringify(body)}`;
  if (status === 200) return body.rows?.length === 1 && body.rows[0]?.name === name ? undefined : said;
  if (status === 403) return body.code === 'suspended' && SUSPENDED.includes(name) ? undefined : said;
  return status === 503 && TEMPORARY.has(body.code ?? '') && retryAfter !== undefined ? undefined : said;
}

const SUSPENDED = NAMES.slice(0, 5);
const ROTATED = NAMES.slice(5, 12);

/** Every name again and again, in an order that no pool can foresee. */
async function storm(
  isOver: () => boolean,
): Promise<{ readonly counts: ReadonlyMap<number, number>; readonly problems: readonly string[] }> {
  const counts = new Map<number, number>();
  const problems: string[] = [];
  let sent = 0;
  const worker = async (): Promise<void> => {
    while (sent < REQUESTS || !isOver()) {
      sent += 1;
      const name = NAMES[Math.floor(Math.random() * NAMES.length)] ?? '';
      const answer = await request(name);
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
      const problem = problemOf(name, answer);
      if (problem !== undefined) problems.push(problem);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return { counts, problems };
}

async function answersWith(names: readonly string[], status: number): Promise<void> {
  await eventually(
    async () => {
      for (const name of names) {
        const answer = await request(name);
        if (answer.status !== status) throw new Error(`${name} got ${answer.status} ${JSON.stringify(answer.body)}`);
      }
      return true;
    },
    { timeoutMs: 90_000, intervalMs: 200 },
  );
}

async function disturb(): Promise<void> {
  for (const name of SUSPENDED) await studio.applyTenant(name, { suspended: true });
  await answersWith(SUSPENDED, 403);
  await deletePasswords();
  await endSessions();
  await studio.postgres.crash();
  await eventually(async () => (await request(NAMES[20] ?? '')).status === 503);
  await studio.postgres.resume();
  await answersWith(NAMES.slice(5), 200);
  for (const name of SUSPENDED) await studio.applyTenant(name, { suspended: false });
  await endSessions();
  await answersWith(SUSPENDED, 200);
  await deletePasswords();
}

/** The operator answers with new ones: generation + 1. */
async function deletePasswords(): Promise<void> {
  for (const name of ROTATED) {
    const before = (await studio.tenant(name))?.status?.credentials?.generation ?? 0;
    await studio.cluster.api.delete(SECRET, { namespace: TENANTS, name: `${name}-database` });
    await studio.waitFor(name, ({ status }) => (status?.credentials?.generation ?? 0) > before);
  }
}

async function endSessions(): Promise<void> {
  await queryAs(
    withDatabase(studio.postgres.superuserUrl, 'postgres'),
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'studio-routing'",
  );
}

test('every answer belongs to the tenant of its host or is an honest error, whatever happens meanwhile', { timeout: 400_000 }, async () => {
  let isDisturbed = false;
  const disturbance = disturb().finally(() => {
    isDisturbed = true;
  });
  const [{ counts, problems }] = await Promise.all([storm(() => isDisturbed), disturbance]);
  console.info('answers by status:', Object.fromEntries(counts), 'pools:', JSON.stringify(routing.pools.stats().counts));

  expect(problems.slice(0, 20)).toEqual([]);
  expect(counts.get(200) ?? 0).toBeGreaterThan(REQUESTS / 2);
  expect(counts.get(403) ?? 0).toBeGreaterThan(0);
  expect(counts.get(503) ?? 0).toBeGreaterThan(0);
  expect(routing.pools.stats().pools).toBeLessThanOrEqual(MAX_POOLS);
  await answersWith(NAMES, 200);
});
