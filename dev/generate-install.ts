// manifests/install.yaml, cluster-wide.yaml and application.yaml: what the chart renders, for whoever installs with kubectl alone. Separate
// from the chart because kubectl has no hooks and no values, keeps no release, and knows a kind only once its definition is served.
import { stringify } from 'yaml';
import type { GeneratedFile } from './generated-files.ts';
import { helmProgram, renderChart } from './helm.ts';
import { APPLICATION, INSTALLATION } from './install/names.ts';

const HEADER = '# Rendered from helm/studio-operator by `npm run generate`. Do not edit.\n';

interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

const { name: operator, namespace, tenantRole, masterSecret } = INSTALLATION;
/** The release that these files are has no plan: its kind is not served yet when kubectl looks for it. */
const VALUES = { masterDatabase: { existingSecret: { name: masterSecret } }, plans: { free: null } } as const;
/** Settings, and how requests reach the application, are the platform's own: manifests/samples has them. */
const OF_THE_PLATFORM: ReadonlySet<string> = new Set(['ConfigMap', 'Service', 'Ingress']);

/** What the generated files in manifests/ should hold. Needs Helm, which is built first where the cache has none. */
export const installFiles = async (): Promise<readonly GeneratedFile[]> => {
  await helmProgram(4);
  const [installation, everywhere, withApplication] = await Promise.all([
    rendered({}),
    rendered({ watchNamespaces: ['*'] }),
    rendered({ application: { enabled: true } }),
  ]);
  const binding = everywhere.filter(({ kind, metadata }) => kind === 'ClusterRoleBinding' && metadata.name === tenantRole);
  const application = withApplication.filter(({ kind, metadata }) => metadata.name === APPLICATION.name && !OF_THE_PLATFORM.has(kind));
  return [
    { path: 'manifests/install.yaml', text: yamlOf(withNamespace(withoutSettings(installation))) },
    { path: 'manifests/cluster-wide.yaml', text: yamlOf(binding) },
    { path: 'manifests/application.yaml', text: yamlOf(application) },
  ];
};

const rendered = async (values: object): Promise<readonly Rendered[]> => {
  const objects = await renderChart({ values: { ...VALUES, ...values }, includeCrds: true, hooks: false });
  return (objects as readonly Rendered[]).map(withoutRelease);
};

/** Settings that somebody has given must outlast the next `kubectl apply` of the installation. */
const withoutSettings = (objects: readonly Rendered[]): readonly Rendered[] => objects.filter(({ kind }) => kind !== 'ConfigMap');

/** Helm makes the release's namespace by itself. Namespaces come first, definitions next, as kubectl sends them in this order. */
const withNamespace = (objects: readonly Rendered[]): readonly Rendered[] => {
  const ofTenants = objects.filter(({ kind }) => kind === 'Namespace');
  const [pattern] = ofTenants;
  if (pattern === undefined) throw new Error('the chart rendered no namespace of tenants');
  const own = { ...pattern, metadata: { ...pattern.metadata, name: namespace } };
  return [own, ...ofTenants, ...objects.filter(({ kind }) => kind !== 'Namespace')];
};

/** Without what would make Helm, or people, believe that a release of Helm owns it; and settings become optional. */
const withoutRelease = (object: Rendered): Rendered =>
  JSON.parse(JSON.stringify(object), (key: string, value: unknown) => {
    if (OF_HELM.has(key)) return undefined;
    return key === 'configMapRef' ? { ...(value as object), optional: true } : value;
  }) as Rendered;

const OF_HELM: ReadonlySet<string> = new Set(['app.kubernetes.io/managed-by', 'helm.sh/chart', 'checksum/config']);

const yamlOf = (objects: readonly Rendered[]): string => {
  if (objects.length === 0) throw new Error(`the chart rendered nothing of ${operator} for one of the manifests`);
  return HEADER + objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
};
