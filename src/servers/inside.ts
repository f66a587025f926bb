/*
 * Looking and acting inside a tenant's database. Separate because each costs a connection, and because of the one rule:
 * catalogs only, on a connection with pinned start-up options. What needs more runs as a short-lived migrator login,
 * which has no rights elsewhere.
 */
import { randomBytes } from 'node:crypto';
import { databaseName, migratorRole, ownerRole } from '../api/names.ts';
import { joined, type Query, type Sql } from '../clients/postgres/sql.ts';
import { scramVerifier } from '../clients/postgres/scram.ts';
import { MIGRATIONS_SCHEMA } from '../desired/postgres/database-statements.ts';
import { createExtension, type ExtensionOffer, planExtensions } from '../desired/postgres/extensions.ts';
import type { Grant } from '../desired/postgres/facts.ts';
import type { InsideChange, InsideFacts } from '../desired/postgres/inside.ts';
import type { TenantDatabaseSpec } from '../desired/postgres/spec.ts';
import { createMigrator, removeMigrator } from './migrator.ts';
import type { ServerSessions } from './server-sessions.ts';

/** A login that is left behind by a crash ends by itself after this. */
const LOGIN_LIFETIME_MS = 120_000;
const LOCK_TIMEOUT_MS = 5_000;
const PASSWORD_BYTES = 32;

type GrantRow = readonly [grantee: string, grantor: string, privilege: string, grantable: boolean];

interface InsideRow {
  readonly operator: string;
  readonly schemas: readonly { readonly name: string; readonly owner: string; readonly grants: readonly GrantRow[] | null }[];
  readonly defaults: readonly { readonly objects: 'tables' | 'sequences'; readonly grant: GrantRow }[];
  readonly extensions: readonly string[];
  readonly eventTriggers: readonly string[];
}

/** One connection; a second query only where an extension is missing. */
export function gatherInside(
  sessions: Pick<ServerSessions, 'inside'>,
  spec: Pick<TenantDatabaseSpec, 'n' | 'extensions'>,
): Promise<InsideFacts> {
  return sessions.inside(databaseName(spec.n), async (query) => {
    const [row] = await query<InsideRow>(insideQuery(spec.n));
    if (row === undefined) throw new Error('the query inside a database gave no row');
    const isMissing = spec.extensions.some((name) => !row.extensions.includes(name));
    return {
      operatorRole: row.operator,
      schemas: row.schemas.map(({ name, owner, grants }) => ({ name, owner, grants: (grants ?? []).map(grantOf) })),
      defaultGrants: row.defaults.map(({ objects, grant }) => defaultGrantOf(objects, grant)),
      extensions: row.extensions,
      eventTriggers: row.eventTriggers,
      offers: isMissing ? await extensionOffers(query) : [],
    };
  });
}

export async function applyInsideChange(sessions: ServerSessions, spec: TenantDatabaseSpec, change: InsideChange): Promise<void> {
  if (change.kind === 'mendGrants') {
    await sessions.inside(databaseName(spec.n), (query) => query(joined(change.statements, 'mend-inside')));
    return;
  }
  await asMigrator(sessions, spec, joined(change.statements, 'create-extensions'));
}

/** For a database that nobody has been in yet. Asks the server only where there is something to create. */
export async function extensionStatements(
  query: Query,
  { extensions }: Pick<TenantDatabaseSpec, 'extensions'>,
): Promise<readonly string[]> {
  if (extensions.length === 0) return [];
  return planExtensions(extensions, [], await extensionOffers(query)).create.map(createExtension);
}

async function asMigrator(sessions: ServerSessions, spec: TenantDatabaseSpec, sql: Sql): Promise<void> {
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const verifier = await scramVerifier(password);
  const validUntil = new Date(Date.now() + LOGIN_LIFETIME_MS);
  await createMigrator(sessions, spec, { verifier, validUntil, lockTimeoutMs: LOCK_TIMEOUT_MS });
  try {
    const login = { user: migratorRole(spec.n), password, database: databaseName(spec.n) };
    await sessions.as(login, (query) => query(sql));
  } finally {
    await removeMigrator(sessions, spec);
  }
}

function insideQuery(n: number): Sql {
  return {
    text: `SELECT current_user::text AS operator,
  (SELECT coalesce(json_agg(json_build_object('name', s.nspname, 'owner', pg_get_userbyid(s.nspowner), 'grants',
      (SELECT json_agg(${grantJson}) FROM aclexplode(coalesce(s.nspacl, acldefault('n', s.nspowner))) a))), '[]')
    FROM pg_namespace s WHERE s.nspname IN ('public', $1)) AS schemas,
  (SELECT coalesce(json_agg(json_build_object('objects', CASE d.defaclobjtype WHEN 'r' THEN 'tables' ELSE 'sequences' END,
      'grant', ${grantJson})), '[]')
    FROM pg_default_acl d JOIN pg_namespace s ON s.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
    WHERE s.nspname = 'public' AND d.defaclobjtype IN ('r', 'S') AND pg_get_userbyid(d.defaclrole) = $2) AS defaults,
  (SELECT coalesce(json_agg(e.extname), '[]') FROM pg_extension e) AS extensions,
  (SELECT coalesce(json_agg(t.evtname), '[]') FROM pg_event_trigger t JOIN pg_roles r ON r.oid = t.evtowner
    WHERE NOT r.rolsuper) AS "eventTriggers"`,
    values: [MIGRATIONS_SCHEMA, ownerRole(n)],
    kind: 'gather-inside',
  };
}

const grantJson = `json_build_array(CASE WHEN a.grantee = 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END,
      pg_get_userbyid(a.grantor), a.privilege_type, a.is_grantable)`;

async function extensionOffers(query: Query): Promise<readonly ExtensionOffer[]> {
  const rows = await query<{ name: string; trusted: boolean; requires: readonly string[] | null; schema: string | null }>({
    text: `SELECT v.name::text AS name, v.trusted OR NOT v.superuser AS trusted, v.requires::text[] AS requires, v.schema::text AS schema
FROM pg_available_extensions a JOIN pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version`,
    kind: 'list-extensions',
  });
  return rows.map(({ name, trusted, requires, schema }) => ({ name, trusted, requires: requires ?? [], schema: schema ?? undefined }));
}

function defaultGrantOf(objects: 'tables' | 'sequences', grant: GrantRow): InsideFacts['defaultGrants'][number] {
  return { ...grantOf(grant), objects };
}

function grantOf([grantee, grantor, privilege, grantable]: GrantRow): Grant {
  return { grantee, grantor, privilege, grantable };
}
