/**
 * The part of a node that `kubectl logs` reaches: the API server asks the kubelet of a pod's node for its log. The pod runner has none,
 * so a Node object leads to this server, which is given the logs by the test. Separate from the pod runner, which no person talks to.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { Cluster } from '../../dev/demo/kubernetes.ts';
import { newAuthority } from './certificates.ts';

export interface LogNode extends AsyncDisposable {
  /** `namespace/pod` to its log; what is not in here has none. */
  readonly logs: Map<string, string>;
}

/** `name`: of the node that the pods are bound to. */
export async function startLogNode(cluster: Cluster, name: string): Promise<LogNode> {
  const logs = new Map<string, string>();
  const { certificate, key } = await (await newAuthority()).issue('127.0.0.1');
  const server = createServer({ cert: certificate, key }, ({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'https://node');
    const [, namespace, pod] = /^\/containerLogs\/([^/]+)\/([^/]+)\//.exec(pathname) ?? [];
    const log = logs.get(`${namespace}/${pod}`);
    response.statusCode = log === undefined ? 404 : 200;
    response.end(log === undefined ? 'no such log' : lastLines(log, searchParams.get('tailLines')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await cluster.api.raw({ method: 'POST', path: '/api/v1/nodes', body: { apiVersion: 'v1', kind: 'Node', metadata: { name } } });
  const status = { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: port } } };
  await cluster.api.raw({
    method: 'PATCH',
    path: `/api/v1/nodes/${name}/status`,
    body: { status },
    contentType: 'application/merge-patch+json',
  });
  return {
    logs,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function lastLines(log: string, count: string | null): string {
  if (count === null) return log;
  const lines = log.trimEnd().split('\n');
  return `${lines.slice(Math.max(lines.length - Number(count), 0)).join('\n')}\n`;
}
