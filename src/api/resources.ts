// Every Kubernetes resource the operator touches, as data: how it is addressed in the REST API.
// Separate so that a client needs no knowledge of kinds, and the RBAC rules can be compared with one list.
import { GROUP, VERSION } from './group.ts';

export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export const STUDIO_TENANT = {
  group: GROUP,
  version: VERSION,
  plural: 'studiotenants',
  kind: 'StudioTenant',
  namespaced: true,
} as const satisfies Resource;

export const POSTGRES_SERVER = {
  group: GROUP,
  version: VERSION,
  plural: 'postgresservers',
  kind: 'PostgresServer',
  namespaced: false,
} as const satisfies Resource;

export const TENANT_PLAN = {
  group: GROUP,
  version: VERSION,
  plural: 'tenantplans',
  kind: 'TenantPlan',
  namespaced: false,
} as const satisfies Resource;

export const SCHEMA_RELEASE = {
  group: GROUP,
  version: VERSION,
  plural: 'schemareleases',
  kind: 'SchemaRelease',
  namespaced: false,
} as const satisfies Resource;

export const SECRET = {
  group: '',
  version: 'v1',
  plural: 'secrets',
  kind: 'Secret',
  namespaced: true,
} as const satisfies Resource;

export const POD = {
  group: '',
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  namespaced: true,
} as const satisfies Resource;

export const EVENT = {
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
} as const satisfies Resource;

export const NAMESPACE = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
} as const satisfies Resource;

export const JOB = {
  group: 'batch',
  version: 'v1',
  plural: 'jobs',
  kind: 'Job',
  namespaced: true,
} as const satisfies Resource;

export const INGRESS = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingresses',
  kind: 'Ingress',
  namespaced: true,
} as const satisfies Resource;

export const LEASE = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
} as const satisfies Resource;

export const CUSTOM_RESOURCE_DEFINITION = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
} as const satisfies Resource;

/** What `apiVersion` says in an object of this resource. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
