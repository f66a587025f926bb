// Reads the fleet: tenants, servers, releases. Separate from what is made of it. kubectl itself lists in chunks of 500.
import { isRefusal, type Kubectl } from '../kubernetes/kubectl.ts';
import { RELEASES, SERVERS, TENANTS } from '../kubernetes/kinds.ts';
import type { List, Release, Server, Tenant } from '../kubernetes/objects.ts';
import { type Gap, gapOf, gapsOf, type Reading, reading } from '../kubernetes/rights.ts';
import { explained } from '../scope.ts';

export interface Fleet {
  readonly tenants: readonly Tenant[];
  /** The one namespace that was looked at; undefined: all of them. */
  readonly namespace?: string;
  /** Undefined: not to be seen. */
  readonly servers?: readonly Server[];
  readonly releases?: readonly Release[];
  readonly gaps: readonly Gap[];
}

/** Without `namespace` all of them; where that is not allowed, the context's own. */
export async function gatherFleet(kubectl: Kubectl, namespace: string | undefined): Promise<Fleet> {
  const [tenants, servers, releases] = await Promise.all([
    gatherTenants(kubectl, namespace),
    everyOf<Server>(kubectl, 'PostgresServers', SERVERS),
    everyOf<Release>(kubectl, 'SchemaReleases', RELEASES),
  ]);
  return {
    ...tenants,
    ...(servers.value === undefined ? {} : { servers: servers.value }),
    ...(releases.value === undefined ? {} : { releases: releases.value }),
    gaps: [...tenants.gaps, ...gapsOf(servers, releases)],
  };
}

/** Of a kind that belongs to the cluster. */
async function everyOf<Item>(kubectl: Kubectl, what: string, resource: string): Promise<Reading<readonly Item[]>> {
  const right = { verb: 'list', resource };
  return await explained(right, () => reading(what, right, () => listOf<Item>(kubectl, [resource])));
}

type Tenants = Pick<Fleet, 'tenants' | 'namespace' | 'gaps'>;

async function gatherTenants(kubectl: Kubectl, namespace: string | undefined): Promise<Tenants> {
  if (namespace !== undefined) return await tenantsOf(kubectl, namespace);
  const right = { verb: 'list', resource: TENANTS };
  const everywhere = await explained(right, () =>
    listOf<Tenant>(kubectl, [TENANTS, '-A']).catch((error: unknown) => {
      if (isRefusal(error, 'Forbidden')) return undefined;
      throw error;
    }),
  );
  if (everywhere !== undefined) return { tenants: everywhere, gaps: [] };
  const own = await tenantsOf(kubectl, await currentNamespace(kubectl));
  return { ...own, gaps: [gapOf('tenants of other namespaces', right)] };
}

async function tenantsOf(kubectl: Kubectl, namespace: string): Promise<Tenants> {
  const tenants = await explained({ verb: 'list', resource: TENANTS, namespace }, () =>
    listOf<Tenant>(kubectl, [TENANTS, '-n', namespace]),
  );
  return { tenants, namespace, gaps: [] };
}

/** The context's, as kubectl takes it. */
export async function currentNamespace(kubectl: Kubectl): Promise<string> {
  const namespace = await kubectl.text(['config', 'view', '--minify', '-o', 'jsonpath={..namespace}']);
  return namespace === '' ? 'default' : namespace;
}

async function listOf<Item>(kubectl: Kubectl, args: readonly string[]): Promise<readonly Item[]> {
  return (await kubectl.json<List<Item>>(['get', ...args])).items;
}
