// What the operator needs around it, however it came to be: a cluster whose pods run, and a PostgreSQL server. Separate from the three
// ways to get them (local programs, Docker, a cluster that is there) so that whoever uses one never asks which it is.

import type { KubernetesObject } from '@kubernetes/client-node';
import type { Existing } from './arguments.ts';
import type { Entrance } from './entrance.ts';

/** Where PostgreSQL is, for two kinds of clients; on one machine both are the same. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface DatabaseAccess {
  /** As seen from this process. */
  readonly here: Address;
  /** As seen from the cluster's pods. */
  readonly inCluster: Address;
  /** From here: the login that the operator gets for the server; database `postgres`. */
  readonly adminUrl: string;
  /** From here: the login and name of the master database, which may not exist yet. */
  readonly masterUrl: string;
  /** From here; absent for a server that is not ours. */
  readonly superuserUrl?: string;
  /** The server's log, where it is a file of this machine. */
  readonly logFile?: string;
}

export interface Environment extends AsyncDisposable {
  readonly way: 'local' | 'docker' | 'existing' | 'node';
  /** An administrator's; its current context is the cluster meant. */
  readonly kubeconfigPath: string;
  readonly postgres: DatabaseAccess;
  /** One JSON line per API request, where the API server is ours. */
  readonly auditLog?: string;
  /** The name of the operator's own image in this cluster. */
  readonly image: string;
  /** Whether the operator can run as a process here (else it must be the Deployment): whether both see PostgreSQL at the same address. */
  readonly operatorRunsHere: boolean;
  /** How requests come to the tenants; missing where nobody has said how. */
  readonly entrance?: Entrance;
  /** For files that go with the run. */
  readonly directory: string;
  /** Ends and removes all that was started; an existing cluster is left as it is. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Further settings of a PostgreSQL that is started here. */
  readonly postgresSettings?: Readonly<Record<string, string>>;
  /** Called with each part once it runs, and how long that took. */
  readonly onStarted?: (what: string, milliseconds: number) => void;
}

/** One way to an environment. Throws a sentence when it cannot be had; then nothing of it is left running. */
export interface Strategy {
  start(options: StartOptions): Promise<Environment>;
}

/** The same login and database at the address that the cluster's pods use. */
export const asSeenInCluster = (url: string, { inCluster }: DatabaseAccess): string => {
  const changed = new URL(url);
  changed.hostname = inCluster.host;
  changed.port = String(inCluster.port);
  return changed.href;
};

/** The object with one image in the place of another wherever it is named: a container's own, and those that it is told to run. */
export const withImage = (object: object, from: string, to: string): KubernetesObject =>
  JSON.parse(JSON.stringify(object).replaceAll(JSON.stringify(from), JSON.stringify(to))) as KubernetesObject;

/** An explicit context, else a Docker engine that answers, else programs of this machine. Nobody's current context is ever taken. */
export const chooseStrategy = async (existing?: Existing): Promise<Strategy> => {
  if (existing !== undefined) return (await import('./existing.ts')).existingCluster(existing);
  const { dockerEngineAnswers } = await import('./docker-engine.ts');
  // Loaded only when it is used: the Docker client alone takes two seconds to load.
  if (await dockerEngineAnswers()) return (await import('./docker.ts')).dockerCluster;
  return (await import('./local.ts')).localCluster;
};
