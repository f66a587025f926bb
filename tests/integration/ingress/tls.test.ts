/**
 * TLS from a tenant's spec to a browser: the operator's Ingress, a real Ingress controller that serves it, and handshakes by SNI with
 * certificates made here. The application behind it only tells which host it was asked for.
 */
import { X509Certificate } from 'node:crypto';
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { ingressName } from '../../../src/api/names.ts';
import { INGRESS, SECRET } from '../../../src/api/resources.ts';
import type { Ingress } from '../../../src/desired/ingress.ts';
import { type Authority, newAuthority, type ServerCertificate } from '../../support/certificates.ts';
import { BASE_DOMAIN, getAt, getByTls, shownCertificate, startEntrance, type TestEntrance } from '../../support/entrance.ts';
import { eventually } from '../../support/eventually.ts';
import { Studio, SYSTEM, TENANTS } from '../../support/studio.ts';

// An installation of its own, on a busy machine.
const START_TIMEOUT_MS = 240_000;

describe('TLS through a real Ingress controller', () => {
  let studio: Studio;
  let entrance: TestEntrance;
  let application: http.Server;
  let authority: Authority;

  beforeAll(async () => {
    [studio, authority] = await Promise.all([Studio.start(), newAuthority()]);
    entrance = await startEntrance(studio);
    application = http.createServer((request, response) => response.end(`asked for ${request.headers.host}`));
    await entrance.application.release();
    await new Promise<void>((resolve) => application.listen(entrance.application.port, '127.0.0.1', resolve));
    await studio.startOperator(entrance.settings);
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    application?.closeAllConnections();
    application?.close();
    await entrance?.[Symbol.asyncDispose]();
    await studio?.[Symbol.asyncDispose]();
  });

  const writeSecret = async (name: string, { certificate, key }: ServerCertificate, metadata: object = {}): Promise<void> =>
    await studio.cluster.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: TENANTS, ...metadata },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.certificate },
    });

  const shown = async (host: string): Promise<string> => await shownCertificate(entrance.httpsPort, host);
  const shows = async (host: string, { fingerprint256 }: ServerCertificate): Promise<void> =>
    void (await eventually(async () => (await shown(host)) === fingerprint256, { timeoutMs: 30_000 }));
  const get = async (host: string) => await getByTls({ port: entrance.httpsPort, host, ca: authority.certificate });

  it("shows a tenant's own Secret for its subdomain and its custom domain, and follows a new certificate in it", async () => {
    const [subdomain, domain] = [`own-secret.${BASE_DOMAIN}`, 'booking.own-secret.example'];
    const first = await authority.issue(subdomain, domain);
    await writeSecret('own-secret-certificate', first);
    await studio.applyTenant('own-secret', { ingress: { customDomains: [domain], tls: { secretName: 'own-secret-certificate' } } });
    await studio.settled('own-secret');
    for (const host of [subdomain, domain]) {
      await shows(host, first);
      expect(await get(host)).toMatchObject({ status: 200, body: `asked for ${host}` });
    }

    const second = await authority.issue(subdomain, domain);
    await writeSecret('own-secret-certificate', second);
    for (const host of [subdomain, domain]) {
      await shows(host, second);
      expect(await get(host)).toMatchObject({ status: 200, body: `asked for ${host}` });
    }
  });

  it('shows each host of a tenant with an issuer its own certificate, once that is in the Secret which the Ingress names', async () => {
    const [subdomain, domain] = [`by-issuer.${BASE_DOMAIN}`, 'booking.by-issuer.example'];
    await studio.applyTenant('by-issuer', { ingress: { customDomains: [domain], tls: { issuer: { name: 'letsencrypt' } } } });
    await studio.settled('by-issuer');
    const ingress = await ingressOf('by-issuer');
    expect(ingress.metadata.annotations).toMatchObject({ 'cert-manager.io/cluster-issuer': 'letsencrypt' });
    const secretFor = new Map(ingress.spec.tls?.flatMap(({ hosts, secretName }) => hosts.map((host) => [host, secretName] as const)));
    expect([...secretFor.keys()]).toEqual([subdomain, domain]);
    expect(new Set(secretFor.values()).size).toBe(2);

    // Until the issuer is done, there is no certificate for the host; nobody else's is shown in its place.
    expect(await tenantsCertificates()).not.toContain(await shown(subdomain));
    await expect(get(subdomain)).rejects.toThrow();

    const issued = new Map([
      [subdomain, await authority.issue(subdomain)],
      [domain, await authority.issue(domain)],
    ]);
    for (const [host, certificate] of issued) await writeSecret(secretFor.get(host) as string, certificate, certManagersMetadata(host));
    for (const [host, certificate] of issued) await shows(host, certificate);
    for (const [host, certificate] of issued) {
      expect(await shown(host)).toBe(certificate.fingerprint256);
      expect(await get(host)).toMatchObject({ status: 200, body: `asked for ${host}` });
    }
    expect((await studio.settled('by-issuer')).status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Routed', status: 'True' }),
    );
  });

  it('shows nobody of the tenants to a client that asks for another name or for none', async () => {
    const known = await tenantsCertificates();
    expect(known.length).toBeGreaterThanOrEqual(3);
    for (const host of [`nobody.${BASE_DOMAIN}`, 'nobody.example', `x.own-secret.${BASE_DOMAIN}`, '']) {
      expect(known).not.toContain(await shown(host));
    }
    await expect(get(`nobody.${BASE_DOMAIN}`)).rejects.toThrow();
    expect((await getAt(entrance.httpPort, `nobody.${BASE_DOMAIN}`)).status).toBe(404);
  });

  it('writes where it serves into the status of the Ingress, and the operator leaves that alone', async () => {
    const { metadata, status } = await eventually(async () => {
      const ingress = await ingressOf('own-secret');
      return ingress.status?.loadBalancer?.ingress === undefined ? undefined : ingress;
    });
    expect(status?.loadBalancer?.ingress).toEqual([{ hostname: 'localhost' }]);
    await studio.annotateTenant('own-secret', { 'studio-platform.io/retry': 'look-again' });
    await studio.waitFor('own-secret', (tenant) => tenant.status?.handled?.retry === 'look-again');
    expect((await ingressOf('own-secret')).metadata.resourceVersion).toBe(metadata.resourceVersion);
  });

  it('reads the Secrets of the tenants and no others', async () => {
    const denied = (await studio.audit()).filter(
      ({ user, responseStatus }) => user.username === 'system:serviceaccount:kube-system:traefik' && responseStatus?.code === 403,
    );
    expect(denied).toEqual([]);
    expect(await mayReadSecrets(TENANTS)).toBe(true);
    expect(await mayReadSecrets(SYSTEM)).toBe(false);
    expect(await mayReadSecrets('kube-system')).toBe(false);
  });

  type ServedIngress = Ingress & { readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly object[] } } };

  const ingressOf = async (tenant: string): Promise<ServedIngress> => {
    const ingress = await studio.cluster.api.get<ServedIngress>(INGRESS, { namespace: TENANTS, name: ingressName(tenant) });
    if (ingress === undefined) throw new Error(`${tenant} has no Ingress`);
    return ingress;
  };

  /** The fingerprints of what is in the tenants' TLS Secrets. */
  const tenantsCertificates = async (): Promise<readonly string[]> => {
    const { items } = await studio.cluster.api.list<KubernetesObject & TlsSecret>(SECRET, { namespace: TENANTS });
    return items
      .filter(({ type }) => type === 'kubernetes.io/tls')
      .map(({ data }) => new X509Certificate(Buffer.from(data['tls.crt'], 'base64')).fingerprint256);
  };

  const mayReadSecrets = async (namespace: string): Promise<boolean> => {
    const review = await studio.cluster.api.raw<{ readonly status: { readonly allowed: boolean } }>({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: 'system:serviceaccount:kube-system:traefik', resourceAttributes: { namespace, verb: 'list', resource: 'secrets' } },
      },
    });
    return review.status.allowed;
  };
});

interface TlsSecret {
  readonly type: string;
  readonly data: { readonly 'tls.crt': string };
}

/** What cert-manager puts on the Secret that it writes for an Ingress with its annotation. */
function certManagersMetadata(host: string): object {
  return {
    labels: { 'controller.cert-manager.io/fao': 'true' },
    annotations: {
      'cert-manager.io/alt-names': host,
      'cert-manager.io/common-name': host,
      'cert-manager.io/issuer-group': 'cert-manager.io',
      'cert-manager.io/issuer-kind': 'ClusterIssuer',
      'cert-manager.io/issuer-name': 'letsencrypt',
    },
  };
}
