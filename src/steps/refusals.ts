/**
 * What the loser of a claim is told: which claim, what to do, and nothing about who has it.
 * Separate because registering, changing and coming back are refused for the same reasons.
 */
import type { Refusal } from '../desired/claims.ts';
import type { Claims, ClaimRefusal } from '../master/organization.ts';

/** Undefined where another row of our own was in the way: gathering again finds it. */
export function describeRefusal(refusal: ClaimRefusal, claims: Claims, baseDomain: string): Refusal | undefined {
  if (refusal.kind === 'subdomainTaken') {
    return {
      reason: 'SubdomainTaken',
      message: `${claims.subdomain}.${baseDomain} belongs to another tenant. Choose another spec.subdomain, or wait until it is given up.`,
    };
  }
  if (refusal.kind === 'domainsTaken') {
    return {
      reason: 'DomainTaken',
      message: `Another tenant has ${refusal.domains.join(', ')}. Remove it from spec.ingress.customDomains, or wait until it is given up.`,
    };
  }
  if (refusal.kind !== 'notOwner') return undefined;
  return {
    reason: 'MasterOwnedByAnotherCluster',
    message: "The master database belongs to another cluster's operator. Configure this one to adopt from that cluster, if it is gone.",
  };
}
