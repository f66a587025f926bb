/**
 * Everything a tenant consists of, in Kubernetes and in PostgreSQL, with its own names, numbers and ids written as one
 * letter: two tenants with the same history have the same end state. Separate from the tests that compare them.
 */
import type { KubernetesObject } from '../../src/api/object-meta.ts';
import { INGRESS, JOB, SECRET, type Resource } from '../../src/api/resources.ts';
import { eventually } from './eventually.ts';
import { queryAs, withDatabase } from './postgres.ts';
import { type Studio, TENANTS } from './studio.ts';

type Loose = KubernetesObject & { readonly spec?: unknown; readonly type?: unknown; readonly data?: object; readonly status?: unknown };

/** Of a tenant that is there. `n` is its organization. */
export async function endState(studio: Studio, name: string, n: number): Promise<unknown> {
  const tenant = await studio.tenant(name);
  const conditions = tenant?.status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
  const { phase, lastError, schema } = tenant?.status ?? {};
  const state = {
    tenant: { finalizers: tenant?.metadata.finalizers, phase, lastError, schema, conditions },
    ...(await inKubernetes(studio, name)),
    ...(await inPostgres(studio, n)),
    inside: await insideDatabase(studio, n),
  };
  return anonymous(state, name, n);
}

/** Of a tenant that was deleted: what is left anywhere, after the garbage collector. */
export async function remains(studio: Studio, name: string, n: number): Promise<unknown> {
  await eventually(async () => {
    const objects = await inKubernetes(studio, name);
    if (Object.values(objects).some((kind) => kind.length > 0)) throw new Error(`left in Kubernetes: ${JSON.stringify(objects)}`);
    return true;
  });
  return anonymous(await inPostgres(studio, n), name, n);
}

function anonymous(state: object, name: string, n: number): unknown {
  const text = JSON.stringify(state).replaceAll(name, 'NAME').replaceAll(`studio_${n}_`, 'studio_N_');
  return JSON.parse(text) as unknown;
}

async function inKubernetes(studio: Studio, name: string): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const labelSelector = `studio-platform.io/tenant=${name}`;
  const list = async (resource: Resource): Promise<readonly Loose[]> =>
    (await studio.cluster.api.list<Loose>(resource, { namespace: TENANTS, labelSelector })).items;
  const [secrets, jobs, ingresses] = await Promise.all([list(SECRET), list(JOB), list(INGRESS)]);
  return {
    secrets: secrets.map(({ metadata, type, data }) => ({ name: metadata.name, type, keys: Object.keys(data ?? {}).toSorted() })),
    // Their names carry a hash of the tenant's uid.
    jobs: jobs.map(({ status }) => ({ succeeded: (status as { succeeded?: number }).succeeded })),
    ingresses: ingresses.map(({ metadata, spec }) => ({ name: metadata.name, spec })),
  };
}

async function inPostgres(studio: Studio, n: number): Promise<object> {
  const master = (sql: string) => studio.master(sql, [n]);
  return {
    organization: await master(`SELECT status, display_name, subdomain, database_name, server_name, secret_name, credentials_generation,
      schema_release, schema_version, database_password_hash IS NOT NULL AS hashed, deleted_at IS NOT NULL AS deleted
      FROM organizations WHERE id = $1`),
    domains: await master('SELECT domain FROM organization_domains WHERE organization_id = $1 ORDER BY 1'),
    subscription: await master('SELECT plan, status FROM subscriptions WHERE organization_id = $1'),
    credits: await master('SELECT monthly_allowance, balance FROM ai_credits_accounts WHERE organization_id = $1'),
    roles: await studio.superuser(`SELECT rolname, rolcanlogin, rolconnlimit, rolsuper, rolcreaterole, rolcreatedb, rolinherit,
      shobj_description(r.oid, 'pg_authid') IS NOT NULL AS marked, rolvaliduntil,
      (SELECT array_agg(setting ORDER BY setting) FROM pg_db_role_setting s, unnest(s.setconfig) AS setting WHERE s.setrole = r.oid) AS settings,
      (SELECT array_agg(m.roleid::regrole || ' ' || m.inherit_option || m.set_option || m.admin_option ORDER BY 1)
       FROM pg_auth_members m WHERE m.member = r.oid) AS member_of
      FROM pg_roles r WHERE rolname ~ '^studio_${n}_db' ORDER BY 1`),
    databases: await studio.superuser(`SELECT datname, pg_get_userbyid(datdba) AS owner, datallowconn, datconnlimit,
      (SELECT array_agg(entry::text ORDER BY entry::text) FROM unnest(datacl) AS entry) AS acl,
      shobj_description(oid, 'pg_database')::jsonb -> 'init' AS init
      FROM pg_database WHERE datname = 'studio_${n}_db' OR datname LIKE 'studio\\_prov%' ORDER BY 1`),
  };
}

async function insideDatabase(studio: Studio, n: number): Promise<object> {
  const query = (sql: string) => queryAs(withDatabase(studio.postgres.superuserUrl, `studio_${n}_db`), sql);
  const [schemas, defaults, tables, extensions] = await Promise.all([
    query(`SELECT nspname, pg_get_userbyid(nspowner) AS owner, (SELECT array_agg(entry::text ORDER BY 1) FROM unnest(nspacl) AS entry) AS acl
      FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`),
    query('SELECT defaclrole::regrole::text AS role, defaclobjtype AS type, defaclacl::text AS acl FROM pg_default_acl ORDER BY 1, 2'),
    query(`SELECT c.oid::regclass::text AS name, pg_get_userbyid(relowner) AS owner FROM pg_class c JOIN pg_namespace s ON s.oid = relnamespace
      WHERE nspname IN ('public', 'studio_migrations') AND relkind IN ('r', 'S', 'v') ORDER BY 1`),
    query('SELECT extname FROM pg_extension ORDER BY 1'),
  ]);
  return { schemas, defaults, tables, extensions };
}
