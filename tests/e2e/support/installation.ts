// The installation as an administrator makes it: two Secrets by hand, the rest by Helm. Separate from the story, which only says when.

import { CHART, helm, type HelmResult } from '../../../dev/helm.ts';
import { APPLICATION, INSTALLATION } from '../../../dev/install/names.ts';
import { prepareApplicationLogin } from '../../../dev/postgres/application-login.ts';
import { environment } from '../../support/environment.ts';
import { applyObject } from '../../support/kube.ts';
import { world } from './world.ts';

export const { namespace: SYSTEM, tenantNamespace: TENANTS, name: RELEASE } = INSTALLATION;
export const BASE_DOMAIN = 'platform.localhost';

/** Two minutes: every pod starts with its image on the node. */
const WAIT = ['--wait', '--timeout', '150s'];

/** Values that differ from one step of the story to the next. */
export interface Changes {
  readonly image?: string;
  readonly application?: boolean;
  readonly logLevel?: string;
  readonly releases?: Readonly<Record<string, object>>;
}

export const STUDIO_1 = { version: 1, args: ['migrations/tenant/studio-1'] };
export const STUDIO_2 = { version: 3, args: ['migrations/tenant/studio-1', 'migrations/tenant/studio-2'] };

export const valuesOf = (changes: Changes = {}): object => {
  const { databaseHost: host, databasePort: port, image, httpPort, ingressClass } = world();
  const [repository, tag] = (changes.image ?? image).split(':');
  return {
    image: { repository, tag },
    masterDatabase: { existingSecret: { name: INSTALLATION.masterSecret } },
    config: {
      baseDomain: BASE_DOMAIN,
      publicUrlScheme: 'http',
      publicUrlPort: httpPort,
      ingressClass,
      ...(changes.logLevel === undefined ? {} : { logLevel: changes.logLevel }),
    },
    // Small machines run this.
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '1Gi' } },
    servers: {
      main: { host, port, adminSecretRef: { name: 'postgres-main-admin' }, tls: { mode: 'disable' }, capacity: { maxDatabases: 50 } },
    },
    schemaReleases: changes.releases ?? { 'studio-1': STUDIO_1 },
    // The objects must be right; the node's network plugin enforces none of them.
    networkPolicy: { enabled: true },
    application: { enabled: changes.application ?? false },
  };
};

/** What no chart should hold: how to log in to PostgreSQL. The namespace is as strict as the tenants'. */
export const prepareSecrets = async (): Promise<void> => {
  const { masterUrl, adminUrl } = environment().postgres;
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await applyObject({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM, labels } });
  const { username, password } = new URL(adminUrl);
  await applySecret(SYSTEM, INSTALLATION.masterSecret, { url: inCluster(masterUrl) });
  await applySecret(SYSTEM, 'postgres-main-admin', { username, password });
};

/** The application's own login, which it can have once the operator has made the master database's tables. */
export const prepareApplication = async (): Promise<void> => {
  const { masterUrl, superuserUrl } = environment().postgres;
  const url = await prepareApplicationLogin({ administratorUrl: superuserUrl, masterUrl });
  await applySecret(TENANTS, APPLICATION.masterSecret, { url: inCluster(url) });
};

const applySecret = async (namespace: string, name: string, stringData: Readonly<Record<string, string>>): Promise<void> => {
  await applyObject({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData });
};

const inCluster = (url: string): string => {
  const { databaseHost, databasePort } = world();
  const changed = new URL(url);
  changed.hostname = databaseHost;
  changed.port = String(databasePort);
  return changed.href;
};

const run = async (args: readonly string[], values?: object): Promise<HelmResult> =>
  await helm([...args, '--namespace', SYSTEM, ...(values === undefined ? [] : ['--values', '-'])], {
    major: 4,
    kubeconfig: environment().kubeconfigPath,
    ...(values === undefined ? {} : { input: JSON.stringify(values) }),
  });

export const install = async (changes?: Changes): Promise<HelmResult> => await run(['install', RELEASE, CHART, ...WAIT], valuesOf(changes));
export const upgrade = async (changes: Changes): Promise<HelmResult> => await run(['upgrade', RELEASE, CHART, ...WAIT], valuesOf(changes));
export const uninstall = async (): Promise<HelmResult> => await run(['uninstall', RELEASE, ...WAIT]);
export const helmTest = async (): Promise<HelmResult> => await run(['test', RELEASE, '--logs', '--timeout', '150s']);
