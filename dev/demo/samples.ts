// The samples of manifests/, and what is changed in them to fit a run: addresses, domain, and where the application is. Separate from
// the installation, which is the same everywhere.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Entrance } from '../cluster/entrance.ts';
import type { DatabaseAccess, Environment } from '../cluster/environment.ts';
import { serviceOfThisMachine } from '../cluster/ingress-controller-objects.ts';
import { APPLICATION, INSTALLATION } from '../install/names.ts';
import { MANIFESTS } from './install.ts';
import { readManifests, type Manifest } from './manifests.ts';

/** By variable. */
export type Settings = Readonly<Record<string, string>>;

/** The samples by file name, in the order in which kubectl applies a directory. */
export const readSamples = async (): Promise<ReadonlyMap<string, readonly Manifest[]>> => {
  const directory = path.join(MANIFESTS, 'samples');
  const files = (await readdir(directory)).filter((file) => file.endsWith('.yaml')).toSorted();
  return new Map(await Promise.all(files.map(async (file) => [file, await readManifests(path.join(directory, file))] as const)));
};

/** A sample as it suits this run; the same object when nothing of it changes. */
export const fittedSample = (
  manifest: Manifest,
  { postgres, entrance }: Pick<Environment, 'postgres' | 'entrance'>,
  baseDomain: string,
): Manifest => {
  const { kind, metadata } = manifest;
  if (kind === 'PostgresServer') return withAddress(manifest, postgres);
  if (metadata.name !== APPLICATION.name) return manifest;
  if (kind === 'Ingress') return withHost(manifest, entrance, baseDomain);
  const port = entrance?.application?.port;
  return kind === 'Service' && port !== undefined ? serviceOfThisMachine(APPLICATION.name, APPLICATION.namespace, port) : manifest;
};

const withAddress = (manifest: Manifest, { here, inCluster }: DatabaseAccess): Manifest => {
  // The operator may run beside the cluster and its Jobs in it, where the same server has another address.
  const spec = { ...(manifest['spec'] as object), ...here, connect: inCluster, direct: inCluster, tls: { mode: 'disable' } };
  return { ...manifest, spec };
};

const withHost = (manifest: Manifest, entrance: Entrance | undefined, baseDomain: string): Manifest => {
  const ingressClass = entrance?.className === undefined ? {} : { ingressClassName: entrance.className };
  const backend = { service: { name: APPLICATION.name, port: { number: entrance?.application?.port ?? SERVICE_PORT } } };
  const rules = [{ host: `*.${baseDomain}`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
  return { ...manifest, spec: { ...ingressClass, rules } };
};

/** As in the samples. */
const SERVICE_PORT = 80;

/** The operator's settings as they stand in the samples, but for the domain. */
export const sampleSettings = async (baseDomain: string): Promise<Settings> => {
  const manifests = [...(await readSamples()).values()].flat();
  const config = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === INSTALLATION.configMap);
  if (config === undefined) throw new Error(`the samples have no ConfigMap ${INSTALLATION.configMap}`);
  return { ...(config['data'] as Settings), BASE_DOMAIN: baseDomain, PUBLIC_URL_SCHEME: 'http' };
};

/** What the operator must know of the way by which requests come in. */
export const entranceSettings = ({ entrance }: Pick<Environment, 'entrance'>): Settings => ({
  ...(entrance === undefined ? {} : { PUBLIC_URL_PORT: String(entrance.httpPort) }),
  ...(entrance?.className === undefined ? {} : { INGRESS_CLASS: entrance.className }),
  ...(entrance?.application === undefined ? {} : { INGRESS_SERVICE_PORT: String(entrance.application.port) }),
});
