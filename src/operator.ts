/**
 * The operator put together: a candidate with warm caches, then a leader with controllers and the loops beside them,
 * then everything closed in order. Separate from main.ts, which is the process: arguments, signals and the exit code.
 */
import { randomUUID } from 'node:crypto';

import type { Logger } from 'pino';

import type { KubernetesObject } from './api/object-meta.ts';
import { createInformers, type Informers } from './caches.ts';
import { Connection } from './clients/kubernetes/connection.ts';
import { KubernetesClient } from './clients/kubernetes/kubernetes-client.ts';
import { leaseLock } from './clients/kubernetes/lease-lock.ts';
import type { Config } from './config.ts';
import { type HealthServer, startHealthServer } from './health.ts';
import { lead } from './leader.ts';
import type { Metrics } from './metrics.ts';
import { type Leadership, LeadershipLost, leaderIdentity } from './runtime/leader-election.ts';
import { LeaderElector } from './runtime/leader-elector.ts';
import type { Store } from './runtime/store.ts';

export interface OperatorOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Ends everything in order. */
  readonly signal: AbortSignal;
}

const USER_AGENT = 'studio-operator';
/** Informers hear of the API server at least by bookmarks, about once a minute. */
const SILENT_TOO_LONG_MS = 300_000;

/** Resolves after an orderly stop. Throws LeadershipLost, after which the process must end at once. */
export async function runOperator(options: OperatorOptions): Promise<void> {
  const { config, log, metrics, signal } = options;
  const connection = new Connection({ path: config.kubernetes.kubeconfigFile, context: config.kubernetes.context });
  const term = new CurrentTerm();
  const client = (assertWritable: () => void): KubernetesClient =>
    new KubernetesClient({
      connection,
      userAgent: USER_AGENT,
      assertWritable,
      onCall: metrics.clients.kubernetesCall,
      onWarning: (text) => log.warn({ warning: text }, 'API server warned'),
    });
  const kubernetes = client(() => term.assertLeading());
  const informers = createInformers({ kubernetes, namespaces: config.watchNamespaces, metrics: metrics.runtime.reflector, log });
  const { caches } = informers;
  metrics.observeFleet({ tenants: known(caches.tenants), servers: known(caches.servers), releases: known(caches.releases) });
  // The caches outlive the controllers: a reconcile that is being finished still reads them.
  const closing = new AbortController();
  const caching = informers.run(closing.signal);
  await using _health: HealthServer = await startHealthServer({
    ...config.http,
    log,
    metrics: metrics.registry,
    checks: checks(informers),
  });
  try {
    await elected({ ...options, kubernetes: client(() => undefined) }, async (leadership) => {
      term.begin(leadership);
      await informers.waitForSync(AbortSignal.any([signal, leadership.lost])).catch(ignoreAborted(signal));
      await lead({ config, log, metrics, kubernetes, caches, leadership, signal });
    });
  } finally {
    closing.abort();
    await caching;
    await connection.close();
  }
}

function checks(informers: Informers): Parameters<typeof startHealthServer>[0]['checks'] {
  const heard = (): string | undefined =>
    informers.silentMs() > SILENT_TOO_LONG_MS ? 'has not heard from the API server for five minutes' : undefined;
  const synced = (): string | undefined =>
    Object.values(informers.caches).every(({ hasSynced }: { readonly hasSynced: boolean }) => hasSynced)
      ? undefined
      : 'first lists are not in yet';
  return { live: {}, ready: { caches: synced, 'api-server': heard } };
}

/** What is in a cache, once its first list is. */
function known<T extends KubernetesObject>(store: Store<T>): () => readonly T[] | undefined {
  return () => (store.hasSynced ? store.list() : undefined);
}

/** Leads once elected; without leader election at once. */
async function elected(
  { config, log, metrics, signal, kubernetes }: OperatorOptions & { readonly kubernetes: KubernetesClient },
  work: (leadership: Leadership) => Promise<void>,
): Promise<void> {
  const identity = leaderIdentity(config.identity, randomUUID());
  const { enabled, leaseName, ...timing } = config.leaderElection;
  const { leader } = metrics.runtime;
  const lock = leaseLock(kubernetes, { namespace: config.tenant.operatorNamespace, name: leaseName });
  // Said from the start: when nobody is ever elected, there has to be a 0 that an alert can see.
  leader.leading(lock.name, !enabled);
  if (!enabled) return work({ identity, lost: new AbortController().signal, assertLeading: () => undefined });
  const elector = new LeaderElector({ lock, identity, log, timing, metrics: leader });
  return elector.run(signal, work);
}

/** The term of leadership that clients made before it are fenced by. */
class CurrentTerm {
  #leadership: Leadership | undefined;

  begin(leadership: Leadership): void {
    this.#leadership = leadership;
  }

  assertLeading(): void {
    if (this.#leadership === undefined) throw new LeadershipLost('this process is not the leader');
    this.#leadership.assertLeading();
  }
}

/** Being stopped while the first lists come in is an orderly end. */
function ignoreAborted(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
