// How a container calls the API server as its ServiceAccount. In a pod that is an address and a token in fixed places; without a mount
// namespace it is a kubeconfig with the same rights, which clients find by the variable that they all know.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import type { Variables } from './container-environment.ts';
import type { PodApi } from './pod-api.ts';

const TOKEN_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Nothing for a container that has no token mounted, which the API server sees to unless a pod does not want it. */
export const apiAccess = async (
  pod: V1Pod,
  container: V1Container,
  { api, directory }: { readonly api: PodApi; readonly directory: string },
): Promise<Variables> => {
  if (container.volumeMounts?.some(({ mountPath }) => mountPath === TOKEN_DIRECTORY) !== true) return {};
  const file = path.join(directory, 'kubeconfig');
  await writeFile(file, (await api.kubeconfig(pod)) ?? '', { mode: 0o600 });
  return { KUBECONFIG: file };
};
