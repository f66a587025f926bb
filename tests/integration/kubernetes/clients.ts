/*
 * The operator's own client against the API server of the test run. Separate because every test of this folder, and of
 * the runtime's, starts with one.
 */
import { Connection } from '../../../src/clients/kubernetes/connection.ts';
import { KubernetesClient } from '../../../src/clients/kubernetes/kubernetes-client.ts';
import type { TransportOptions } from '../../../src/clients/kubernetes/transport.ts';
import { environment } from '../../support/environment.ts';

export interface TestClient extends AsyncDisposable {
  readonly kubernetes: KubernetesClient;
  readonly connection: Connection;
}

export function aClient(options: Partial<TransportOptions> = {}): TestClient {
  const connection = new Connection({ path: environment().kubeconfigPath });
  const kubernetes = new KubernetesClient({ connection, userAgent: 'studio-operator-test', assertWritable: () => undefined, ...options });
  return { kubernetes, connection, [Symbol.asyncDispose]: () => connection.close() };
}
