// Which halted rollout a tenant waits for. Pure. Separate because the fleet and one tenant's page both name the command that lifts it, and
// a command that lifts another one starts what was stopped on purpose.
import type { Release, Tenant } from '../kubernetes/objects.ts';

/** The name of the SchemaRelease; undefined: it cannot be told. */
export function haltedReleaseFor({ spec, status }: Tenant, releases: readonly Release[]): string | undefined {
  const halted = releases.filter((release) => release.status?.halted === true);
  if (spec.release !== undefined) return halted.find(({ metadata }) => metadata.name === spec.release)?.metadata.name;
  const version = status?.schema?.version ?? 0;
  const above = halted.filter((release) => release.spec.version > version);
  return above.toSorted((a, b) => b.spec.version - a.spec.version)[0]?.metadata.name;
}
