// What of the samples is changed for a run, and what the operator is told of it.

import { describe, expect, it } from 'vitest';
import type { Entrance } from '../../../dev/cluster/entrance.ts';
import type { DatabaseAccess } from '../../../dev/cluster/environment.ts';
import type { Manifest } from '../../../dev/demo/manifests.ts';
import { entranceSettings, fittedSample, readSamples } from '../../../dev/demo/samples.ts';

const postgres: DatabaseAccess = {
  here: { host: '127.0.0.1', port: 1 },
  inCluster: { host: '172.18.0.3', port: 2 },
  adminUrl: 'postgresql://a@127.0.0.1:1/postgres',
  masterUrl: 'postgresql://m@127.0.0.1:1/m',
};
const open = { prepare: () => undefined, open: async () => await Promise.resolve() };
/** The application as a process here. */
const local: Entrance = { ...open, httpPort: 8000, className: 'traefik', application: { port: 8001, release: open.open } };
/** The application as pods. */
const mapped: Entrance = { ...open, httpPort: 8000, className: 'traefik' };

const samples = [...(await readSamples()).values()].flat();
const fitted = (kind: string, entrance?: Entrance): Manifest => {
  const manifest = samples.find((sample) => sample.kind === kind && ['studio-app', 'main'].includes(sample.metadata.name));
  if (manifest === undefined) throw new Error(`no sample is a ${kind}`);
  return fittedSample(manifest, { postgres, ...(entrance === undefined ? {} : { entrance }) }, 'platform.localhost');
};

describe('a sample in a run', () => {
  it('is the same when nothing of the run is in it', () => {
    for (const tenant of samples.filter(({ kind }) => kind === 'StudioTenant'))
      expect(fittedSample(tenant, { postgres, entrance: local }, 'platform.localhost')).toBe(tenant);
  });

  it('names the server at its two addresses', () => {
    expect(fitted('PostgresServer')).toMatchObject({
      spec: { host: '127.0.0.1', port: 1, connect: postgres.inCluster, direct: postgres.inCluster },
    });
  });

  it("leads to the application's port of this machine where it is a process, and to its pods elsewhere", () => {
    expect(fitted('Service', local)).toMatchObject({ spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port: 8001 }] } });
    expect(fitted('Service', mapped)).toMatchObject({
      spec: { selector: { 'app.kubernetes.io/name': 'studio-app' }, ports: [{ port: 80 }] },
    });
  });

  it('takes every host of the domain to the same port as the tenants', () => {
    const rule = (port: number) => ({
      rules: [
        { host: '*.platform.localhost', http: { paths: [{ backend: { service: { name: 'studio-app', port: { number: port } } } }] } },
      ],
    });
    expect(fitted('Ingress', local)).toMatchObject({ spec: { ingressClassName: 'traefik', ...rule(8001) } });
    expect(fitted('Ingress', mapped)).toMatchObject({ spec: { ingressClassName: 'traefik', ...rule(80) } });
    expect(fitted('Ingress')['spec']).not.toHaveProperty('ingressClassName');
  });
});

describe('the settings for an entrance', () => {
  it('give the port of the address, the class, and the port behind the Service where that is not the usual one', () => {
    expect(entranceSettings({ entrance: local })).toEqual({
      PUBLIC_URL_PORT: '8000',
      INGRESS_CLASS: 'traefik',
      INGRESS_SERVICE_PORT: '8001',
    });
    expect(entranceSettings({ entrance: mapped })).toEqual({ PUBLIC_URL_PORT: '8000', INGRESS_CLASS: 'traefik' });
    expect(entranceSettings({})).toEqual({});
  });
});
