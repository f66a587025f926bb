/** The generated manifests: what is checked in is what the sources say, and the Deployment agrees with the configuration. */
import { expect, it } from 'vitest';

import { installation, installFiles } from '../../../dev/generate-install.ts';
import { settingsPages } from '../../../dev/generate-settings.ts';
import { driftedFiles } from '../../../dev/generated-files.ts';
import { APPLICATION, applicationObjects, deployment as applicationDeployment } from '../../../dev/install/application.ts';
import { INSTALLATION } from '../../../dev/install/names.ts';
import { deployment } from '../../../dev/install/workload.ts';
import { APPLICATION_SETTINGS, applicationSettings } from '../../../src/app/settings.ts';
import { OPERATOR_SETTINGS } from '../../../src/config/operator-settings.ts';
import { loadConfig } from '../../../src/config.ts';

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

function container(of = deployment()): Container {
  const { spec } = of as { spec: { template: { spec: { containers: [Container] } } } };
  return spec.template.spec.containers[0];
}

it('is what npm run generate would write', () => {
  expect(driftedFiles([...installFiles(), ...settingsPages()])).toEqual([]);
});

it.each([
  ['operator', deployment(), OPERATOR_SETTINGS],
  ['application', applicationDeployment(), APPLICATION_SETTINGS],
])('sets only variables that are settings of the %s', (_, of, table) => {
  const settings = new Set<string>(Object.values(table).map(({ variable }) => variable));

  expect(
    container(of)
      .env.map(({ name }) => name)
      .filter((name) => !settings.has(name)),
  ).toEqual([]);
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
  const { spec } = applicationDeployment() as { spec: { template: { spec: { terminationGracePeriodSeconds: number } } } };

  expect(listenPort).toBe(APPLICATION.httpPort);
  expect(stopDelay + gracefulStop).toBeLessThan(spec.template.spec.terminationGracePeriodSeconds * 1_000);
});

it('has no password and no key', () => {
  expect(JSON.stringify([...installation(), ...applicationObjects()])).not.toMatch(/postgres(ql)?:\/\/|"kind":"Secret"|BEGIN/);
});
