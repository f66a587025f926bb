// The operator as the Deployment of the installation, for clusters with real nodes: the image of the environment, the settings in its
// ConfigMap, the master database's address in its Secret. Separate from running it as a process, which is how it goes without nodes.

import type { KubernetesObject } from '@kubernetes/client-node';
import { operatorDeployment, type InstalledObject } from '../install/manifests.ts';
import { INSTALLATION } from '../install/names.ts';
import { deployServer, type DeployedServer } from './deployed-server.ts';
import { asSeenInCluster, withImage, type Environment } from './environment.ts';

export interface DeploymentOptions {
  /** Settings by variable; they stand in the ConfigMap. */
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string;
}

const { namespace, name } = INSTALLATION;

/** The rest of the installation (namespaces, definitions, rights) must have been applied. */
export const deployOperator = async (environment: Environment, { settings, logFile }: DeploymentOptions): Promise<DeployedServer> => {
  const objects = operatorObjects(environment, settings);
  return await deployServer(environment, { title: 'the operator', namespace, name, container: 'operator', objects, logFile });
};

/** Secret, ConfigMap and Deployment; pure. */
export const operatorObjects = (
  { image, postgres }: Pick<Environment, 'image' | 'postgres'>,
  settings: Readonly<Record<string, string>>,
): readonly KubernetesObject[] => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: INSTALLATION.masterSecret, namespace },
    stringData: { url: asSeenInCluster(postgres.masterUrl, postgres) },
  };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: INSTALLATION.configMap, namespace }, data: settings };
  return [secret, configMap, withImage(withOneReplica(operatorDeployment()), INSTALLATION.image, image)];
};

/** Its log is followed, and of two only the one with the Lease would have something to tell. */
const withOneReplica = (deployment: InstalledObject): object => ({
  ...deployment,
  spec: { ...(deployment['spec'] as object), replicas: 1 },
});
