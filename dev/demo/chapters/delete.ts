// Deletes one tenant with Retain and one with Delete, and shows what is left of each: a closed database and its row, or nothing but a
// tombstone without a name.

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { STUDIO_TENANT } from '../../../src/api/resources.ts';
import { addressOf, ask, type Expectation } from '../ask.ts';
import { command, heading, serverUrl, type Chapter, type Demo } from '../demo.ts';
import { DELETED, NAMESPACE } from '../expectations.ts';
import { query, type QueryRow } from '../query.ts';
import { equal } from '../report.ts';
import { rowLines } from '../table.ts';
import { waitFor } from '../tenants.ts';

export const deleteChapter: Chapter = async (demo) => {
  heading(demo.terminal, 'Two tenants go');
  await retain(demo, DELETED.retain);
  await erase(demo, DELETED.erase);
};

const retain = async (demo: Demo, tenant: string): Promise<void> => {
  const id = organizationOf(demo, tenant);
  await remove(demo, tenant);
  const left = await whatIsLeft(demo, id);
  demo.report.check(`${tenant} (Retain): its database is kept`, equal(left.databases, 1));
  demo.report.check(`${tenant} (Retain): nobody can connect to it`, equal(`${left.open}, ${left.logins} logins`, '0, 0 logins'));
  demo.report.check(
    `${tenant} (Retain): its organization is retained, with its name`,
    equal(`${left.status} ${left.name}`, `retained ${tenant}`),
  );
  await askFor(demo, tenant, { status: 410, shows: `${tenant} (Retain): whoever asks for it hears that it is gone` });
};

const erase = async (demo: Demo, tenant: string): Promise<void> => {
  const { terminal, cluster } = demo;
  const id = organizationOf(demo, tenant);
  await askFor(demo, tenant, { status: 200, shows: `${tenant} is served until it goes` });
  command(terminal, `kubectl -n ${NAMESPACE} annotate studiotenant ${tenant} ${ANNOTATION.confirmDeletion}=${tenant}`);
  await cluster.annotate(STUDIO_TENANT, { name: tenant, namespace: NAMESPACE }, { [ANNOTATION.confirmDeletion]: tenant });
  await remove(demo, tenant);
  const left = await whatIsLeft(demo, id);
  demo.report.check(`${tenant} (Delete): its database is dropped`, equal(left.databases, 0));
  demo.report.check(`${tenant} (Delete): its roles are dropped`, equal(left.roles, 0));
  demo.report.check(`${tenant} (Delete): a tombstone without a name is left`, equal(`${left.status} ${left.name}`, 'deleted null'));
  await askFor(demo, tenant, { status: 410, shows: `${tenant} (Delete): an application that knew it says that it is gone` });
};

const askFor = async (demo: Demo, tenant: string, expectation: Expectation): Promise<void> => {
  const address = addressOf(demo, tenant);
  if (address !== undefined) await ask(demo, { url: `${address}/sessions` }, expectation);
};

const DELETION_TIMEOUT_MS = 60_000;

const remove = async (demo: Demo, tenant: string): Promise<void> => {
  const { terminal, cluster, tenants, report } = demo;
  command(terminal, `kubectl -n ${NAMESPACE} delete studiotenant ${tenant}`);
  await cluster.api.delete(STUDIO_TENANT, { name: tenant, namespace: NAMESPACE }, { propagationPolicy: 'Background' });
  const gone = await waitFor(demo, DELETION_TIMEOUT_MS, () => tenants.get(`${NAMESPACE}/${tenant}`) === undefined);
  const ready = tenants.get(`${NAMESPACE}/${tenant}`)?.status?.conditions?.find(({ type }) => type === 'Ready');
  report.check(`${tenant} is gone from Kubernetes`, { ok: gone, found: `still there: ${ready?.reason}: ${ready?.message}` });
};

const organizationOf = ({ tenants }: Demo, tenant: string): number => {
  const id = tenants.get(`${NAMESPACE}/${tenant}`)?.status?.organizationId;
  if (id === undefined) throw new Error(`${tenant} has no organization: what would be left of it cannot be told`);
  return id;
};

interface Left extends QueryRow {
  readonly databases: number;
  readonly open: number;
  readonly roles: number;
  readonly logins: number;
  readonly status: string | null;
  readonly name: string | null;
}

const ON_SERVER = `
  SELECT
    (SELECT count(*)::int FROM pg_catalog.pg_database WHERE datname = $1) AS databases,
    (SELECT count(*)::int FROM pg_catalog.pg_database WHERE datname = $1 AND datallowconn) AS open,
    (SELECT count(*)::int FROM pg_catalog.pg_roles WHERE rolname LIKE $1 || '%') AS roles,
    (SELECT count(*)::int FROM pg_catalog.pg_roles WHERE rolname LIKE $1 || '%' AND rolcanlogin) AS logins`;

const IN_MASTER = 'SELECT id, status, name, subdomain, database_name AS database, deleted_at FROM public.organizations WHERE id = $1';

const whatIsLeft = async ({ environment, terminal }: Demo, id: number): Promise<Left> => {
  const [server] = await query(serverUrl(environment), ON_SERVER, [`studio_${id}_db`]);
  const [organization] = await query(environment.postgres.masterUrl, IN_MASTER, [id]);
  for (const row of [server, organization]) for (const line of rowLines(terminal, row === undefined ? [] : [row])) terminal.line(line);
  return { ...server, ...organization } as Left;
};
