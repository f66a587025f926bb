/**
 * docs/cloudnativepg.md as far as it goes without CloudNativePG: the SQL of its Clusters on PostgreSQL, the managed role as CloudNativePG
 * would make it, the operator on the server that comes of it, and the chart with the values of the page.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { blocksOf } from '../../../dev/docs/blocks.ts';
import { docShell, runDocBlock, writeDocFiles } from '../../support/doc-commands.ts';
import { helmProgram } from '../../../dev/helm.ts';
import type { AnyObject } from '../../support/kube.ts';
import { Studio } from '../../support/studio.ts';

const PAGE = 'docs/cloudnativepg.md';
const ADMIN_PASSWORD = 'adminSecret1';

let studio: Studio;

beforeAll(async () => {
  studio = await Studio.start();
});

afterAll(async () => {
  await studio?.[Symbol.asyncDispose]();
});

const clusterOf = (file: string): AnyObject => {
  const { text } = blocksOf(PAGE).find((block) => block.file === file) ?? { text: '' };
  const cluster = parseAllDocuments(text)
    .map((document) => document.toJS() as AnyObject)
    .find(({ kind }) => kind === 'Cluster');
  if (cluster === undefined) throw new Error(`${PAGE} has no Cluster in ${file}`);
  return cluster;
};

it('has a Cluster whose SQL leaves no database open to everybody', async () => {
  const { bootstrap, managed } = clusterOf('cluster.yaml')['spec'];
  for (const sql of [
    'REVOKE ALL ON DATABASE postgres FROM studio_admin',
    'DROP ROLE studio_admin',
    'GRANT CONNECT, TEMPORARY ON DATABASE postgres TO PUBLIC',
    'GRANT CONNECT ON DATABASE template1 TO PUBLIC',
    'CREATE ROLE app LOGIN',
    'CREATE DATABASE app OWNER app',
    ...bootstrap.initdb.postInitSQL,
  ])
    await studio.superuser(sql);
  for (const sql of bootstrap.initdb.postInitApplicationSQL) await studio.superuser(sql, 'app');
  // What CloudNativePG does with managed.roles.
  const [role] = managed.roles;
  const attributes = ['login', 'createdb', 'createrole'].map((name) => (role[name] === true ? name : `no${name}`)).join(' ');
  await studio.superuser(`ALTER ROLE ${role.name} ${attributes} PASSWORD '${ADMIN_PASSWORD}'`);
  for (const group of role.inRoles) await studio.superuser(`GRANT ${group} TO ${role.name}`);

  const open = await studio.superuser(
    `SELECT datname FROM pg_database d, aclexplode(coalesce(datacl, acldefault('d', datdba))) a
     WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT' AND datallowconn`,
  );
  expect(open).toEqual([]);
});

it('is a server that the operator works on', async () => {
  await studio.cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'main-admin', namespace: 'studio-system' },
    stringData: { username: 'studio_admin', password: ADMIN_PASSWORD },
  });
  await studio.startOperator();
  await studio.serverReady('main');
  await studio.applyTenant('on-cnpg');

  expect(await studio.settled('on-cnpg')).toMatchObject({ status: { phase: 'Ready', database: { server: 'main' } } });
});

it('has values that let the operator read two Secrets there, and the URL of the master database from its Cluster', async () => {
  await using shell = await docShell({
    kubeconfigPath: studio.controlPlane.kubeconfigPath,
    programs: { helm: await helmProgram(4) },
  });
  await writeDocFiles(PAGE, shell);
  const printed = await runDocBlock('docs/cloudnativepg.md', 'template', shell);
  const objects = parseAllDocuments(printed).map((document) => document.toJS() as AnyObject);

  const roles = objects.filter(({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'databases');
  const readable = roles.flatMap(({ rules }) => rules).flatMap(({ resourceNames }) => resourceNames as readonly string[]);
  expect(new Set(readable)).toEqual(new Set(['pg-main-ca', 'pg-main-studio-admin']));
  expect(printed).toMatch(/name: "studio-master-app"\n\s+key: "uri"/);
  expect(printed).toContain('studio-master-ca');
  expect(clusterOf('master-cluster.yaml')['spec'].bootstrap.initdb.database).toBe('studio_platform_master');
});
