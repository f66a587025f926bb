// Everything the operator may do in Kubernetes, and what people may do with StudioTenants. One list, because the tests run the
// operator with exactly these rights.
//
// Rights on the kinds are cluster-wide: a namespace that is being deleted loses its RoleBindings first, and a finalizer that could
// not be removed any more would hold the namespace for ever. Rights on Secrets, Jobs, Pods and Ingresses are a ClusterRole that is
// bound namespace by namespace, so that a further namespace is one RoleBinding and all of them one ClusterRoleBinding.
import { API_GROUP, CLUSTER_KINDS, INSTALLATION, LABELS_OF_ALL, labelled, SERVICE_ACCOUNT } from './names.ts';

const RBAC = 'rbac.authorization.k8s.io';
const RBAC_V1 = `${RBAC}/v1`;

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Never create or delete: the objects are people's. patch is for the finalizer. */
const KINDS: readonly Rule[] = [
  { apiGroups: [API_GROUP], resources: CLUSTER_KINDS, verbs: ['get', 'list', 'watch', 'patch'] },
  { apiGroups: [API_GROUP], resources: CLUSTER_KINDS.map((kind) => `${kind}/status`), verbs: ['get', 'patch'] },
  // Where OwnerReferencesPermissionEnforcement is on, owning something with blockOwnerDeletion needs this.
  { apiGroups: [API_GROUP], resources: CLUSTER_KINDS.map((kind) => `${kind}/finalizers`), verbs: ['update'] },
  // A CRD that is being removed deletes every object without admission: no data is dropped then.
  {
    apiGroups: ['apiextensions.k8s.io'],
    resources: ['customresourcedefinitions'],
    resourceNames: CLUSTER_KINDS.map((kind) => `${kind}.${API_GROUP}`),
    verbs: ['get'],
  },
  // Its uid tells one cluster from another.
  { apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'], verbs: ['get'] },
];

const TENANTS: readonly Rule[] = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
  // list: why the Job controller could not make a pod (quota, admission) is in an Event and nowhere else.
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch', 'list'] },
];

/** In its own namespace: the Lease, by name the Secrets that PostgresServers refer to, and those for the roles it makes itself. */
const OWN_NAMESPACE: readonly Rule[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: [INSTALLATION.name],
    verbs: ['get', 'update'],
  },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
];

/** Kubernetes wants Events of cluster-scoped objects in the namespace `default`. */
const CLUSTER_EVENTS: readonly Rule[] = [{ apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] }];

const ALL_VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

/** Rights of the operator outside the watched namespaces. */
export function operatorRights(): readonly object[] {
  const { name, namespace } = INSTALLATION;
  return [
    clusterRole(name, KINDS),
    clusterRoleBinding(name, name),
    role(name, namespace, OWN_NAMESPACE),
    roleBinding({ name, namespace, kind: 'Role', role: name }),
    role(`${name}-events`, 'default', CLUSTER_EVENTS),
    roleBinding({ name: `${name}-events`, namespace: 'default', kind: 'Role', role: `${name}-events` }),
    clusterRole(INSTALLATION.tenantRole, TENANTS),
  ];
}

/** Lets the operator serve the tenants of one namespace. */
export function namespaceRights(namespace: string): object {
  const { tenantRole } = INSTALLATION;
  return roleBinding({ name: tenantRole, namespace, kind: 'ClusterRole', role: tenantRole });
}

/** Lets the operator serve the tenants of every namespace (WATCH_NAMESPACES=*). */
export function clusterWideRights(): object {
  return clusterRoleBinding(INSTALLATION.tenantRole, INSTALLATION.tenantRole);
}

/**
 * What people with edit or view rights in a namespace get. Only StudioTenant: a SchemaRelease runs any image and a PostgresServer
 * reaches any host, so those stay with administrators of the cluster.
 */
export function peoplesRights(): readonly object[] {
  const resources = ['studiotenants'];
  return [
    aggregated('studio-operator-edit', ['admin', 'edit'], [{ apiGroups: [API_GROUP], resources, verbs: ALL_VERBS }]),
    aggregated('studio-operator-view', ['admin', 'edit', 'view'], [{ apiGroups: [API_GROUP], resources, verbs: ['get', 'list', 'watch'] }]),
  ];
}

function aggregated(name: string, to: readonly string[], rules: readonly Rule[]): object {
  const labels = Object.fromEntries(to.map((target) => [`${RBAC}/aggregate-to-${target}`, 'true']));
  return { apiVersion: RBAC_V1, kind: 'ClusterRole', metadata: { name, labels: { ...LABELS_OF_ALL, ...labels } }, rules };
}

function clusterRole(name: string, rules: readonly Rule[]): object {
  return { apiVersion: RBAC_V1, kind: 'ClusterRole', metadata: labelled(name), rules };
}

function role(name: string, namespace: string, rules: readonly Rule[]): object {
  return { apiVersion: RBAC_V1, kind: 'Role', metadata: labelled(name, namespace), rules };
}

function clusterRoleBinding(name: string, to: string): object {
  return {
    apiVersion: RBAC_V1,
    kind: 'ClusterRoleBinding',
    metadata: labelled(name),
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: to },
    subjects: [SERVICE_ACCOUNT],
  };
}

interface Binding {
  readonly name: string;
  readonly namespace: string;
  readonly kind: 'Role' | 'ClusterRole';
  readonly role: string;
}

function roleBinding({ name, namespace, kind, role: to }: Binding): object {
  return {
    apiVersion: RBAC_V1,
    kind: 'RoleBinding',
    metadata: labelled(name, namespace),
    roleRef: { apiGroup: RBAC, kind, name: to },
    subjects: [SERVICE_ACCOUNT],
  };
}
