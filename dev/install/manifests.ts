// The installation as objects, from manifests/. Separate from the files' generator because whoever installs (tests, demo, `npm run dev`)
// takes what is checked in, as people do, and needs no Helm for it.

import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { INSTALLATION } from './names.ts';

export interface InstalledObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** In the order in which they can be applied. */
export const installation = (): readonly InstalledObject[] => objectsOf('install.yaml');

/** In the order in which they can be applied; the namespace of tenants must be there. */
export const applicationObjects = (): readonly InstalledObject[] => objectsOf('application.yaml');

export const namespaces = (): readonly InstalledObject[] => installation().filter(({ kind }) => kind === 'Namespace');

export const operatorDeployment = (): InstalledObject => only(installation(), 'Deployment');

export const applicationDeployment = (): InstalledObject => only(applicationObjects(), 'Deployment');

/** Lets the operator serve the tenants of one further namespace. */
export const namespaceRights = (namespace: string): InstalledObject => {
  const { tenantNamespace, tenantRole } = INSTALLATION;
  const inTenants = installation().filter(({ metadata }) => metadata.namespace === tenantNamespace && metadata.name === tenantRole);
  const binding = only(inTenants, 'RoleBinding');
  return { ...binding, metadata: { ...binding.metadata, namespace } };
};

const objectsOf = (file: string): readonly InstalledObject[] =>
  parseAllDocuments(readFileSync(new URL(`../../manifests/${file}`, import.meta.url), 'utf8')).map(
    (document) => document.toJS() as InstalledObject,
  );

const only = (objects: readonly InstalledObject[], kind: string): InstalledObject => {
  const [found, ...others] = objects.filter((object) => object.kind === kind);
  if (found === undefined || others.length > 0)
    throw new Error(`the manifests have ${others.length === 0 ? 'no' : 'more than one'} ${kind}`);
  return found;
};
