// Subdomains that no tenant may have, because the platform itself answers there.
// Separate because the API server refuses them by the same list the operator checks; configuration can add more.

export const RESERVED_SUBDOMAINS = ['www', 'api', 'admin', 'app', 'mail', 'auth', 'static', 'status'] as const;

/** @param more Further reserved subdomains, from the configuration. */
export function isReservedSubdomain(subdomain: string, more: readonly string[] = []): boolean {
  const reserved: readonly string[] = RESERVED_SUBDOMAINS;
  return reserved.includes(subdomain) || more.includes(subdomain);
}
