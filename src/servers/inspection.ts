/*
 * Asking a server about itself. Separate from the verdicts on the answers, which are pure. The same expression rides along
 * in the sweep over all tenants, so that looking after a server costs no statement of its own.
 */
import { TENANT_GROUP_ROLE } from '../api/names.ts';
import { hasSqlState, SqlState } from '../clients/postgres/sql-state.ts';
import { joined, type Query, quoteIdentifier, quoteLiteral } from '../clients/postgres/sql.ts';
import type { ServerFacts } from '../desired/postgres/server-facts.ts';
import { shardComment } from './creator-shards.ts';

/** Enough to act on; the rest shows when these are mended. */
const MOST_PUBLIC_DATABASES = 20;

/** A JSON object shaped as ServerFacts. */
export function serverFactsSql(installation: string): string {
  const mark = quoteLiteral(shardComment({ installation }).slice(1, -1));
  const group = quoteLiteral(TENANT_GROUP_ROLE);
  return `(SELECT json_build_object('role', r.rolname, 'version', split_part(current_setting('server_version'), ' ', 1),
    'versionNumber', current_setting('server_version_num')::integer, 'isSuperuser', r.rolsuper,
    'canCreateDatabases', r.rolcreatedb, 'canCreateRoles', r.rolcreaterole,
    'canEndSessions', r.rolsuper OR pg_has_role(r.oid, 'pg_signal_backend', 'USAGE'),
    'maintenanceDatabase', current_database(),
    'publicDatabases', (SELECT coalesce(json_agg(open.datname), '[]') FROM (
        SELECT d.datname FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
        WHERE d.datallowconn AND a.grantee = 0 AND a.privilege_type = 'CONNECT'
          -- Our own are taken back by the repair of the tenant, which a server that is not Ready would hold up.
          AND NOT (d.datdba = r.oid AND d.datname ~ '^studio_[1-9][0-9]{0,9}_db$') ORDER BY 1 LIMIT ${MOST_PUBLIC_DATABASES}) open),
    'databases', (SELECT count(*)::integer FROM pg_shdescription c
        WHERE c.classoid = 'pg_database'::regclass AND position(${mark} IN c.description) > 0),
    'group', (SELECT json_build_object('comment', shobj_description(g.oid, 'pg_authid'),
        'isOurs', pg_has_role(r.oid, g.oid, 'MEMBER WITH ADMIN OPTION')) FROM pg_roles g WHERE g.rolname = ${group}))
  FROM pg_roles r WHERE r.rolname = current_user)`;
}

export async function inspectServer(query: Query, installation: string): Promise<ServerFacts> {
  const [row] = await query<{ readonly facts: ServerFacts }>({
    text: `SELECT ${serverFactsSql(installation)} AS facts`,
    kind: 'inspect-server',
  });
  if (row === undefined) throw new Error('the query for the facts of a server gave no row');
  return row.facts;
}

/**
 * What tells this server from any other: its system identifier or, where that may not be read, the marker that the
 * operator has left. Undefined: no marker yet.
 */
export async function serverIdentity(query: Query): Promise<string | undefined> {
  try {
    const [row] = await query<{ readonly id: string }>({
      text: `SELECT system_identifier::text AS id FROM pg_control_system()`,
      kind: 'identify-server',
    });
    if (row !== undefined) return `system:${row.id}`;
  } catch (error) {
    if (!hasSqlState(error, SqlState.InsufficientPrivilege)) throw error;
  }
  const [row] = await query<{ readonly marker: string | null }>({
    text: `SELECT substring(shobj_description(oid, 'pg_authid') FROM '"server":"([0-9a-f-]+)"') AS marker
FROM pg_roles WHERE rolname = $1`,
    values: [TENANT_GROUP_ROLE],
    kind: 'identify-server',
  });
  const marker = row?.marker ?? undefined;
  return marker === undefined ? undefined : `marker:${marker}`;
}

export async function roleExists(query: Query, role: string): Promise<boolean> {
  const rows = await query({ text: `SELECT FROM pg_roles WHERE rolname = $1`, values: [role], kind: 'find-role' });
  return rows.length > 0;
}

/** The group of all tenants' logins. Nothing is granted to it: it is for pg_hba.conf, and carries the server's marker. */
export async function createTenantGroup(query: Query, installation: string, marker: string): Promise<void> {
  const group = quoteIdentifier(TENANT_GROUP_ROLE);
  const comment = quoteLiteral(JSON.stringify({ installation, server: marker }));
  await query(joined([`CREATE ROLE ${group} NOLOGIN`, `COMMENT ON ROLE ${group} IS ${comment}`], 'create-tenant-group'));
}
