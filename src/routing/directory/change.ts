/*
 * What a notification of the channel studio_tenants says. Separate and pure because it comes from outside: what is not
 * understood means that anything may have changed, never nothing.
 */
export const CHANNEL = 'studio_tenants';

export interface Change {
  readonly organizationId: number;
  /** Labels and domains that came or went. */
  readonly hosts: readonly string[];
}

/** Undefined: any tenant may have changed. */
export function parseChange(payload: string): Change | undefined {
  const message = parsed(payload);
  if (typeof message !== 'object' || message === null) return undefined;
  const { organization, hosts = [] } = message as { readonly organization?: unknown; readonly hosts?: unknown };
  if (typeof organization !== 'number' || !Array.isArray(hosts) || !hosts.every(isString)) return undefined;
  return { organizationId: organization, hosts };
}

const isString = (value: unknown): value is string => typeof value === 'string';

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined; // not of our triggers
  }
}
