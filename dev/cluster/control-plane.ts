// A Kubernetes control plane on this machine: starts the one-process program (or separate programs that the user has), and hands back
// where its kubeconfig is. Nothing outlives us. Pods are recorded but nobody runs them: that is the pod runner's part.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { startGuarded, type GuardedProcess } from '../guarded-process.ts';
import { buildOnce } from './go-program.ts';
import { KUBERNETES_MODULE, kubernetesProgram } from './kubernetes-program.ts';
import { assetsDirectory, startSeparatePrograms } from './separate-programs.ts';

export interface ControlPlaneOptions {
  /** Write one JSON line per API request to this file. */
  readonly auditLog?: string;
}

export interface ControlPlane {
  readonly kubeconfigPath: string;
  /** Takes the API server away and keeps its data; `resume` brings it back at the same address. */
  halt(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it for good and removes its data. */
  stop(): Promise<void>;
}

const AUDIT_POLICY = path.join(KUBERNETES_MODULE, 'audit-policy.yaml');
const ATTEMPTS = 3;
const READY_TIMEOUT_MS = 120_000;

/** From KUBEBUILDER_ASSETS, else from a program of our own: building that takes minutes, once; starting it about four seconds. */
export const startControlPlane = async (options: ControlPlaneOptions = {}): Promise<ControlPlane> => {
  const assets = await assetsDirectory();
  const start = assets === undefined ? await oneProcess() : separateProcesses(assets);
  const directory = await mkdtemp(path.join(os.tmpdir(), 'studio-k8s-'));
  const place: Place = { directory, audit: options.auditLog === undefined ? undefined : path.resolve(options.auditLog) };
  try {
    return controls(place, start, await start(place, 0));
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
};

interface Place {
  readonly directory: string;
  readonly audit: string | undefined;
}

interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/** Port 0: any free one. */
type Start = (place: Place, port: number) => Promise<Running>;

const controls = ({ directory, audit }: Place, start: Start, first: Running): ControlPlane => {
  let running = first;
  const keep = path.join(directory, '.keep');
  return {
    kubeconfigPath: path.join(directory, 'kubeconfig'),
    halt: async () => {
      await writeFile(keep, '');
      await running.stop();
    },
    resume: async () => {
      await rm(keep, { force: true });
      running = await start({ directory, audit }, first.port);
    },
    stop: async () => {
      await rm(keep, { force: true });
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** etcd and the API server cannot keep a port for each other, so a start may fail for a port that was just taken. */
const separateProcesses =
  (assets: string): Start =>
  async ({ directory, audit }, port) => {
    const options = { assets, directory, port, audit: audit === undefined ? undefined : { policy: AUDIT_POLICY, log: audit } };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await startSeparatePrograms(options);
      } catch (cause) {
        if (attempt === ATTEMPTS) throw new Error(`the programs in KUBEBUILDER_ASSETS (${assets}) did not start`, { cause });
      }
    }
  };

const oneProcess = async (): Promise<Start> => {
  const program = await buildOnce(kubernetesProgram('local-cluster', '.'));
  return async (place, port) => await startOneProcess(program, place, port);
};

const startOneProcess = async (program: string, { directory, audit }: Place, port: number): Promise<Running> => {
  const log = path.join(directory, 'control-plane.log');
  const running = startGuarded({
    command: program,
    args: ['-data', directory, '-port', String(port), ...(audit === undefined ? [] : ['-audit', audit, '-audit-policy', AUDIT_POLICY])],
    cwd: directory,
    errorLog: log,
    removeAfter: directory,
  });
  try {
    return { port: await announcedPort(running), stop: async () => await running.stop() };
  } catch (cause) {
    const tail = (await readFile(log, 'utf8')).slice(-2000);
    await running.stop();
    throw new Error(`the control plane did not start; the end of its log:\n${tail}`, { cause });
  }
};

/** The program prints "ready https://127.0.0.1:PORT" once everything runs. */
const announcedPort = async (running: GuardedProcess): Promise<number> => {
  const lines = createInterface({ input: running.stdout });
  const announced = new Promise<number>((resolve) => {
    lines.on('line', (line) => {
      const match = /^ready https:\/\/[^:]+:(\d+)$/.exec(line);
      if (match?.[1] !== undefined) resolve(Number(match[1]));
    });
  });
  const ended = running.ended.then((code) => {
    throw new Error(`it ended with code ${code}`);
  });
  ended.catch(() => undefined); // it ends after this race was decided, too
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not ready after ${READY_TIMEOUT_MS / 1000} s`)), READY_TIMEOUT_MS);
  });
  return await Promise.race([announced, ended, late]).finally(() => clearTimeout(timer));
};
