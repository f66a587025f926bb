/** The health server, over real HTTP on a port of the kernel's choice. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { startHealthServer, type HealthChecks, type HealthServer } from '../../src/health.ts';

function start(checks: Partial<HealthChecks>, metrics = async (): Promise<string> => 'up 1\n'): Promise<HealthServer> {
  return startHealthServer({
    host: '127.0.0.1',
    port: 0,
    checks: { live: {}, ready: {}, ...checks },
    metrics: { contentType: 'text/plain; version=0.0.4', metrics },
    log: pino({ level: 'silent' }),
  });
}

function get(server: HealthServer, path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}${path}`, init);
}

describe('the health server', () => {
  it('answers 200 while every check is well, and looks anew each time', async () => {
    const tenants: { problem?: string } = {};
    await using server = await start({ ready: { lease: () => undefined, tenants: () => tenants.problem } });

    expect((await get(server, '/readyz')).status).toBe(200);
    tenants.problem = 'the cache of tenants has not been filled';
    const failing = await get(server, '/readyz');

    expect(failing.status).toBe(503);
    expect(await failing.text()).toBe('[+]lease ok\n[-]tenants the cache of tenants has not been filled\nfailed\n');
  });

  it('keeps being alive apart from being ready', async () => {
    await using server = await start({ ready: { master: () => 'the master database does not answer' } });

    expect((await get(server, '/livez')).status).toBe(200);
    expect((await get(server, '/readyz')).status).toBe(503);
  });

  it("gives the registry's numbers with its content type", async () => {
    await using server = await start({});

    const response = await get(server, '/metrics');

    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(await response.text()).toBe('up 1\n');
  });

  it('says that a check could not be made, without saying what broke', async () => {
    await using server = await start({}, () => Promise.reject(new Error('inner workings')));

    const response = await get(server, '/metrics');

    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('inner workings');
  });

  it('knows no other path and no other method', async () => {
    await using server = await start({});

    expect((await get(server, '/')).status).toBe(404);
    expect((await get(server, '/livez', { method: 'POST' })).status).toBe(405);
  });

  it('rejects when its port is taken', async () => {
    await using server = await start({});

    await expect(
      startHealthServer({
        host: '127.0.0.1',
        port: server.port,
        checks: { live: {}, ready: {} },
        metrics: { contentType: '', metrics: async () => '' },
        log: pino({ level: 'silent' }),
      }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('stops at once although a client keeps its connection', async () => {
    const server = await start({});
    await get(server, '/livez');

    await server[Symbol.asyncDispose]();

    await expect(get(server, '/livez')).rejects.toThrow('fetch failed');
  });
});
