/*
 * What lies inside a tenant's database and is ours to keep: schema grants, default privileges, extensions. Separate from
 * what shows from outside because it costs a connection: looked at when a tenant is reconciled and in the slow probe.
 */
import { databaseName, ownerRole } from '../../api/names.ts';
import { quoteIdentifier } from '../../clients/postgres/sql.ts';
import { defaultPrivileges, MIGRATIONS_SCHEMA, SEQUENCE_PRIVILEGES, TABLE_PRIVILEGES } from './database-statements.ts';
import { type Blocked, type Decision, blocked } from './decision.ts';
import { createExtension, type ExtensionOffer, extensionProblem, planExtensions } from './extensions.ts';
import type { Grant } from './facts.ts';
import { grantStatements, type WantedGrants } from './grants.ts';
import type { TenantDatabaseSpec } from './spec.ts';

export interface SchemaFacts {
  readonly name: string;
  readonly owner: string;
  readonly grants: readonly Grant[];
}

export interface InsideFacts {
  readonly operatorRole: string;
  /** public and studio_migrations, where they are. */
  readonly schemas: readonly SchemaFacts[];
  /** Of the owner role IN SCHEMA public. */
  readonly defaultGrants: readonly (Grant & { readonly objects: 'tables' | 'sequences' })[];
  readonly extensions: readonly string[];
  /** Read only where an extension is missing. */
  readonly offers: readonly ExtensionOffer[];
  /** Event triggers of roles that are no superusers: they would run in our sessions. */
  readonly eventTriggers: readonly string[];
}

export type InsideChange =
  /** As the operator: GRANT and ALTER DEFAULT PRIVILEGES run nothing that a tenant has made. */
  | { readonly kind: 'mendGrants'; readonly statements: readonly string[] }
  /** As a short-lived migrator: an extension's script meets whatever migrations have left in schema public. */
  | { readonly kind: 'createExtensions'; readonly statements: readonly string[] };

/** The schema's owner in a database as PostgreSQL 15 and later make it: whoever owns the database. */
const PUBLIC_SCHEMA_OWNER = 'pg_database_owner';

/** @param serves whether the tenant was ever served: then a missing extension does not stop it */
export function insideChanges(spec: TenantDatabaseSpec, facts: InsideFacts, serves: boolean): Decision<InsideChange> {
  const trouble = eventTriggerTrouble(spec, facts) ?? ownerTrouble(spec, facts);
  if (trouble !== undefined) return trouble;
  const statements = [...schemaStatements(spec, facts), ...defaultStatements(spec, facts)];
  if (statements.length > 0) return { kind: 'outOfSync', change: { kind: 'mendGrants', statements } };
  const plan = planExtensions(spec.extensions, facts.extensions, facts.offers);
  if (plan.create.length > 0) {
    return { kind: 'outOfSync', change: { kind: 'createExtensions', statements: plan.create.map(createExtension) } };
  }
  return extensionProblem(spec, plan, facts.offers, !serves) ?? { kind: 'inSync' };
}

function wantedSchemas({ n }: TenantDatabaseSpec): Readonly<Record<string, WantedGrants>> {
  return {
    public: { [ownerRole(n)]: ['USAGE', 'CREATE'], [databaseName(n)]: ['USAGE'] },
    [MIGRATIONS_SCHEMA]: { [ownerRole(n)]: ['USAGE', 'CREATE'] },
  };
}

function schemaStatements(spec: TenantDatabaseSpec, { schemas, operatorRole }: InsideFacts): readonly string[] {
  const wanted = Object.entries(wantedSchemas(spec));
  const found = new Map(schemas.map((schema) => [schema.name, schema]));
  const missing = wanted.filter(([name]) => !found.has(name)).map(([name]) => `CREATE SCHEMA ${quoteIdentifier(name)}`);
  const grants = wanted.flatMap(([name, grantees]) => {
    const schema = found.get(name);
    return grantStatements(`SCHEMA ${quoteIdentifier(name)}`, schema?.grants ?? [], grantees, schema?.owner ?? operatorRole);
  });
  return [...missing, ...grants];
}

function defaultStatements(spec: TenantDatabaseSpec, { defaultGrants }: InsideFacts): readonly string[] {
  const has = (objects: string, privilege: string): boolean =>
    defaultGrants.some((grant) => grant.objects === objects && grant.grantee === databaseName(spec.n) && grant.privilege === privilege);
  const isComplete =
    TABLE_PRIVILEGES.every((privilege) => has('tables', privilege)) &&
    SEQUENCE_PRIVILEGES.every((privilege) => has('sequences', privilege));
  return isComplete ? [] : defaultPrivileges(spec);
}

function ownerTrouble(spec: TenantDatabaseSpec, { schemas, operatorRole }: InsideFacts): Blocked | undefined {
  const moved = schemas.find(({ owner }) => owner !== PUBLIC_SCHEMA_OWNER && owner !== operatorRole);
  if (moved === undefined) return undefined;
  return blocked(
    'SchemaOwnerChanged',
    `Schema "${moved.name}" of database "${databaseName(spec.n)}" belongs to "${moved.owner}". In that database run as a superuser: ` +
      `ALTER SCHEMA ${quoteIdentifier(moved.name)} OWNER TO ${PUBLIC_SCHEMA_OWNER};`,
    false,
  );
}

/** Some managed servers let others than superusers make them. */
function eventTriggerTrouble(spec: TenantDatabaseSpec, { eventTriggers }: InsideFacts): Blocked | undefined {
  if (eventTriggers.length === 0) return undefined;
  const sql = eventTriggers.map((name) => `DROP EVENT TRIGGER ${quoteIdentifier(name)};`);
  return blocked(
    'EventTrigger',
    `Database "${databaseName(spec.n)}" has an event trigger that is not a superuser's; it would run with the operator's rights, so nothing is mended there. ` +
      `In that database run as a superuser: ${sql.join(' ')}`,
    false,
  );
}
