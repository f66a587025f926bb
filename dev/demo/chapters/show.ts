// What the operator has made, looked at from outside: in PostgreSQL as its superuser, in the master database, in Kubernetes, and as a
// tenant that logs in with what stands in its Secret.

import { INGRESS, SECRET } from '../../../src/api/resources.ts';
import type { ConnectionSecret } from '../../../src/desired/connection-secret.ts';
import type { Ingress } from '../../../src/desired/ingress.ts';
import { command, heading, serverUrl, type Chapter, type Demo } from '../demo.ts';
import { NAMESPACE, SHOWN } from '../expectations.ts';
import { inDatabase, query, type QueryRow } from '../query.ts';
import { equal } from '../report.ts';
import { rowLines, tableLines, type Row } from '../table.ts';

export const showChapter: Chapter = async (demo) => {
  heading(demo.terminal, 'What there is now');
  await showDatabases(demo);
  await showMasterRows(demo);
  await showIngresses(demo);
  await showLogin(demo);
};

const DATABASES = `
  SELECT d.datname AS database, pg_catalog.pg_get_userbyid(d.datdba) AS owner, d.datallowconn AS open, d.datconnlimit AS connections,
    (SELECT string_agg(r.rolname || CASE WHEN r.rolcanlogin THEN ' (login)' ELSE '' END, ', ' ORDER BY r.rolname)
     FROM pg_catalog.pg_roles r WHERE r.rolname LIKE d.datname || '%') AS roles
  FROM pg_catalog.pg_database d WHERE d.datname ~ '^studio_[0-9]+_db$' ORDER BY length(d.datname), d.datname`;

const showDatabases = async ({ terminal, environment }: Demo): Promise<void> => {
  command(terminal, 'psql -c "databases, their owner and roles"');
  printRows(terminal, await query(serverUrl(environment), DATABASES));
};

const ORGANIZATIONS = `
  SELECT o.id, o.name, o.subdomain, o.database_name AS database, o.status, o.schema_version AS schema, s.plan, s.status AS billing, a.balance AS credits
  FROM public.organizations o
    LEFT JOIN public.subscriptions s ON s.organization_id = o.id
    LEFT JOIN public.ai_credits_accounts a ON a.organization_id = o.id
  ORDER BY o.id`;

const showMasterRows = async ({ terminal, environment }: Demo): Promise<void> => {
  command(terminal, 'psql studio_platform_master -c "organizations, subscriptions, ai_credits_accounts"');
  printRows(terminal, await query(environment.postgres.masterUrl, ORGANIZATIONS));
};

const showIngresses = async ({ terminal, cluster }: Demo): Promise<void> => {
  command(terminal, `kubectl -n ${NAMESPACE} get ingresses`);
  const { items } = await cluster.api.list<Ingress>(INGRESS, { namespace: NAMESPACE });
  const rows = items.map(({ metadata, spec }): Row => {
    const hosts = (spec?.rules ?? []).map(({ host }) => host).join(', ');
    const tls = (spec?.tls ?? []).map(({ secretName }) => secretName).join(', ');
    return [metadata.name, hosts, tls];
  });
  const columns = [{ title: 'NAME' }, { title: 'HOSTS' }, { title: 'TLS SECRETS' }];
  for (const line of tableLines(terminal, columns, rows)) terminal.line(line);
};

const showLogin = async (demo: Demo): Promise<void> => {
  const { terminal, report } = demo;
  const url = await tenantUrl(demo, SHOWN.ready);
  const database = new URL(url).pathname.slice(1);
  command(terminal, `psql "$(kubectl -n ${NAMESPACE} get secret ${SHOWN.ready}-database -o jsonpath='{.data.uri}' | base64 -d)"`);
  printRows(terminal, await query(url, SCHEMA));
  await query(url, FIRST_SESSION);
  const sessions = await query(url, SESSIONS);
  terminal.line();
  printRows(terminal, sessions);
  const [who] = await query<{ readonly who: string }>(url, 'SELECT session_user AS who');
  terminal.line();
  report.check(`${SHOWN.ready} logs in as ${database}`, equal(who?.who, database));
  report.check(`${SHOWN.ready} writes a row of its migrated table sessions and reads it`, equal(sessions.length, 1));
  const neighbour = new URL(await tenantUrl(demo, SHOWN.neighbour)).pathname.slice(1);
  const refusal = await refusalOf(inDatabase(url, neighbour));
  report.check(`${SHOWN.ready} cannot connect to ${neighbour}, the database of ${SHOWN.neighbour}: ${refusal.message}`, {
    ok: refusal.code === '42501',
    found: refusal.code,
  });
};

const SCHEMA = `
  SELECT c.relname AS table, pg_catalog.pg_get_userbyid(c.relowner) AS owner, pg_catalog.obj_description(c.oid, 'pg_class') AS comment
  FROM pg_catalog.pg_class c WHERE c.relnamespace = 'public'::pg_catalog.regnamespace AND c.relkind = 'r' ORDER BY c.relname`;

// The application's first row; RETURNING shows what the table's own defaults and checks made of it.
const FIRST_SESSION = `
  INSERT INTO public.sessions (title, starts_at, ends_at, capacity)
  VALUES ('Portraits by the lake', now() + interval '1 day', now() + interval '25 hours', 8)`;

const SESSIONS = 'SELECT id, title, capacity, price_cents, currency, status FROM public.sessions';

/** From the tenant's Secret, as an application gets it. */
const tenantUrl = async ({ cluster }: Demo, tenant: string): Promise<string> => {
  const secret = await cluster.api.get<ConnectionSecret>(SECRET, { namespace: NAMESPACE, name: `${tenant}-database` });
  const uri = secret?.data?.['uri'];
  if (uri === undefined) throw new Error(`the Secret ${tenant}-database has no key uri`);
  return Buffer.from(uri, 'base64').toString('utf8');
};

const refusalOf = async (url: string): Promise<{ readonly code: string; readonly message: string }> => {
  try {
    await query(url, 'SELECT 1');
    return { code: 'it could', message: 'it could' };
  } catch (error) {
    const { code = 'unknown', message } = error as Error & { readonly code?: string };
    return { code, message };
  }
};

const printRows = (terminal: Demo['terminal'], rows: readonly QueryRow[]): void => {
  for (const line of rowLines(terminal, rows)) terminal.line(line);
};
