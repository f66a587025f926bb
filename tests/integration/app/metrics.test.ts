/** The application's /metrics: numbers that agree with what was asked of it, on a port of its own, and no tenant named. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SqlPlatform } from '../../../dev/sql-tenants.ts';
import { ask, startStudios, startTestApplication, type TestApplication } from '../../support/application.ts';
import { eventually } from '../../support/eventually.ts';

let platform: SqlPlatform;
let application: TestApplication;

beforeAll(async () => {
  platform = await startStudios();
  await platform.addTenants(['alpha', 'beta'], { credits: 10 });
  application = await startTestApplication(platform, { METRICS_PORT: '0' });
  await eventually(async () => (await ask(application.port, 'alpha', { path: '/readyz' })).status === 200, { timeoutMs: 20_000 });
});

afterAll(async () => {
  await application.stop();
  await platform[Symbol.asyncDispose]();
});

async function metrics(): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${application.metricsPort}/metrics`)).text();
}

async function valueOf(series: string): Promise<number | undefined> {
  const line = (await metrics()).split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('/metrics', () => {
  it('counts each request once, by its status and by who answered', async () => {
    await Promise.all(['alpha', 'beta', 'alpha'].map(async (name) => await ask(application.port, name, { path: '/sessions' })));
    await ask(application.port, 'alpha', { path: '/sessions/999999' });
    await ask(application.port, 'nobody', { path: '/sessions' });

    await eventually(async () => (await valueOf('studio_app_requests_total{class="2xx",answer="application"}')) === 3, {
      timeoutMs: 5_000,
    });
    expect(await valueOf('studio_app_requests_total{class="4xx",answer="application"}')).toBe(1);
    expect(await valueOf('studio_app_requests_total{class="4xx",answer="unknown"}')).toBe(1);
    expect(await valueOf('studio_app_request_seconds_count{class="2xx"}')).toBe(3);
  });

  it('counts connections as PostgreSQL does, and the hosts it knows', async () => {
    const [sessions] = await platform.superuser(
      `SELECT count(*)::integer AS open FROM pg_stat_activity WHERE datname LIKE 'studio\\_%\\_db' AND application_name = 'studio-app'`,
    );

    expect(await valueOf('studio_app_pool_connections{state="idle"}')).toBe(sessions?.['open']);
    expect(await valueOf('studio_app_pools')).toBe(2);
    expect(await valueOf('studio_app_directory_hosts{kind="tenant"}')).toBe(2);
    expect(await valueOf('studio_app_directory_hosts{kind="nobody"}')).toBe(1);
    expect(await valueOf('studio_app_directory_master_up')).toBe(1);
    expect(await valueOf('studio_app_directory_listening')).toBe(1);
    expect(await metrics()).toMatch(/^studio_app_server_connections_limit\{address="127\.0\.0\.1:\d+"\} 40$/m);
    expect(await metrics()).toMatch(/^studio_app_build_info\{version="\d+\.\d+\.\d+",node_version="v24/m);
  });

  it('names no tenant', async () => {
    expect(await metrics()).not.toMatch(/alpha|beta|nobody\.|studio_1_db/);
  });

  it('is not where requests of tenants go', async () => {
    const reply = await ask(application.port, 'alpha', { path: '/metrics' });

    expect(reply.status).toBe(404);
    expect(reply.text).not.toContain('studio_app');
  });

  it('is nowhere when no port was given for it', async () => {
    await using without = await startTestApplication(platform);

    expect(without.metricsPort).toBeUndefined();
  });
});
