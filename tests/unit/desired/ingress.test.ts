import { describe, expect, it } from 'vitest';

import { type IngressConfig, tenantIngress } from '../../../src/desired/ingress.ts';
import { aTenant } from '../../support/a-tenant.ts';

const config: IngressConfig = {
  baseDomain: 'platform.com',
  ingress: {
    className: undefined,
    backend: { service: 'studio-app', port: 80 },
    tls: { secretName: undefined, issuer: undefined },
    annotationPrefixes: [],
  },
};
const withIngress = (ingress: Partial<IngressConfig['ingress']>): IngressConfig => ({
  ...config,
  ingress: { ...config.ingress, ...ingress },
});
const hosts = { subdomain: 'my-studio', customDomains: ['booking.example'] };

describe("a tenant's Ingress", () => {
  it('has one rule per host, all to the one backend', () => {
    const { spec } = tenantIngress(aTenant(), hosts, config);
    expect(spec.rules.map(({ host }) => host)).toEqual(['my-studio.platform.com', 'booking.example']);
    expect(spec.rules[0]?.http.paths).toEqual([
      { path: '/', pathType: 'Prefix', backend: { service: { name: 'studio-app', port: { number: 80 } } } },
    ]);
    expect(spec.tls).toBeUndefined();
  });

  it('has one Secret per host with an issuer, so that one domain never holds up another', () => {
    const tenant = aTenant({ spec: { ingress: { customDomains: [], tls: { issuer: { name: 'letsencrypt', kind: 'ClusterIssuer' } } } } });
    const { spec, metadata } = tenantIngress(tenant, hosts, config);
    expect(spec.tls?.map((entry) => entry.hosts)).toEqual([['my-studio.platform.com'], ['booking.example']]);
    expect(new Set(spec.tls?.map(({ secretName }) => secretName)).size).toBe(2);
    expect(metadata.annotations).toMatchObject({ 'cert-manager.io/cluster-issuer': 'letsencrypt' });
  });

  it("covers the platform's host only with the operator's default Secret", () => {
    const { spec } = tenantIngress(aTenant(), hosts, withIngress({ tls: { secretName: 'wildcard', issuer: undefined } }));
    expect(spec.tls).toEqual([{ hosts: ['my-studio.platform.com'], secretName: 'wildcard' }]);
  });

  it('takes annotations by allowed prefix only, and never a snippet', () => {
    const annotations = { 'nginx.org/limit': '1', 'nginx.org/server-snippet': 'x', 'other.io/a': 'b' };
    const tenant = aTenant({ spec: { ingress: { customDomains: [], annotations } } });
    const { metadata } = tenantIngress(tenant, hosts, withIngress({ annotationPrefixes: ['nginx.org/'] }));
    expect(Object.keys(metadata.annotations ?? {})).toEqual(['nginx.org/limit', 'studio-platform.io/applied-hash']);
  });

  it("lets the operator's annotations win", () => {
    const annotations = { 'cert-manager.io/cluster-issuer': 'mine' };
    const tls = { issuer: { name: 'ours', kind: 'ClusterIssuer' as const } };
    const tenant = aTenant({ spec: { ingress: { customDomains: [], annotations, tls } } });
    const { metadata } = tenantIngress(tenant, hosts, withIngress({ annotationPrefixes: ['cert-manager.io/'] }));
    expect(metadata.annotations?.['cert-manager.io/cluster-issuer']).toBe('ours');
  });

  it('changes its hash with anything that is applied', () => {
    const hash = (ingress: ReturnType<typeof tenantIngress>) => ingress.metadata.annotations?.['studio-platform.io/applied-hash'];
    const first = hash(tenantIngress(aTenant(), hosts, config));
    expect(hash(tenantIngress(aTenant(), hosts, config))).toBe(first);
    expect(hash(tenantIngress(aTenant(), { ...hosts, subdomain: 'other' }, config))).not.toBe(first);
    expect(hash(tenantIngress(aTenant(), hosts, withIngress({ className: 'traefik' })))).not.toBe(first);
  });
});
