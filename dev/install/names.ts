// What the parts of an installation are called when the chart is rendered with its defaults. Separate because tests, the demo and `npm run
// dev` name them in code; a test compares them with manifests/.

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

export const APPLICATION = {
  /** Also the name of the ServiceAccount, the Role and the Service. */
  name: 'studio-app',
  /** An Ingress leads to Services of its own namespace, and a Service to pods of its own. */
  namespace: INSTALLATION.tenantNamespace,
  image: INSTALLATION.image,
  httpPort: 8080,
  /** Secret with the key `url`: the master database with the login that grant_application was given. */
  masterSecret: 'studio-app-master',
  /** Optional ConfigMap whose keys are settings. */
  configMap: 'studio-app-config',
} as const;
