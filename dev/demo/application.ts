// The application that serves all tenants, as an administrator installs it: a login that may look tenants up, a ServiceAccount that may
// read their Secrets, and a process with both, or the Deployment. Separate from the operator's installation, which comes before it and
// does without it.

import path from 'node:path';
import { deployApplication } from '../cluster/application-deployment.ts';
import type { Environment } from '../cluster/environment.ts';
import { applicationObjects } from '../install/manifests.ts';
import { APPLICATION } from '../install/names.ts';
import { prepareApplicationLogin } from '../postgres/application-login.ts';
import type { Cluster } from './kubernetes.ts';
import { startServerProcess } from './server-process.ts';

export interface RunningApplication {
  readonly logFile: string;
  ready(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** What of an environment it needs. */
export type ApplicationSurroundings = Pick<Environment, 'directory' | 'kubeconfigPath' | 'postgres' | 'entrance' | 'image'>;

const MAIN = path.resolve(import.meta.dirname, '../../src/app.ts');
/** What is only for pods. */
const OF_PODS: ReadonlySet<string> = new Set(['Deployment', 'PodDisruptionBudget']);

/** The master database must have been migrated. */
export const startInstalledApplication = async (
  cluster: Cluster,
  environment: ApplicationSurroundings,
  baseDomain: string,
): Promise<RunningApplication> => {
  const { directory, postgres, entrance } = environment;
  const administratorUrl = postgres.superuserUrl ?? postgres.adminUrl;
  const masterUrl = await prepareApplicationLogin({ administratorUrl, masterUrl: postgres.masterUrl });
  const logFile = path.join(directory, 'application.log');
  const settings = { BASE_DOMAIN: baseDomain };
  if (entrance?.application === undefined) return await deployApplication(environment, { masterUrl, settings, logFile });

  for (const object of applicationObjects()) if (!OF_PODS.has(object.kind)) await cluster.apply(object);
  const kubeconfigPath = path.join(directory, 'application.kubeconfig');
  await cluster.writeServiceAccountKubeconfig(APPLICATION, kubeconfigPath);
  await entrance.application.release();
  return await startServerProcess({
    title: 'the application',
    main: MAIN,
    port: entrance.application.port,
    kubeconfigPath,
    masterDatabaseUrl: masterUrl,
    // Nobody but one controller leads here, and it notices at once that nobody listens any more.
    settings: { ...settings, TENANT_NAMESPACES: APPLICATION.namespace, STOP_DELAY: '1ms' },
    logFile,
  });
};
