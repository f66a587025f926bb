// Traefik as a process of this machine: it serves the Ingresses of a cluster that has no nodes, on two ports of 127.0.0.1. Separate from
// what it may read, and from who builds it when.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { startGuarded } from '../guarded-process.ts';
import { reservePort, type ReservedPort } from '../free-port.ts';
import { until } from '../until.ts';
import { INGRESS_CLASS } from './ingress-controller-objects.ts';

export interface IngressControllerOptions {
  /** Path of the program. */
  readonly program: string;
  /** With the token of its ServiceAccount. */
  readonly kubeconfigPath: string;
  /** None: all of them. */
  readonly namespaces: readonly string[];
  /** Reserved ones, which are released for it. */
  readonly http: ReservedPort;
  readonly https: ReservedPort;
  /** For its configuration and its log; is made. */
  readonly directory: string;
}

export interface IngressController {
  readonly logFile: string;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 30_000;
const LOG_TAIL_CHARACTERS = 2000;

/** Resolves once it listens; Ingresses follow a moment later. Throws with the end of its log when it does not start. */
export const startIngressController = async (options: IngressControllerOptions): Promise<IngressController> => {
  const { program, kubeconfigPath, directory, http, https } = options;
  await mkdir(directory, { recursive: true });
  const ping = await reservePort();
  const configuration = path.join(directory, 'traefik.yml');
  await writeFile(configuration, stringify(staticConfiguration(options, ping.port)));
  const logFile = path.join(directory, 'traefik.log');
  await Promise.all([http, https, ping].map(async (each) => await each.release()));
  const running = startGuarded({
    command: program,
    // A file named here comes before those that it would find by itself in /etc or at home.
    args: [`--configfile=${configuration}`],
    // Nothing else: variables of a pod would lead it to another cluster, others would be settings.
    env: { KUBECONFIG: kubeconfigPath, HOME: directory },
    cwd: directory,
    errorLog: logFile,
    signal: 'TERM',
  });
  running.stdout.resume();
  try {
    await until(async () => (await fetch(`http://${HOST}:${ping.port}/ping`)).ok, { of: running, timeoutMs: READY_TIMEOUT_MS });
  } catch (cause) {
    await running.stop();
    throw new Error(`Traefik did not start; the end of its log:\n${(await readFile(logFile, 'utf8')).slice(-LOG_TAIL_CHARACTERS)}`, {
      cause,
    });
  }
  return { logFile, stop: async () => await running.stop() };
};

const staticConfiguration = ({ namespaces, http, https, directory }: IngressControllerOptions, pingPort: number): object => ({
  // It asks nobody about itself and tells nobody.
  global: { checkNewVersion: false, sendAnonymousUsage: false },
  log: { level: 'INFO', format: 'json', filePath: path.join(directory, 'traefik.log') },
  ping: {},
  entryPoints: {
    web: entryPoint(http.port),
    websecure: { ...entryPoint(https.port), http: { tls: {} } },
    traefik: entryPoint(pingPort),
  },
  providers: {
    // Changes that come in one burst are taken together; two seconds, its default, is long for somebody who waits.
    providersThrottleDuration: '100ms',
    kubernetesIngress: {
      namespaces,
      ingressClass: INGRESS_CLASS,
      // Without nodes a Service cannot lead to pods; it leads to a process of this machine.
      allowExternalNameServices: true,
      ingressEndpoint: { hostname: 'localhost' },
    },
  },
});

const entryPoint = (port: number): object => ({
  address: `${HOST}:${port}`,
  transport: { lifeCycle: { graceTimeOut: '2s' } },
});
