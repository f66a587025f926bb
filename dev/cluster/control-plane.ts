// A Kubernetes control plane on this machine: starts the one-process program (or separate programs that the user has), and hands back
// where its kubeconfig is. Nothing outlives us. Pods are recorded but nobody runs them: that is the pod runner's part.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { startGuarded, type GuardedProcess } from '../guarded-process.ts';
import { buildOnce } from './go-program.ts';

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

const MODULE = path.resolve(import.meta.dirname, '../local-cluster');
const READY_TIMEOUT_MS = 120_000;

/** Builds the program when it is not there yet, which takes minutes; else about four seconds. */
export const startControlPlane = async (options: ControlPlaneOptions = {}): Promise<ControlPlane> => {
  const program = await buildOnce({ name: 'local-cluster', module: MODULE, package: '.' });
  const directory = await mkdtemp(path.join(os.tmpdir(), 'studio-k8s-'));
  const launch: Launch = { program, directory, audit: options.auditLog };
  try {
    const first = await start(launch, 0);
    return controls(launch, first);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
};

interface Launch {
  readonly program: string;
  readonly directory: string;
  readonly audit: string | undefined;
}

interface Started {
  readonly running: GuardedProcess;
  readonly port: number;
}

const controls = (launch: Launch, first: Started): ControlPlane => {
  let { running } = first;
  const keep = path.join(launch.directory, '.keep');
  return {
    kubeconfigPath: path.join(launch.directory, 'kubeconfig'),
    halt: async () => {
      await writeFile(keep, '');
      await running.stop();
    },
    resume: async () => {
      await rm(keep, { force: true });
      ({ running } = await start(launch, first.port));
    },
    stop: async () => {
      await rm(keep, { force: true });
      await running.stop();
      await rm(launch.directory, { recursive: true, force: true });
    },
  };
};

const start = async ({ program, directory, audit }: Launch, port: number): Promise<Started> => {
  const log = path.join(directory, 'control-plane.log');
  const running = startGuarded({
    command: program,
    args: ['-data', directory, '-port', String(port), ...(audit === undefined ? [] : ['-audit', path.resolve(audit)])],
    cwd: directory,
    errorLog: log,
    removeAfter: directory,
  });
  try {
    return { running, port: await announcedPort(running) };
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
