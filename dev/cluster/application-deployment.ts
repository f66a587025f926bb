// The application as the Deployment of manifests/application.yaml, for clusters with real nodes: the image of the environment, which holds
// it beside the operator, settings in its ConfigMap, the address of the master database with its own login in its Secret.

import type { KubernetesObject } from '@kubernetes/client-node';
import { applicationObjects } from '../install/manifests.ts';
import { APPLICATION } from '../install/names.ts';
import { deployServer, type DeployedServer } from './deployed-server.ts';
import { asSeenInCluster, withImage, type Environment } from './environment.ts';
import type { DeploymentOptions } from './operator-deployment.ts';

const { namespace, name } = APPLICATION;

export interface ApplicationDeploymentOptions extends DeploymentOptions {
  /** The master database as the application's login, as seen from here. */
  readonly masterUrl: string;
}

/** The namespace of the tenants must be there. */
export const deployApplication = async (
  environment: Pick<Environment, 'kubeconfigPath' | 'image' | 'postgres'>,
  options: ApplicationDeploymentOptions,
): Promise<DeployedServer> => {
  const { logFile } = options;
  const objects = deployedApplicationObjects(environment, options);
  return await deployServer(environment, { title: 'the application', namespace, name, container: 'app', objects, logFile });
};

/** Secret, ConfigMap, and what manifests/application.yaml has; pure. */
export const deployedApplicationObjects = (
  { image, postgres }: Pick<Environment, 'image' | 'postgres'>,
  { masterUrl, settings }: Omit<ApplicationDeploymentOptions, 'logFile'>,
): readonly KubernetesObject[] => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: APPLICATION.masterSecret, namespace },
    stringData: { url: asSeenInCluster(masterUrl, postgres) },
  };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: APPLICATION.configMap, namespace }, data: settings };
  return [secret, configMap, ...applicationObjects().map((object) => withImage(object, APPLICATION.image, image))];
};
