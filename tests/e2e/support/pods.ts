// Pods and who leads them, as the cluster says it. Separate because every chapter of the story looks at them.

import { CoreV1Api, CoordinationV1Api, type V1Pod } from '@kubernetes/client-node';
import { adminKubeConfig } from '../../support/kube.ts';
import { RELEASE, SYSTEM, TENANTS } from './installation.ts';

const core = (): CoreV1Api => adminKubeConfig().makeApiClient(CoreV1Api);

/** Of the operator, without those that are being removed. */
export const operatorPods = async (): Promise<readonly V1Pod[]> => await livingPods(SYSTEM, `app.kubernetes.io/name=${RELEASE}`);
export const applicationPods = async (): Promise<readonly V1Pod[]> => await livingPods(TENANTS, 'app.kubernetes.io/name=studio-app');

const livingPods = async (namespace: string, labelSelector: string): Promise<readonly V1Pod[]> =>
  (await core().listNamespacedPod({ namespace, labelSelector })).items.filter(
    ({ metadata, status, spec }) => metadata?.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && spec !== undefined,
  );

export const isReady = ({ status }: V1Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;

export const nameOf = ({ metadata }: V1Pod): string => metadata?.name ?? '';
export const imagesOf = (pods: readonly V1Pod[]): readonly string[] =>
  pods.flatMap(({ spec }) => spec?.containers.map(({ image = '' }) => image) ?? []);

/** Who holds the Lease, as it says so itself: the beginning of the pod's name, and a mark of its own. Undefined when nobody does. */
export const holder = async (): Promise<string | undefined> => {
  const lease = await adminKubeConfig().makeApiClient(CoordinationV1Api).readNamespacedLease({ namespace: SYSTEM, name: RELEASE });
  const identity = lease.spec?.holderIdentity;
  return identity === undefined || identity === '' ? undefined : identity;
};

/** Name of the living pod that holds the Lease. */
export const leader = async (): Promise<string | undefined> => {
  const identity = await holder();
  const beginning = identity?.slice(0, identity.lastIndexOf('_'));
  return beginning === undefined ? undefined : (await operatorPods()).map(nameOf).find((name) => name.startsWith(beginning));
};

/** At once: its processes get no chance to say goodbye. */
export const killPod = async (namespace: string, name: string): Promise<void> => {
  await core().deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
};

export const allPods = async (): Promise<readonly V1Pod[]> => (await core().listPodForAllNamespaces()).items;
