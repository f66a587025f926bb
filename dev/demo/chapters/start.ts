// Starts everything: servers side by side, then the installation as an administrator makes it, then the operator with its own rights.

import path from 'node:path';
import { duration } from '../../progress.ts';
import { STUDIO_TENANT } from '../../../src/api/resources.ts';
import type { StudioTenant } from '../../../src/api/studio-tenant.ts';
import { heading, type Demo } from '../demo.ts';
import { BASE_DOMAIN, NAMESPACE, OPERATOR } from '../expectations.ts';
import { applyAdminSecret, applyInstallation, fitted, readSamples, startInstalledOperator } from '../install.ts';
import { connectCluster } from '../kubernetes.ts';
import { newReport } from '../report.ts';
import { startSurroundings, type Surroundings } from '../surroundings.ts';
import type { Terminal } from '../terminal.ts';

export interface RunningDemo {
  readonly demo: Demo;
  /** Ends the operator first, then what it works with. */
  stop(): Promise<void>;
}

const OPERATOR_TIMEOUT_MS = 60_000;

export const startChapter = async (terminal: Terminal, signal: AbortSignal): Promise<RunningDemo> => {
  heading(terminal, 'Start');
  const told = (what: string, milliseconds: number): void =>
    terminal.line(`  ${what.padEnd(36)}  ${terminal.style('dim', duration(milliseconds))}`);
  const surroundings = await startSurroundings({ onStarted: told });
  const stops: (() => Promise<unknown>)[] = [surroundings.stop];
  const stop = async (): Promise<void> => {
    for (const end of stops.toReversed()) await end();
  };
  try {
    return { demo: await startDemo({ terminal, signal, surroundings, told, stops }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

interface Start {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly surroundings: Surroundings;
  readonly told: (what: string, milliseconds: number) => void;
  readonly stops: (() => Promise<unknown>)[];
}

const startDemo = async ({ terminal, signal, surroundings, told, stops }: Start): Promise<Demo> => {
  const installMs = performance.now();
  const cluster = connectCluster(surroundings.kubeconfigPath, 'demo');
  stops.push(cluster.close);
  await applyInstallation(cluster);
  await applyAdminSecret(cluster, surroundings.postgres);
  const following = new AbortController();
  stops.push(async () => following.abort());
  const tenants = await cluster.follow<StudioTenant>(STUDIO_TENANT, NAMESPACE, following.signal);
  told('Definitions, rights, namespaces', performance.now() - installMs);
  const operatorMs = performance.now();
  const operator = await startInstalledOperator({
    cluster,
    surroundings,
    kubeconfigPath: path.join(surroundings.directory, 'operator.kubeconfig'),
    logFile: path.join(surroundings.directory, 'operator.log'),
    settings: await configured(surroundings),
  });
  stops.push(operator.stop);
  await operator.ready(OPERATOR_TIMEOUT_MS);
  told('Operator', performance.now() - operatorMs);
  return { terminal, report: newReport(terminal), surroundings, cluster, operator, tenants, beganMs: 0, signal };
};

/** What the Deployment reads from the ConfigMap of the samples. */
const configured = async (surroundings: Surroundings): Promise<Readonly<Record<string, string>>> => {
  const manifests = [...(await readSamples()).values()].flat();
  const config = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === OPERATOR.configMap);
  if (config === undefined) throw new Error(`the samples have no ConfigMap ${OPERATOR.configMap}`);
  return fitted(config, surroundings.postgres, BASE_DOMAIN)['data'] as Readonly<Record<string, string>>;
};
