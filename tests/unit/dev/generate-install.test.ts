/** The generated files that need no Helm, and the manifests: they agree with the names in the code, and with the configuration. */
import { expect, it } from 'vitest';

import { crdFiles } from '../../../dev/generate-crds.ts';
import { settingsPages } from '../../../dev/generate-settings.ts';
import { driftedFiles } from '../../../dev/generated-files.ts';
import { applicationDeployment, applicationObjects, installation, operatorDeployment } from '../../../dev/install/manifests.ts';
import { APPLICATION, INSTALLATION } from '../../../dev/install/names.ts';
import { APPLICATION_SETTINGS, applicationSettings } from '../../../src/app/settings.ts';
import { OPERATOR_SETTINGS } from '../../../src/config/operator-settings.ts';
import { loadConfig } from '../../../src/config.ts';

interface PodSpec {
  readonly serviceAccountName: string;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [Container];
}

interface Container {
  readonly image: string;
  readonly ports: readonly [{ readonly containerPort: number }];
  readonly envFrom: readonly unknown[];
  readonly env: readonly { readonly name: string; readonly valueFrom?: { readonly secretKeyRef?: unknown } }[];
}

function podOf(deployment: object): PodSpec {
  return (deployment as { spec: { template: { spec: PodSpec } } }).spec.template.spec;
}

it('is what npm run generate would write', () => {
  expect(driftedFiles([...crdFiles(), ...settingsPages()])).toEqual([]);
});

const DEPLOYMENTS = [
  ['operator', operatorDeployment(), INSTALLATION, OPERATOR_SETTINGS],
  ['application', applicationDeployment(), APPLICATION, APPLICATION_SETTINGS],
] as const;

it.each(DEPLOYMENTS)('sets only variables that are settings of the %s', (_, deployment, __, table) => {
  const settings = new Set<string>(Object.values(table).map(({ variable }) => variable));
  const [{ env }] = podOf(deployment).containers;

  expect(env.map(({ name }) => name).filter((name) => !settings.has(name))).toEqual([]);
});

it.each(DEPLOYMENTS)('has the names for the %s that the code has', (_, { metadata, ...deployment }, names) => {
  const { serviceAccountName, containers } = podOf(deployment);
  const [{ image, ports, env, envFrom }] = containers;

  expect([metadata.name, metadata.namespace, serviceAccountName]).toEqual([names.name, names.namespace, names.name]);
  expect([image, ports[0].containerPort]).toEqual([names.image, names.httpPort]);
  expect(env.find(({ name }) => name === 'MASTER_DATABASE_URL')?.valueFrom?.secretKeyRef).toEqual({ name: names.masterSecret, key: 'url' });
  // Optional: settings are for whoever wants others than the defaults.
  expect(envFrom).toEqual([{ configMapRef: { name: names.configMap, optional: true } }]);
});

it('fits the defaults of the configuration', () => {
  const { tenant, watchNamespaces, leaderElection, http } = loadConfig({ MASTER_DATABASE_URL: 'postgresql://u:p@h/d' }, []);

  expect(tenant.operatorNamespace).toBe(INSTALLATION.namespace);
  expect(watchNamespaces).toEqual([INSTALLATION.tenantNamespace]);
  expect(leaderElection.leaseName).toBe(INSTALLATION.name);
  expect(http.port).toBe(INSTALLATION.httpPort);
});

it('lets the application end before its pod is killed', () => {
  const { listenPort, stopDelay, gracefulStop } = applicationSettings({ MASTER_DATABASE_URL: 'postgresql://u:p@h/d' }, []);

  expect(listenPort).toBe(APPLICATION.httpPort);
  expect(stopDelay + gracefulStop).toBeLessThan(podOf(applicationDeployment()).terminationGracePeriodSeconds * 1_000);
});

it('has no password and no key', () => {
  expect(JSON.stringify([...installation(), ...applicationObjects()])).not.toMatch(/postgres(ql)?:\/\/|"kind":"Secret"|BEGIN/);
});

it('is no release of Helm to whoever looks', () => {
  expect(JSON.stringify([...installation(), ...applicationObjects()])).not.toMatch(/"Helm"|helm\.sh\/(chart|hook)/);
});

it('can be applied from top to bottom, by kubectl alone: namespaces, definitions, and no object of those kinds', () => {
  const kinds = installation().map(({ kind }) => kind);
  const definitions = kinds.filter((kind) => kind === 'CustomResourceDefinition').length;

  expect(kinds.slice(0, 2 + definitions)).toEqual([...Array(2).fill('Namespace'), ...Array(definitions).fill('CustomResourceDefinition')]);
  expect(installation().filter(({ apiVersion }) => apiVersion.startsWith('studio-platform.io'))).toEqual([]);
});
