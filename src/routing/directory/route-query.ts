/*
 * The one query of the directory, and how its rows become tenants. Separate because it is the contract with the master
 * database's view tenant_routes. Rows share what is the same for many: ten thousand tenants live on a few servers.
 */
import type { Tenant, TenantState } from '../tenant.ts';

/** $1: labels under the base domain, $2: custom domains, $3: organization ids. Each is found by an index. */
export const FIND_ROUTES = `
SELECT r.subdomain AS key, r.* FROM public.tenant_routes AS r WHERE r.subdomain = ANY ($1::text[])
UNION ALL
SELECT d.domain, r.* FROM public.organization_domains AS d
  JOIN public.tenant_routes AS r ON r.organization_id = d.organization_id WHERE d.domain = ANY ($2::text[])
UNION ALL
SELECT NULL, r.* FROM public.tenant_routes AS r WHERE r.organization_id = ANY ($3::integer[])`;

export interface RouteRow {
  /** The host that was asked for; null: it was asked for by its id. */
  readonly key: string | null;
  readonly organization_id: number;
  readonly subdomain: string;
  readonly display_name: string;
  readonly status: TenantState;
  readonly database_name: string;
  readonly database_host: string;
  readonly database_port: number;
  readonly server_name: string;
  readonly schema_release: string | null;
  readonly schema_version: number | null;
  readonly credentials_generation: number;
  readonly secret_namespace: string | null;
  readonly secret_name: string | null;
}

/** Enough for any platform; when there are more, sharing begins anew. */
const MAX_SHARED = 1_000;

/** Makes tenants of rows, which share servers, releases and namespaces. */
export function tenantReader(): (row: RouteRow, asOf: number) => Tenant {
  const server = shared((name: string, host: string, port: number) => ({ name, host, port }));
  const schema = shared((release: string, version: number) => ({ release, version }));
  const namespace = shared((name: string) => name);
  return (row, asOf) => ({
    asOf,
    organizationId: row.organization_id,
    subdomain: row.subdomain,
    displayName: row.display_name,
    state: row.status,
    databaseName: row.database_name,
    server: server(row.server_name, row.database_host, row.database_port),
    schema: row.schema_release === null || row.schema_version === null ? undefined : schema(row.schema_release, row.schema_version),
    credentials:
      row.secret_namespace === null || row.secret_name === null
        ? undefined
        : { namespace: namespace(row.secret_namespace), name: row.secret_name, generation: row.credentials_generation },
  });
}

/** The same value for the same arguments. */
function shared<A extends readonly (string | number)[], V>(make: (...values: A) => V): (...values: A) => V {
  const made = new Map<string, V>();
  return (...values) => {
    const key = values.join('\n');
    const known = made.get(key);
    if (known !== undefined) return known;
    if (made.size >= MAX_SHARED) made.clear();
    const value = make(...values);
    made.set(key, value);
    return value;
  };
}
