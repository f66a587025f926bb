/**
 * What a tenant claims of the platform: its name, subdomain and custom domains, and which claims can never be granted.
 * Pure, and separate from the step, because the reasons are the operator's own rules: the API server knows no base domain.
 */
import { isUnder } from '../api/hosts.ts';
import { RESERVED_SUBDOMAINS } from '../api/reserved.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import type { Claims } from '../master/organization.ts';

export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** The reserved names of the platform at hand. */
export interface Reserved {
  readonly baseDomain: string;
  /** Subdomains reserved by configuration, beside those that always are. */
  readonly reservedSubdomains: readonly string[];
}

/** Hosts are compared and kept in lower case. */
export function claimsOf(tenant: StudioTenant): Claims {
  return {
    displayName: tenant.spec.displayName,
    subdomain: tenant.spec.subdomain.toLowerCase(),
    domains: tenant.spec.ingress.customDomains.map((domain) => domain.toLowerCase()).toSorted(),
  };
}

/** Why these claims are refused whoever asks, or undefined. */
export function refusalOf(claims: Claims, reserved: Reserved): Refusal | undefined {
  const { baseDomain } = reserved;
  if ([...RESERVED_SUBDOMAINS, ...reserved.reservedSubdomains].includes(claims.subdomain)) {
    return {
      reason: 'SubdomainReserved',
      message: `The subdomain "${claims.subdomain}" is reserved by the platform. Choose another in spec.subdomain.`,
    };
  }
  const domain = claims.domains.find((host) => isUnder(host, baseDomain));
  if (domain === undefined) return undefined;
  return {
    reason: 'DomainReserved',
    message: `The domain "${domain}" belongs to the platform itself (${baseDomain}). Remove it from spec.ingress.customDomains; a host under ${baseDomain} is asked for with spec.subdomain.`,
  };
}

export function claimsDiffer(claims: Claims, organization: Claims): boolean {
  return (
    claims.displayName !== organization.displayName ||
    claims.subdomain !== organization.subdomain ||
    claims.domains.length !== organization.domains.length ||
    claims.domains.some((domain) => !organization.domains.includes(domain))
  );
}

/** Hosts and subdomains that were held before and are not any more: somebody may be waiting for them. */
export function releasedClaims(before: Claims, after: Claims | undefined): readonly string[] {
  const kept = after === undefined ? [] : [after.subdomain, ...after.domains];
  return [before.subdomain, ...before.domains].filter((claim) => !kept.includes(claim));
}
