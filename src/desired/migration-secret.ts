/**
 * The Secret with the login of one migration attempt. Pure. Separate from the tenant's own connection Secret:
 * it is another role, lives as long as its Job, and its keys are environment variables.
 */
import { migrationSecretName } from '../api/names.ts';
import type { OwnerReference } from '../api/object-meta.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import type { Address } from '../api/postgres-server.ts';
import { MIGRATION_CA_FILE, MIGRATION_CA_KEY, migrationLabels, type MIGRATION_VARIABLES } from './migration-keys.ts';
import { ownedBy } from './owner-reference.ts';

export interface MigrationLogin {
  /** Straight to the server, past any pooler: migrations hold session locks. */
  readonly address: Address;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly sslmode: string;
  /** PEM. */
  readonly ca?: string | undefined;
}

export interface SecretToCreate {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly OwnerReference[];
  };
  readonly type: 'Opaque';
  readonly immutable: true;
  /** Plain text; the API server stores it in base64. */
  readonly stringData: Readonly<Record<string, string>>;
}

export function migrationSecret(tenant: StudioTenant, jobName: string, login: MigrationLogin): SecretToCreate {
  return {
    metadata: {
      name: migrationSecretName(jobName),
      namespace: tenant.metadata.namespace ?? '',
      labels: migrationLabels(tenant.metadata.name),
      ownerReferences: [ownedBy(tenant)],
    },
    type: 'Opaque',
    immutable: true,
    stringData: { ...variables(login), ...(login.ca === undefined ? {} : { [MIGRATION_CA_KEY]: login.ca }) },
  };
}

function variables(login: MigrationLogin): Readonly<Record<(typeof MIGRATION_VARIABLES)[number], string>> {
  return {
    DATABASE_URL: databaseUrl(login),
    PGHOST: login.address.host,
    PGPORT: String(login.address.port),
    PGDATABASE: login.database,
    PGUSER: login.user,
    PGPASSWORD: login.password,
    PGSSLMODE: login.sslmode,
  };
}

function databaseUrl(login: MigrationLogin): string {
  const { host, port } = login.address;
  const url = new URL(`postgresql://${host.includes(':') ? `[${host}]` : host}`);
  url.port = String(port);
  url.username = encodeURIComponent(login.user);
  url.password = encodeURIComponent(login.password);
  url.pathname = `/${login.database}`;
  url.searchParams.set('sslmode', login.sslmode);
  if (login.ca !== undefined) url.searchParams.set('sslrootcert', MIGRATION_CA_FILE);
  return url.href;
}
