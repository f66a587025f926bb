// `npm run dev`: PostgreSQL and a cluster, with everything installed but the operator, until Ctrl-C. Then `npm start` in another terminal
// runs the operator, and a single StudioTenant becomes Ready. How to get there from other terminals stands in .local/env.

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { clusterArguments } from './cluster/arguments.ts';
import { chooseStrategy, type Environment } from './cluster/environment.ts';
import { ADMIN_SECRET, applyInstallation, readSamples } from './demo/install.ts';
import { connectCluster, type Cluster } from './demo/kubernetes.ts';
import type { Manifest } from './demo/manifests.ts';
import { ENV_FILE, writeEnvFile } from './env-file.ts';
import { INSTALLATION } from './install/names.ts';
import { provideKubectl, TOOLS } from './kubectl.ts';
import { duration, say } from './progress.ts';
import { REPOSITORY } from './run.ts';
import { explainSetupError } from './setup-error.ts';

const FIELD_MANAGER = 'studio-dev';
const OPERATOR_KUBECONFIG = path.join(REPOSITORY, '.local', 'operator.kubeconfig');
/** What a tenant needs to become Ready; releases and tenants are for whoever tries things out. */
const KINDS: ReadonlySet<string> = new Set(['Namespace', 'ConfigMap', 'Service', 'PostgresServer', 'TenantPlan']);

const run = async (): Promise<void> => {
  const { existing } = clusterArguments(process.argv.slice(2));
  const strategy = await chooseStrategy(existing);
  const interrupted = interruption();
  const onStarted = (what: string, milliseconds: number): void => say(`${what} runs (${duration(milliseconds)})`);
  await using environment = await strategy.start({ onStarted });
  const cluster = connectCluster(environment.kubeconfigPath, FIELD_MANAGER);
  try {
    await install(cluster, environment);
    await cluster.writeServiceAccountKubeconfig({ namespace: INSTALLATION.namespace, name: INSTALLATION.name }, OPERATOR_KUBECONFIG);
  } finally {
    await cluster.close();
  }
  await provideKubectl();
  await writeEnvFile(variables(environment), TOOLS);
  say(HOW_TO_GO_ON);
  await interrupted;
  say('Stopping ...');
  await Promise.all([ENV_FILE, OPERATOR_KUBECONFIG].map(async (file) => await rm(file, { force: true })));
};

const install = async (cluster: Cluster, environment: Environment): Promise<void> => {
  await applyInstallation(cluster);
  await cluster.apply(adminSecret(environment));
  const samples = [...(await readSamples()).values()].flat();
  for (const manifest of samples) if (KINDS.has(manifest.kind)) await cluster.apply(fitted(manifest, environment));
};

/** How the operator logs in to the server. */
const adminSecret = ({ postgres }: Environment): Manifest => {
  const { username, password } = new URL(postgres.adminUrl);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: ADMIN_SECRET, namespace: INSTALLATION.namespace },
    type: 'kubernetes.io/basic-auth',
    stringData: { username, password },
  };
};

/** The operator runs in this terminal's machine and its Jobs in the cluster, which may see PostgreSQL at different addresses. */
const fitted = (manifest: Manifest, { postgres }: Environment): Manifest => {
  if (manifest.kind !== 'PostgresServer') return manifest;
  const { here, inCluster } = postgres;
  const spec = { ...(manifest['spec'] as object), ...here, connect: inCluster, direct: inCluster, tls: { mode: 'disable' } };
  return { ...manifest, spec };
};

const variables = ({ postgres, kubeconfigPath, image }: Environment): Readonly<Record<string, string>> => ({
  KUBECONFIG: kubeconfigPath,
  OPERATOR_KUBECONFIG,
  MASTER_DATABASE_URL: postgres.masterUrl,
  ADMIN_DATABASE_URL: postgres.superuserUrl ?? postgres.adminUrl,
  OPERATOR_IMAGE: image,
  BASE_DOMAIN: 'platform.localhost',
  PUBLIC_URL_SCHEME: 'http',
});

/** Resolves with the first signal to end. A second one ends at once; what we started ends with us. */
const interruption = async (): Promise<void> =>
  await new Promise((resolve) => {
    let isSecond = false;
    const idle = setInterval(() => undefined, 3_600_000); // nothing else keeps us alive while we wait
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (isSecond) process.exit(130);
        isSecond = true;
        clearInterval(idle);
        resolve();
      });
    }
  });

const HOW_TO_GO_ON = `
Everything runs until Ctrl-C. In another terminal:

  npm start                                                  the operator
  source .local/env                                          KUBECONFIG, MASTER_DATABASE_URL, ADMIN_DATABASE_URL, kubectl
  kubectl apply -f manifests/samples/30-tenant-my-studio.yaml
  kubectl get studiotenants --all-namespaces --watch
`;

await run().catch(explainSetupError);
