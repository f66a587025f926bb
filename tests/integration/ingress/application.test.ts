/**
 * The whole way of a request: an Ingress that the operator made, a real Ingress controller, the application with its own login and
 * rights, the database of the tenant whose host it was. By HTTPS where certificates decide, by HTTP where states do.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fittedSample, readSamples } from '../../../dev/demo/samples.ts';
import { type Authority, newAuthority } from '../../support/certificates.ts';
import { BASE_DOMAIN, getAt, getByTls, startEntrance, type TestEntrance } from '../../support/entrance.ts';
import { eventually } from '../../support/eventually.ts';
import { Studio, TENANTS } from '../../support/studio.ts';

// An installation of its own, on a busy machine.
const START_TIMEOUT_MS = 240_000;
const ANSWER_TIMEOUT_MS = 30_000;

describe('a request from outside', () => {
  let studio: Studio;
  let entrance: TestEntrance;
  let authority: Authority;

  beforeAll(async () => {
    [studio, authority] = await Promise.all([Studio.start(), newAuthority()]);
    entrance = await startEntrance(studio);
    await studio.startOperator(entrance.settings);
    await studio.apply('SchemaRelease', 'studio-1', { version: 1, args: ['migrations/tenant/studio-1'] });
    await applyFallbackIngress();
    for (const name of ['one', 'two', 'away']) await makeTenant(name);
    await entrance.startApplication();
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await entrance?.[Symbol.asyncDispose]();
    await studio?.[Symbol.asyncDispose]();
  });

  const applyFallbackIngress = async (): Promise<void> => {
    const samples = [...(await readSamples()).values()].flat();
    const sample = samples.find(({ kind, metadata }) => kind === 'Ingress' && metadata.name === 'studio-app');
    if (sample === undefined) throw new Error('no sample leads every host to the application');
    const className = entrance.settings['INGRESS_CLASS'] ?? '';
    const nothing = async (): Promise<void> => await Promise.resolve();
    const seen = { httpPort: entrance.httpPort, className, application: entrance.application, prepare: () => undefined, open: nothing };
    await studio.cluster.apply(fittedSample(sample, { postgres: {} as never, entrance: seen }, BASE_DOMAIN));
  };

  /** With a certificate for both its hosts, and one session that is its own. */
  const makeTenant = async (name: string): Promise<void> => {
    const { certificate, key } = await authority.issue(...hostsOf(name));
    const metadata = { name: `${name}-certificate`, namespace: TENANTS };
    const stringData = { 'tls.crt': certificate, 'tls.key': key };
    await studio.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls', stringData });
    const ingress = { customDomains: [`booking.${name}.example`], tls: { secretName: metadata.name } };
    await studio.applyTenant(name, { subdomain: `studio-${name}`, ingress });
    await studio.settled(name);
    await studio.asTenant(
      name,
      `INSERT INTO sessions (title, starts_at, ends_at, capacity) VALUES ('Session of ${name}', now() + interval '1 day', now() + interval '25 hours', 3)`,
    );
  };

  const hostsOf = (name: string): readonly string[] => [`studio-${name}.${BASE_DOMAIN}`, `booking.${name}.example`];
  const titles = (body: string): readonly string[] => [...body.matchAll(/Session of \w+/g)].map(([title]) => title);
  /** Once it is the one that is waited for; fails with the last one when it never is. */
  const statusWhenIt = async (host: string, is: number): Promise<number> =>
    await eventually(
      async () => {
        const { status } = await getAt(entrance.httpPort, host, '/sessions');
        expect(status).toBe(is);
        return status;
      },
      { timeoutMs: ANSWER_TIMEOUT_MS },
    );

  it('reaches the database of its tenant by TLS, for the subdomain and for the custom domain', async () => {
    for (const name of ['one', 'two']) {
      for (const host of hostsOf(name)) {
        const answer = await eventually(
          async () => {
            const got = await getByTls({ port: entrance.httpsPort, host, ca: authority.certificate, path: '/sessions' });
            return got.status === 200 ? got : undefined;
          },
          { timeoutMs: ANSWER_TIMEOUT_MS },
        );
        expect(titles(answer.body)).toEqual([`Session of ${name}`]);
      }
    }
  });

  it('belongs to the tenant of its Host, whatever name the handshake asked for and whatever it says about forwarding', async () => {
    const [one = '', two = ''] = ['one', 'two'].map((name) => hostsOf(name)[0]);
    const port = entrance.httpsPort;
    const crossed = await getByTls({ port, host: one, hostHeader: two, ca: authority.certificate, path: '/sessions' });
    expect(crossed.status).toBe(200);
    expect(titles(crossed.body)).toEqual(['Session of two']);
    const forwarded = await getAt(entrance.httpPort, one, '/sessions', { 'x-forwarded-host': two, forwarded: `host=${two}` });
    expect(forwarded.status).toBe(200);
    expect(titles(forwarded.body)).toEqual(['Session of one']);
  });

  it('finds a suspended tenant closed, and open again afterwards', async () => {
    const [host = ''] = hostsOf('away');
    expect(await statusWhenIt(host, 200)).toBe(200);
    await studio.applyTenant('away', { subdomain: 'studio-away', suspended: true });
    expect(await statusWhenIt(host, 403)).toBe(403);
    await studio.applyTenant('away', { subdomain: 'studio-away', suspended: false });
    expect(await statusWhenIt(host, 200)).toBe(200);
  });

  it('gets an answer of the application for a host that has no Ingress of its own: never heard of, failed, gone', async () => {
    const unknown = await getAt(entrance.httpPort, `nobody.${BASE_DOMAIN}`, '/sessions', { accept: 'application/json' });
    expect(unknown.status).toBe(404);
    expect(unknown.headers['content-type']).toContain('json');

    await studio.apply('SchemaRelease', 'broken', { version: 9, command: ['sh'], args: ['-c', 'exit 1'], backoffLimit: 0 });
    await studio.applyTenant('failing', { release: 'broken' });
    await studio.reason('failing', 'Ready', 'MigrationFailed');
    expect(await statusWhenIt(`failing.${BASE_DOMAIN}`, 503)).toBe(503);
    const failing = await getAt(entrance.httpPort, `failing.${BASE_DOMAIN}`);
    expect(Number(failing.headers['retry-after'])).toBeGreaterThan(0);

    await studio.deleteTenant('away');
    await studio.gone('away');
    expect(await statusWhenIt(hostsOf('away')[0] ?? '', 410)).toBe(410);
  });
});
