// Starts everything: servers side by side, then the installation as an administrator makes it, then the operator with its own rights.

import type { Existing } from '../../cluster/arguments.ts';
import { chooseStrategy, type Environment } from '../../cluster/environment.ts';
import { timed, type StartedParts } from '../../cluster/started-parts.ts';
import { STUDIO_TENANT } from '../../../src/api/resources.ts';
import type { StudioTenant } from '../../../src/api/studio-tenant.ts';
import { heading, type Demo } from '../demo.ts';
import { BASE_DOMAIN, NAMESPACE } from '../expectations.ts';
import { applyAdminSecret, applyInstallation, startInstalledOperator } from '../install.ts';
import { entranceSettings, sampleSettings } from '../samples.ts';
import { connectCluster, type Cluster } from '../kubernetes.ts';
import { newReport } from '../report.ts';
import type { Terminal } from '../terminal.ts';

export interface StartOptions {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** A cluster that is there already, instead of one of our own. */
  readonly existing: Existing | undefined;
  /** Collects what must be stopped, also when a later part does not start. */
  readonly parts: StartedParts;
}

const OPERATOR_TIMEOUT_MS = 120_000;

export const startChapter = async ({ terminal, signal, existing, parts }: StartOptions): Promise<Demo> => {
  heading(terminal, 'Start');
  const onStarted = (what: string, milliseconds: number): void =>
    terminal.line(`  ${what.padEnd(36)}  ${terminal.style('dim', `${(milliseconds / 1000).toFixed(1)} s`)}`);
  const strategy = await chooseStrategy(existing);
  const environment = parts.add(await strategy.start({ onStarted }));
  environment.entrance?.prepare();
  signal.throwIfAborted();
  const cluster = connectCluster(environment.kubeconfigPath, 'demo');
  parts.add({ stop: cluster.close });
  await timed('Definitions, rights, namespaces', onStarted, async () => await install(cluster, environment));
  const following = new AbortController();
  parts.add({ stop: async () => following.abort() });
  const tenants = await cluster.follow<StudioTenant>(STUDIO_TENANT, NAMESPACE, following.signal);
  const operator = await timed('Operator', onStarted, async () => {
    const settings = { ...(await sampleSettings(BASE_DOMAIN)), ...entranceSettings(environment) };
    const starting = parts.add(await startInstalledOperator(cluster, environment, settings));
    await starting.ready(OPERATOR_TIMEOUT_MS);
    return starting;
  });
  return { terminal, report: newReport(terminal), environment, cluster, operator, tenants, parts, beganMs: 0, signal };
};

const install = async (cluster: Cluster, { postgres }: Environment): Promise<void> => {
  await applyInstallation(cluster);
  await applyAdminSecret(cluster, postgres);
};
