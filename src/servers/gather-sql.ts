/*
 * The one query over a server's shared catalogs that tells everything visible from outside about tenants: for one of
 * them, or for all. Separate from gather.ts because it is long, and because its shape was chosen by measuring: grouped
 * CTEs that are joined, since correlated subselects take six times as long at 2,000 tenants.
 *
 * A tenant can inflate what is read here: megabytes in a setting, thousands of settings. Only allow-listed settings with
 * values of ordinary length are read in full, of others a few names.
 */
import { DATABASE_SETTINGS } from '../api/database-settings.ts';
import { quoteLiteral } from '../clients/postgres/sql.ts';
import { serverFactsSql } from './inspection.ts';

const ROLE_PATTERN = '^studio_[1-9][0-9]{0,9}_db(_owner|_b|_migrator)?$';
const DATABASE_PATTERN = '^studio_[1-9][0-9]{0,9}_db$';

const ALLOWED = `ARRAY[${DATABASE_SETTINGS.map(quoteLiteral).join(', ')}]`;
/** Longer than any allow-listed name with any value that the API allows. */
const MAX_SETTING_CHARACTERS = 104;

const MEMBERSHIP = `json_build_array(pg_get_userbyid(m.roleid), pg_get_userbyid(m.member), pg_get_userbyid(m.grantor),
    m.admin_option, m.inherit_option, m.set_option)`;

/**
 * What only a superuser can have set on a role is his business (names with a dot among it); what counts is what any role
 * may set. pg_settings hides two of these. CASE, so that it is looked up only where there is something to judge.
 */
const SETTABLE_BY_ROLE = `CASE WHEN v.name IN ('role', 'session_authorization') THEN true
      ELSE v.name IN (SELECT lower(p.name) FROM pg_settings p WHERE p.context IN ('user', 'backend')) END`;

/** What is known of the databases and roles that were asked for. */
const FACTS = `member_of AS (
  SELECT m.member AS oid, json_agg(${MEMBERSHIP}) AS memberships
  FROM roles JOIN pg_auth_members m ON m.member = roles.oid GROUP BY 1
), members AS (
  SELECT m.roleid AS oid, json_agg(${MEMBERSHIP}) AS memberships
  FROM roles JOIN pg_auth_members m ON m.roleid = roles.oid GROUP BY 1
), raw_settings AS (
  SELECT s.setdatabase, s.setrole, s.setconfig
  FROM roles LEFT JOIN databases d ON d.datname = roles.datname
  JOIN pg_db_role_setting s ON s.setrole = roles.oid AND s.setdatabase IN (0, d.oid)
  UNION ALL
  SELECT s.setdatabase, s.setrole, s.setconfig
  FROM databases d JOIN pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0
), settings AS (
  SELECT s.setdatabase, s.setrole,
    json_object_agg(v.name, v.value) FILTER (WHERE v.readable) AS allowed,
    (array_agg(left(v.name, 63)) FILTER (WHERE CASE WHEN v.readable THEN false ELSE ${SETTABLE_BY_ROLE} END))[1:5] AS others
  FROM raw_settings s, unnest(s.setconfig) AS item(text), LATERAL (
    SELECT lower(split_part(item.text, '=', 1)) AS name, substr(item.text, position('=' IN item.text) + 1) AS value,
      lower(split_part(item.text, '=', 1)) = ANY (${ALLOWED}) AND length(item.text) <= ${MAX_SETTING_CHARACTERS} AS readable
  ) v GROUP BY 1, 2
), sessions AS (
  SELECT a.usesysid AS oid, count(*)::integer AS count FROM pg_stat_get_activity(NULL) a GROUP BY 1
), grants AS (
  SELECT d.oid, json_agg(json_build_array(CASE WHEN a.grantee = 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END,
    pg_get_userbyid(a.grantor), a.privilege_type, a.is_grantable)) AS grants
  FROM databases d, aclexplode(d.acl) a GROUP BY 1
)`;

const DATABASES_JSON = `(SELECT coalesce(json_agg(json_build_object('name', d.datname, 'oid', d.oid::text, 'owner', pg_get_userbyid(d.datdba),
      'allowConnections', d.datallowconn, 'connectionLimit', d.datconnlimit, 'comment', c.description, 'grants', g.grants,
      'allowed', s.allowed, 'others', s.others)), '[]')
    FROM databases d LEFT JOIN grants g ON g.oid = d.oid
    LEFT JOIN settings s ON s.setdatabase = d.oid AND s.setrole = 0
    LEFT JOIN pg_shdescription c ON c.objoid = d.oid AND c.classoid = 'pg_database'::regclass)`;

const ROLES_JSON = `(SELECT coalesce(json_agg(json_build_object('name', r.rolname, 'oid', r.oid::text, 'canLogin', r.rolcanlogin,
      'connectionLimit', r.rolconnlimit, 'powers', r.powers, 'validUntil', r.rolvaliduntil, 'comment', c.description,
      'memberOf', mo.memberships, 'members', me.memberships, 'allowed', s.allowed, 'others', s.others,
      'allowedInDatabase', sd.allowed, 'othersInDatabase', sd.others, 'sessions', coalesce(a.count, 0))), '[]')
    FROM roles r LEFT JOIN databases d ON d.datname = r.datname
    LEFT JOIN member_of mo ON mo.oid = r.oid LEFT JOIN members me ON me.oid = r.oid
    LEFT JOIN settings s ON s.setrole = r.oid AND s.setdatabase = 0
    LEFT JOIN settings sd ON sd.setrole = r.oid AND sd.setdatabase = d.oid
    LEFT JOIN sessions a ON a.oid = r.oid
    LEFT JOIN pg_shdescription c ON c.objoid = r.oid AND c.classoid = 'pg_authid'::regclass)`;

/** $1: names of databases, $2: names of roles. */
export const GATHER_NAMED = gatherSql('d.datname = ANY ($1::name[])', 'r.rolname = ANY ($2::name[])');

/** The server's own facts come along: see inspection.ts. */
export function gatherAllSql(installation: string): string {
  const which = [`d.datname ~ ${quoteLiteral(DATABASE_PATTERN)}`, `r.rolname ~ ${quoteLiteral(ROLE_PATTERN)}`] as const;
  return `${gatherSql(...which)}, ${serverFactsSql(installation)} AS server`;
}

/** One row: { operator, databases, roles }, see gather.ts. The search_path is pinned to pg_catalog on every connection. */
function gatherSql(whichDatabases: string, whichRoles: string): string {
  return `
WITH databases AS MATERIALIZED (
  SELECT d.oid, d.datname, d.datdba, d.datallowconn, d.datconnlimit, coalesce(d.datacl, acldefault('d', d.datdba)) AS acl
  FROM pg_database d WHERE ${whichDatabases}
), roles AS MATERIALIZED (
  SELECT r.oid, r.rolname, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil,
    array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
      CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
      CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL) AS powers,
    substring(r.rolname::text FROM '^studio_[0-9]+_db')::name AS datname
  FROM pg_roles r WHERE ${whichRoles}
),
${FACTS}
SELECT current_user::text AS operator, ${DATABASES_JSON} AS databases, ${ROLES_JSON} AS roles`;
}
