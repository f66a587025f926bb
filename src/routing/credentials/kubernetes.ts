/*
 * Credentials from the tenants' Secrets, read by name from the Kubernetes API server. Separate because it is the only
 * part of routing that knows Kubernetes. Nothing is listed or watched: the right `get` on secrets is all it needs.
 */
import { Agent, type RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { TenantUnavailable } from '../errors.ts';
import { BINDING_KEYS, type Binding, credentialsOf, referenceOf } from './binding.ts';
import { getJson } from './get-json.ts';
import type { CredentialsProvider } from './provider.ts';

export interface KubernetesSecretsOptions {
  /** Default: the ServiceAccount of the pod this runs in. */
  readonly kubeConfig?: KubeConfig | undefined;
  /** The namespaces whose Secrets may be read. Default: those in which Kubernetes allows it. */
  readonly namespaces?: readonly string[] | undefined;
}

/** Requests at once; more wait in line. */
const CONNECTIONS = 8;
const MAX_IDLE_MS = 30_000;

/** Throws when there is no cluster: outside of a pod, without a kubeConfig. */
export function kubernetesSecrets({ kubeConfig = inCluster(), namespaces }: KubernetesSecretsOptions = {}): CredentialsProvider {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null || !URL.canParse(cluster.server)) throw new Error('the kubeConfig says no cluster to talk to');
  const base = cluster.server.replace(/\/+$/, '');
  // client-node's own agents open a connection for each request.
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, timeout: MAX_IDLE_MS });
  return {
    get: async (tenant, { signal }) => {
      const { namespace, name } = referenceOf(tenant);
      const where = `Secret ${namespace}/${name}`;
      if (namespaces !== undefined && !namespaces.includes(namespace))
        throw new TenantUnavailable(`${where} is in a namespace that is not served`);
      const options: RequestOptions = {};
      await kubeConfig.applyToHTTPSOptions(options);
      if (cluster.proxyUrl === undefined && base.startsWith('https:')) options.agent = agent;
      const secret = await getJson(`${base}/api/v1/namespaces/${namespace}/secrets/${name}`, { ...options, where, signal });
      return credentialsOf(decode(secret), tenant, where);
    },
    close: async () => agent.destroy(),
  };
}

function inCluster(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

function decode(secret: unknown): Binding {
  const data = (secret as { readonly data?: Readonly<Record<string, string>> | null }).data ?? {};
  const known = BINDING_KEYS.filter((key) => typeof data[key] === 'string');
  return Object.fromEntries(known.map((key) => [key, Buffer.from(data[key] ?? '', 'base64').toString('utf8')]));
}
