/**
 * The tenant's Ingress: one rule and one tls entry per host, to the one backend Service that serves all tenants.
 * Plain networking.k8s.io/v1: no controller's own annotations, but those that the administrator has allowed by prefix.
 */
import { ANNOTATION } from '../api/annotations.ts';
import { LABELS, MANAGED_BY_LABELS } from '../api/group.ts';
import { ingressName } from '../api/names.ts';
import type { KubernetesObject } from '../api/object-meta.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import type { TenantConfig } from '../config.ts';
import { hashOf } from './matches.ts';
import { ownedBy } from './owner-reference.ts';

export interface Ingress extends KubernetesObject {
  readonly spec: {
    readonly ingressClassName?: string;
    readonly rules: readonly IngressRule[];
    readonly tls?: readonly { readonly hosts: readonly string[]; readonly secretName: string }[];
  };
}

interface IngressRule {
  readonly host: string;
  readonly http: { readonly paths: readonly IngressPath[] };
}

interface IngressPath {
  readonly path: string;
  readonly pathType: 'Prefix';
  readonly backend: { readonly service: { readonly name: string; readonly port: { readonly number: number } } };
}

/** What of the configuration an Ingress is made from. */
export type IngressConfig = Pick<TenantConfig, 'baseDomain' | 'ingress'>;

/** The hosts that are served: those the tenant has been given, which are not always those it asks for. */
export interface Hosts {
  readonly subdomain: string;
  readonly customDomains: readonly string[];
}

export function hostOf(subdomain: string, baseDomain: string): string {
  return `${subdomain}.${baseDomain}`;
}

/** The Ingress to apply. `appliedHash` tells later whether what was applied is still what is asked for. */
export function tenantIngress(tenant: StudioTenant, hosts: Hosts, config: IngressConfig): Ingress {
  const platformHost = hostOf(hosts.subdomain, config.baseDomain);
  const all = [platformHost, ...hosts.customDomains];
  const className = tenant.spec.ingress.className ?? config.ingress.className;
  const tls = tlsEntries(tenant, platformHost, hosts.customDomains, config);
  const annotations = ingressAnnotations(tenant, config);
  const spec = {
    ...(className === undefined ? {} : { ingressClassName: className }),
    rules: all.map((host) => ruleFor(host, config)),
    ...(tls.length === 0 ? {} : { tls }),
  };
  const labels = { ...MANAGED_BY_LABELS, [LABELS.tenant]: tenant.metadata.name };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: ingressName(tenant.metadata.name),
      namespace: tenant.metadata.namespace,
      labels,
      annotations: { ...annotations, [ANNOTATION.appliedHash]: hashOf({ labels, annotations, spec }) },
      ownerReferences: [ownedBy(tenant)],
    } as unknown as Ingress['metadata'],
    spec,
  };
}

function ruleFor(host: string, config: IngressConfig): IngressRule {
  const { service, port } = config.ingress.backend;
  const backend = { service: { name: service, port: { number: port } } };
  return { host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
}

interface Tls {
  readonly hosts: readonly string[];
  readonly secretName: string;
}

/**
 * The tenant's own Secret covers all its hosts. An issuer gets one Secret per host, so that a custom domain whose
 * DNS is not ready yet never holds up the certificate of the others. The operator's default Secret, typically a
 * wildcard, covers the platform's host only.
 */
function tlsEntries(tenant: StudioTenant, platformHost: string, custom: readonly string[], config: IngressConfig): Tls[] {
  const own = tenant.spec.ingress.tls;
  if (own?.secretName !== undefined) return [platformHost, ...custom].map((host) => entry(host, own.secretName as string));
  const perHost = (hosts: readonly string[]): Tls[] => hosts.map((host) => entry(host, tlsSecretName(tenant, host)));
  if (own?.issuer !== undefined) return perHost([platformHost, ...custom]);
  const { secretName, issuer } = config.ingress.tls;
  if (secretName !== undefined) return [entry(platformHost, secretName), ...(issuer === undefined ? [] : perHost(custom))];
  return issuer === undefined ? [] : perHost([platformHost, ...custom]);
}

const entry = (host: string, secretName: string): Tls => ({ hosts: [host], secretName });

/** A host may be longer than a name, and the subdomain may change: the Secret's name is made of the host's hash. */
function tlsSecretName(tenant: StudioTenant, host: string): string {
  return `${tenant.metadata.name}-tls-${hashOf(host).slice(0, 8)}`;
}

/** Snippets run as code in the controller that reads them, with its rights: no prefix ever lets them through. */
function ingressAnnotations(tenant: StudioTenant, config: IngressConfig): Record<string, string> {
  const allowed = Object.entries(tenant.spec.ingress.annotations ?? {}).filter(
    ([key]) => config.ingress.annotationPrefixes.some((prefix) => key.startsWith(prefix)) && !key.includes('snippet'),
  );
  return { ...Object.fromEntries(allowed), ...issuerAnnotation(tenant, config) };
}

function issuerAnnotation(tenant: StudioTenant, config: IngressConfig): Record<string, string> {
  const own = tenant.spec.ingress.tls;
  if (own?.secretName !== undefined && own.issuer === undefined) return {};
  const issuer = own?.issuer ?? config.ingress.tls.issuer;
  if (issuer === undefined) return {};
  return { [issuer.kind === 'Issuer' ? 'cert-manager.io/issuer' : 'cert-manager.io/cluster-issuer']: issuer.name };
}
