// A control plane from programs that the user has: etcd, kube-apiserver and kube-controller-manager in KUBEBUILDER_ASSETS, as envtest and
// kubebuilder know it. Separate from the one-process program because here we bring credentials and start three processes ourselves.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, fetch } from 'undici';
import { freePort } from '../free-port.ts';
import { startGuarded, type GuardedProcess } from '../guarded-process.ts';
import { until } from '../until.ts';

const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;
const READY_TIMEOUT_MS = 60_000;
// A graceful end of the API server waits up to a minute for open watches; what it has accepted is in etcd, which ends last.
const STOP_GRACE_MS = 1000;

/** The directory in KUBEBUILDER_ASSETS when all three programs are in it; envtest's own archives lack the third. */
export const assetsDirectory = async (env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> => {
  const directory = env['KUBEBUILDER_ASSETS'];
  if (directory === undefined || directory === '') return undefined;
  const found = await Promise.all(
    PROGRAMS.map((program) =>
      access(path.join(directory, program)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.every(Boolean) ? path.resolve(directory) : undefined;
};

export interface SeparatePrograms {
  readonly port: number;
  stop(): Promise<void>;
}

export interface SeparateOptions {
  readonly assets: string;
  /** Receives data, credentials, logs and `kubeconfig`; kept over a restart. */
  readonly directory: string;
  /** 0: any free one. */
  readonly port: number;
  readonly audit: { readonly policy: string; readonly log: string } | undefined;
}

/** Ports may be taken between choosing and binding; the caller tries again. */
export const startSeparatePrograms = async (options: SeparateOptions): Promise<SeparatePrograms> => {
  const { directory, assets } = options;
  const port = options.port === 0 ? await freePort() : options.port;
  const secrets = await loadOrCreateSecrets(directory);
  const running: GuardedProcess[] = [];
  const start = (program: (typeof PROGRAMS)[number], args: readonly string[]): GuardedProcess => {
    const started = startGuarded({
      command: path.join(assets, program),
      args,
      cwd: directory,
      errorLog: path.join(directory, `${program}.log`),
      // The last one removes the directory when nobody is left to do it.
      ...(program === 'etcd' ? { removeAfter: directory } : {}),
    });
    started.stdout.resume();
    running.unshift(started);
    return started;
  };
  const stop = async (): Promise<void> => {
    for (const each of running) await each.stop(STOP_GRACE_MS);
  };
  try {
    const etcdPort = await freePort();
    start('etcd', etcdArguments(directory, etcdPort));
    const server = start('kube-apiserver', apiServerArguments({ ...options, port, etcdPort, secrets }));
    await until(async () => await isReady(directory, port), { of: server, timeoutMs: READY_TIMEOUT_MS });
    const kubeconfig = await writeKubeconfig(directory, port, secrets.token);
    start('kube-controller-manager', controllerArguments(directory, kubeconfig, secrets));
    return { port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

interface Secrets {
  /** An administrator's bearer token. */
  readonly token: string;
  readonly tokenFile: string;
  /** PEM file of the key that signs the tokens of ServiceAccounts. */
  readonly serviceAccountKey: string;
}

const loadOrCreateSecrets = async (directory: string): Promise<Secrets> => {
  const tokenFile = path.join(directory, 'tokens.csv');
  const serviceAccountKey = path.join(directory, 'service-account.key');
  const existing = await readFile(tokenFile, 'utf8').catch(() => undefined);
  const token = existing?.split(',')[0] ?? randomBytes(32).toString('hex');
  if (existing === undefined) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(serviceAccountKey, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
    await writeFile(tokenFile, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  }
  return { token, tokenFile, serviceAccountKey };
};

const etcdArguments = (directory: string, port: number): readonly string[] => [
  `--data-dir=${path.join(directory, 'etcd')}`,
  `--listen-client-urls=http://127.0.0.1:${port}`,
  `--advertise-client-urls=http://127.0.0.1:${port}`,
  '--listen-peer-urls=http://127.0.0.1:0',
  '--log-level=error',
  '--unsafe-no-fsync', // nobody's data: speed counts, a power cut does not
];

interface ApiServer extends SeparateOptions {
  readonly etcdPort: number;
  readonly secrets: Secrets;
}

const certificates = (directory: string): string => path.join(directory, 'certificates');
// Written by the API server itself, with the authority that signed it.
const certificate = (directory: string): string => path.join(certificates(directory), 'apiserver.crt');

const apiServerArguments = ({ directory, port, etcdPort, secrets, audit }: ApiServer): readonly string[] => [
  `--etcd-servers=http://127.0.0.1:${etcdPort}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
  // Without this the server advertises the address of the default route although it listens on loopback alone.
  '--endpoint-reconciler-type=none',
  `--cert-dir=${certificates(directory)}`,
  `--token-auth-file=${secrets.tokenFile}`,
  '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
  `--service-account-key-file=${secrets.serviceAccountKey}`,
  `--service-account-signing-key-file=${secrets.serviceAccountKey}`,
  '--authorization-mode=RBAC',
  '--service-cluster-ip-range=10.96.0.0/24',
  '--profiling=false',
  ...(audit === undefined ? [] : [`--audit-policy-file=${audit.policy}`, `--audit-log-path=${audit.log}`, '--audit-log-maxsize=10000']),
];

const controllerArguments = (directory: string, kubeconfig: string, secrets: Secrets): readonly string[] => [
  `--kubeconfig=${kubeconfig}`,
  `--service-account-private-key-file=${secrets.serviceAccountKey}`,
  `--root-ca-file=${certificate(directory)}`,
  '--leader-elect=false',
  '--bind-address=127.0.0.1',
  '--secure-port=0',
  '--controllers=*,-nodelifecycle,-nodeipam,-cloud-node-lifecycle,-service-lb-controller,-node-route-controller',
  '--kube-api-qps=400',
  '--kube-api-burst=800',
];

const writeKubeconfig = async (directory: string, port: number, token: string): Promise<string> => {
  const config = new KubeConfig();
  const caData = (await readFile(certificate(directory))).toString('base64');
  config.loadFromClusterAndUser(
    { name: 'studio-local', server: `https://127.0.0.1:${port}`, caData, skipTLSVerify: false },
    { name: 'admin', token },
  );
  const file = path.join(directory, 'kubeconfig');
  await writeFile(file, config.exportConfig(), { mode: 0o600 });
  return file;
};

/** /readyz turns true only after the roles of RBAC were made. It answers anybody, but only over TLS. */
const isReady = async (directory: string, port: number): Promise<boolean> => {
  const ca = await readFile(certificate(directory));
  const dispatcher = new Agent({ connect: { ca } });
  try {
    return (await fetch(`https://127.0.0.1:${port}/readyz`, { dispatcher, signal: AbortSignal.timeout(1000) })).ok;
  } finally {
    await dispatcher.destroy();
  }
};
