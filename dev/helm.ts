// Helm 3 and Helm 4 as programs of our own, and this project's chart by them. Separate because the chart's tests, the generated manifests
// and the tests on a whole node all run Helm, and none of them may depend on what is installed here, or be led by its configuration.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { cacheDirectory } from './cache-directory.ts';
import { buildOnce, type BuildOptions, builtAlready, type GoProgram } from './cluster/go-program.ts';
import { REPOSITORY } from './run.ts';

export type HelmMajor = 3 | 4;

export const CHART = path.join(REPOSITORY, 'helm', 'studio-operator');

/** The oldest Kubernetes that the chart accepts; what Helm assumes when it renders without a cluster. */
export const KUBE_VERSION = '1.33.0';

export interface HelmOptions {
  /** 4 when omitted. */
  readonly major?: HelmMajor;
  /** File; without one no cluster is in reach. */
  readonly kubeconfig?: string;
  /** Given to Helm as its standard input, for `--values -`. */
  readonly input?: string;
  /** Ends it: 10 minutes when omitted. */
  readonly timeoutMs?: number;
}

export interface HelmResult {
  /** Null when it was ended. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Path of the program, which is built first when it has to be. Throws a SetupError where Go is needed and missing. */
export const helmProgram = async (major: HelmMajor, options: BuildOptions = {}): Promise<string> =>
  await buildOnce(helmSource(major), options);

/** Path of the program when it has been built before. */
export const builtHelm = async (major: HelmMajor): Promise<string | undefined> => await builtAlready(helmSource(major));

/** Runs Helm to its end, whatever that is, without the user's plugins, repositories and cluster. */
export const helm = async (args: readonly string[], options: HelmOptions = {}): Promise<HelmResult> => {
  const { major = 4, kubeconfig = '/dev/null', input = '', timeoutMs = 600_000 } = options;
  const child = spawn(await helmProgram(major), args, { env: environment(major, kubeconfig), timeout: timeoutMs });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  child.stdin.on('error', () => undefined); // it may end without reading
  child.stdin.end(input);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
};

export interface Rendering extends HelmOptions {
  readonly values?: object;
  readonly release?: string;
  readonly namespace?: string;
  /** Folder or archive; this project's when omitted. */
  readonly chart?: string;
  /** With the objects in crds/; false when omitted. */
  readonly includeCrds?: boolean;
  /** With hooks and tests; true when omitted. */
  readonly hooks?: boolean;
  readonly kubeVersion?: string;
}

/** The chart's objects in the order in which Helm would send them. Throws what Helm says when it refuses. */
export const renderChart = async (rendering: Rendering = {}): Promise<readonly object[]> => {
  const { code, stdout, stderr } = await templateChart(rendering);
  if (code !== 0) throw new Error(`helm template ended with code ${code}: ${stderr}`);
  return parseAllDocuments(stdout, { merge: false })
    .map((document) => document.toJS() as object | null)
    .filter((object) => object !== null);
};

/** `helm template`, however it ends. */
export const templateChart = async (rendering: Rendering = {}): Promise<HelmResult> => {
  const { values, release, namespace, chart, includeCrds, hooks, kubeVersion, ...options } = { ...RENDERING, ...rendering };
  const switches = [...(includeCrds ? ['--include-crds'] : []), ...(hooks ? [] : ['--no-hooks'])];
  const args = ['template', release, chart, '--namespace', namespace, '--kube-version', kubeVersion, '--values', '-', ...switches];
  return await helm(args, { ...options, input: JSON.stringify(values) });
};

const RENDERING = {
  values: {},
  release: 'studio-operator',
  namespace: 'studio-system',
  chart: CHART,
  includeCrds: false,
  hooks: true,
  kubeVersion: KUBE_VERSION,
} as const;

const helmSource = (major: HelmMajor): GoProgram => ({
  name: 'helm',
  module: path.resolve(import.meta.dirname, 'helm'),
  package: `helm.sh/helm/v${major}/cmd/helm`,
  product: { title: 'Helm', folder: 'helm', module: `helm.sh/helm/v${major}` },
  stamps: (version) => [`-X helm.sh/helm/v${major}/internal/version.version=${version}`],
  minutes: 2,
});

/** Only what Helm and its DNS look-ups need of ours; a place of its own for what it keeps. */
const environment = (major: HelmMajor, kubeconfig: string): NodeJS.ProcessEnv => {
  const home = path.join(cacheDirectory(), 'helm', `home-${major}`);
  return {
    PATH: process.env['PATH'],
    HOME: home,
    HELM_CACHE_HOME: path.join(home, 'cache'),
    HELM_CONFIG_HOME: path.join(home, 'config'),
    HELM_DATA_HOME: path.join(home, 'data'),
    HELM_PLUGINS: path.join(home, 'plugins'),
    KUBECONFIG: kubeconfig,
  };
};
