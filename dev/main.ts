// `npm run dev`: PostgreSQL and a cluster, with everything installed but the operator, and the application behind an Ingress controller,
// until Ctrl-C. Then `npm start` in another terminal runs the operator, and a StudioTenant becomes Ready and answers at its address. How
// to get there from other terminals stands in .local/env.

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { clusterArguments } from './cluster/arguments.ts';
import { chooseStrategy, type Environment } from './cluster/environment.ts';
import { StartedParts, timed } from './cluster/started-parts.ts';
import { startInstalledApplication } from './demo/application.ts';
import { applyAdminSecret, applyInstallation } from './demo/install.ts';
import { entranceSettings, fittedSample, readSamples } from './demo/samples.ts';
import { connectCluster, type Cluster } from './demo/kubernetes.ts';
import type { Manifest } from './demo/manifests.ts';
import { ENV_FILE, writeEnvFile } from './env-file.ts';
import { INSTALLATION } from './install/names.ts';
import { provideKubectl, TOOLS } from './kubectl.ts';
import { migrateMasterDatabase } from './postgres/master-migration.ts';
import { duration, say } from './progress.ts';
import { REPOSITORY } from './run.ts';
import { explainSetupError } from './setup-error.ts';

const FIELD_MANAGER = 'studio-dev';
const OPERATOR_KUBECONFIG = path.join(REPOSITORY, '.local', 'operator.kubeconfig');
const BASE_DOMAIN = 'platform.localhost';
/** What a tenant needs to become Ready and to be reached; tenants are for whoever tries things out. */
const KINDS: ReadonlySet<string> = new Set(['Namespace', 'ConfigMap', 'Service', 'Ingress', 'PostgresServer', 'TenantPlan']);
/** The one that unpinned tenants go to: the application needs its tables. Older ones are for whoever tries things out, too. */
const RELEASE = 'studio-2';
const APPLICATION_TIMEOUT_MS = 180_000;

const run = async (): Promise<void> => {
  const { existing } = clusterArguments(process.argv.slice(2));
  const strategy = await chooseStrategy(existing);
  const interrupted = interruption();
  const parts = new StartedParts();
  try {
    await start(parts, await strategy.start({ onStarted }));
    await interrupted;
    say('Stopping ...');
  } finally {
    await parts.stop();
    await Promise.all([ENV_FILE, OPERATOR_KUBECONFIG].map(async (file) => await rm(file, { force: true })));
  }
};

const onStarted = (what: string, milliseconds: number): void => say(`${what} runs (${duration(milliseconds)})`);

const start = async (parts: StartedParts, environment: Environment): Promise<void> => {
  parts.add(environment);
  environment.entrance?.prepare();
  const cluster = connectCluster(environment.kubeconfigPath, FIELD_MANAGER);
  parts.add({ stop: cluster.close });
  await install(cluster, environment);
  await cluster.writeServiceAccountKubeconfig({ namespace: INSTALLATION.namespace, name: INSTALLATION.name }, OPERATOR_KUBECONFIG);
  await provideKubectl();
  await serve(parts, cluster, environment);
  await writeEnvFile(variables(environment), TOOLS);
  say(howToGoOn(environment));
};

const install = async (cluster: Cluster, environment: Environment): Promise<void> => {
  await applyInstallation(cluster);
  await applyAdminSecret(cluster, environment.postgres);
  const samples = [...(await readSamples()).values()].flat();
  const isWanted = ({ kind, metadata }: Manifest): boolean => KINDS.has(kind) || (kind === 'SchemaRelease' && metadata.name === RELEASE);
  for (const manifest of samples.filter(isWanted)) await cluster.apply(fittedSample(manifest, environment, BASE_DOMAIN));
};

/** The application asks the master database, so that is brought to its schema here; the operator then finds nothing to do. */
const serve = async (parts: StartedParts, cluster: Cluster, environment: Environment): Promise<void> => {
  const { entrance, postgres } = environment;
  await migrateMasterDatabase(postgres.masterUrl);
  await timed('The application', onStarted, async () => {
    const application = parts.add(await startInstalledApplication(cluster, environment, BASE_DOMAIN));
    await application.ready(APPLICATION_TIMEOUT_MS);
  });
  if (entrance !== undefined) await timed('The Ingress controller', onStarted, async () => await entrance.open(cluster));
};

const variables = (environment: Environment): Readonly<Record<string, string>> => {
  const { postgres, kubeconfigPath, image } = environment;
  return {
    KUBECONFIG: kubeconfigPath,
    OPERATOR_KUBECONFIG,
    MASTER_DATABASE_URL: postgres.masterUrl,
    ADMIN_DATABASE_URL: postgres.superuserUrl ?? postgres.adminUrl,
    OPERATOR_IMAGE: image,
    BASE_DOMAIN,
    PUBLIC_URL_SCHEME: 'http',
    ...entranceSettings(environment),
  };
};

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

const howToGoOn = ({ entrance }: Environment): string => `
Everything runs until Ctrl-C. In another terminal:

  npm start                                                  the operator
  source .local/env                                          KUBECONFIG, MASTER_DATABASE_URL, ADMIN_DATABASE_URL, kubectl
  kubectl apply -f manifests/samples/30-tenant-my-studio.yaml
  kubectl get studiotenants --all-namespaces --watch
  curl http://my-studio.${BASE_DOMAIN}:${entrance?.httpPort ?? 80}/sessions
`;

await run().catch(explainSetupError);
