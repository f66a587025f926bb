// What the parts of an installation are called. Separate because the rights, the Deployment and the tests all use them.
import { GROUP } from '../../src/api/group.ts';

export const INSTALLATION = {
  /** Also the name of the ServiceAccount, the Deployment and the Lease. */
  name: 'studio-operator',
  namespace: 'studio-system',
  /** The namespace of tenants that the default configuration watches. */
  tenantNamespace: 'studio-tenants',
  /** ClusterRole that is bound once per watched namespace, or once for all of them. */
  tenantRole: 'studio-operator-tenants',
  image: 'studio-operator:0.1.0',
  httpPort: 8080,
  /** Secret with the key `url`: the connection string of the master database. */
  masterSecret: 'studio-operator-master',
  /** Optional ConfigMap whose keys are settings. */
  configMap: 'studio-operator-config',
} as const;

export const SELECTOR_LABELS = { 'app.kubernetes.io/name': INSTALLATION.name } as const;
export const LABELS_OF_ALL = { ...SELECTOR_LABELS, 'app.kubernetes.io/part-of': 'studio-platform' } as const;

export const SERVICE_ACCOUNT = { kind: 'ServiceAccount', name: INSTALLATION.name, namespace: INSTALLATION.namespace } as const;

/** The kinds of this project, by plural. */
export const CLUSTER_KINDS = ['postgresservers', 'schemareleases', 'studiotenants', 'tenantplans'] as const;

export const API_GROUP = GROUP;

/** Metadata of one of its parts. */
export function labelled(name: string, namespace?: string): Readonly<Record<string, unknown>> {
  return { name, ...(namespace !== undefined && { namespace }), labels: LABELS_OF_ALL };
}
