// What a person wants to see when the story broke off: pods and why they do not run, the last events, the ends of the logs. Separate
// because it must not throw, whatever state the cluster is in.

import { CoreV1Api, type V1Pod } from '@kubernetes/client-node';
import { adminKubeConfig, listObjects } from '../../support/kube.ts';
import { API_VERSION } from '../../../src/api/group.ts';
import { allPods } from './pods.ts';

const LOG_LINES = 25;
const EVENTS = 30;

export const printDiagnosis = async (): Promise<void> => {
  const parts = [
    ['Tenants', tenantLines],
    ['Pods', podLines],
    ['Events', eventLines],
    ['Logs', logLines],
  ] as const;
  for (const [title, linesOf] of parts) {
    const lines = await linesOf().catch((error: unknown) => [String(error)]);
    console.error(`\n--- ${title}\n${lines.join('\n')}`);
  }
};

const tenantLines = async (): Promise<readonly string[]> =>
  (await listObjects(API_VERSION, 'StudioTenant')).map(({ metadata, status }) => {
    const ready = status?.conditions?.find(({ type }: { type: string }) => type === 'Ready');
    return `${metadata.name}: ${status?.phase} ${ready?.reason}: ${ready?.message}`;
  });

const podLines = async (): Promise<readonly string[]> =>
  (await allPods()).map((pod) => {
    const states = pod.status?.containerStatuses?.map(({ ready, restartCount, state }) => JSON.stringify({ ready, restartCount, state }));
    return `${pod.metadata?.namespace}/${pod.metadata?.name} ${pod.status?.phase} ${states?.join(' ') ?? ''}`;
  });

const eventLines = async (): Promise<readonly string[]> => {
  const { items } = await adminKubeConfig().makeApiClient(CoreV1Api).listEventForAllNamespaces();
  const lines = items.map(({ lastTimestamp, eventTime, involvedObject, reason, message }) => {
    const time = new Date(lastTimestamp ?? eventTime ?? 0).toISOString();
    return `${time} ${involvedObject.kind}/${involvedObject.name} ${reason}: ${message}`;
  });
  return lines.toSorted().slice(-EVENTS);
};

const logLines = async (): Promise<readonly string[]> => {
  const pods = (await allPods()).filter(({ metadata }) => metadata?.namespace?.startsWith('studio-') === true);
  return (await Promise.all(pods.map(endOfLog))).flat();
};

const endOfLog = async ({ metadata }: V1Pod): Promise<readonly string[]> => {
  const { namespace = '', name = '' } = metadata ?? {};
  const core = adminKubeConfig().makeApiClient(CoreV1Api);
  const log = await core.readNamespacedPodLog({ namespace, name, tailLines: LOG_LINES }).catch((error: unknown) => String(error));
  return [`* ${name}`, log];
};
