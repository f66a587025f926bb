// What a reader of the documentation has before the first command: a cluster, a PostgreSQL server with TLS on which nothing is prepared, a
// registry with the image, Helm. Separate because every page that begins there, or where another page ends, is tried in one.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { startControlPlane, type ControlPlane } from '../../../dev/cluster/control-plane.ts';
import { helmProgram } from '../../../dev/helm.ts';
import { kubectlProgram } from '../../../dev/kubectl.ts';
import { operatorImage } from '../../../dev/pod-runner/images.ts';
import { startPodRunner } from '../../../dev/pod-runner/pod-runner.ts';
import { startPostgres, type PostgresServer } from '../../../dev/postgres.ts';
import { newAuthority } from '../../support/certificates.ts';
import { docShell, type DocShell, runDocBlock, runDocSql, writeDocFiles } from '../../support/doc-commands.ts';
import { queryAs, type Row, withDatabase } from '../../support/postgres.ts';
import { serveTls } from '../../support/server-tls.ts';

export interface DocsWorld extends AsyncDisposable {
  readonly shell: DocShell;
  readonly postgres: PostgresServer;
  readonly controlPlane: ControlPlane;
  /** PEM file of the authority that the server's certificate is from. */
  readonly caFile: string;
  /** For SQL: what stands in the place of passwords. */
  readonly words: Readonly<Record<string, string>>;
  superuser<R extends Row = Row>(sql: string, database?: string): Promise<readonly R[]>;
  /** As the administrator of the cluster; what it printed. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** A URL for this server. */
  url(user: string, password: string, database: string): string;
}

const PASSWORDS = { ADMIN_PASSWORD: 'adminSecret1', MASTER_PASSWORD: 'masterSecret1', APP_PASSWORD: 'appSecret1' } as const;

/** For what waits until pods are ready: their processes share a busy machine. */
export const WITH_PODS_MS = 400_000;

/** The registry of the documentation has the images that the chart and install.yaml name. */
const IMAGES = ['registry.example/studio-operator:0.1.0', 'studio-operator:0.1.0'];

export async function startDocsWorld(
  options: { readonly images?: Parameters<typeof startPodRunner>[0]['images'] } = {},
): Promise<DocsWorld> {
  const helm = await helmProgram(4);
  const directory = await mkdtemp(path.join(os.tmpdir(), 'studio-docs-world-'));
  const [controlPlane, postgres] = await Promise.all([
    startControlPlane({ auditLog: path.join(directory, 'audit.log') }),
    startPostgres({ settings: { max_connections: '100' } }),
  ]);
  const caFile = path.join(directory, 'ca.crt');
  await prepareServer(postgres, caFile);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(controlPlane.kubeconfigPath);
  const images = { ...Object.fromEntries(IMAGES.map((image) => [image, operatorImage()])), ...options.images };
  const pods = await startPodRunner({ kubeConfig, images });
  const shell = await docShell({
    kubeconfigPath: controlPlane.kubeconfigPath,
    programs: { helm },
    env: { ...PASSWORDS, CA_FILE: caFile },
    words: addressWords(postgres),
  });
  return {
    shell,
    postgres,
    controlPlane,
    caFile,
    words: PASSWORDS,
    superuser: async (sql, database = 'postgres') => await queryAs(withDatabase(postgres.superuserUrl, database), sql),
    kubectl: async (...args) => await kubectl(controlPlane.kubeconfigPath, args),
    url: (user, password, database) => `postgresql://${user}:${password}@localhost:${postgres.port}/${database}`,
    [Symbol.asyncDispose]: async () => {
      await pods.stop();
      await Promise.all([postgres.stop(), controlPlane.stop()]);
      await shell[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const execute = promisify(execFile);

const kubectl = async (kubeconfig: string, args: readonly string[]): Promise<string> =>
  (await execute(await kubectlProgram(), [`--kubeconfig=${kubeconfig}`, ...args])).stdout;

const addressWords = ({ port }: PostgresServer): Readonly<Record<string, string>> => ({
  'pg-main.databases.svc:5432': `localhost:${port}`,
  'pg-main.databases.svc': 'localhost',
  'port=5432': `port=${port}`,
  'port: 5432': `port: ${port}`,
});

/** As PostgreSQL comes: without the accounts that tests find prepared elsewhere, and open to everybody; with a certificate. */
async function prepareServer({ superuserUrl }: PostgresServer, caFile: string): Promise<void> {
  for (const sql of [
    'DROP DATABASE studio_platform_master',
    'REVOKE ALL ON DATABASE postgres FROM studio_admin',
    'DROP ROLE studio_admin, studio_master',
    'GRANT CONNECT, TEMPORARY ON DATABASE postgres TO PUBLIC',
    'GRANT CONNECT ON DATABASE template1 TO PUBLIC',
  ])
    await queryAs(superuserUrl, sql);
  const authority = await newAuthority();
  await writeFile(caFile, authority.certificate);
  await serveTls((sql) => queryAs(superuserUrl, sql), await authority.issue('localhost'));
}

/** Goes through docs/install.md to where it says that all is well. */
export async function installAsDocumented({ shell, postgres, words }: DocsWorld): Promise<void> {
  await writeDocFiles('docs/install.md', shell);
  await runDocSql('docs/install.md', 'roles', postgres.superuserUrl, words);
  await runDocBlock('docs/install.md', 'secrets', shell);
  await runDocBlock('docs/install.md', 'helm', shell);
  await runDocBlock('docs/install.md', 'verify', shell);
}

/** Where docs/first-tenant.md has its first tenant, which is Ready. */
export async function startDocsWorldWithTenant(): Promise<DocsWorld> {
  const world = await startDocsWorld();
  await installAsDocumented(world);
  await writeDocFiles('docs/first-tenant.md', world.shell);
  await runDocBlock('docs/first-tenant.md', 'tenant', world.shell);
  return world;
}
