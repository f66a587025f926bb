/*
 * The pools as applications use them, put together. Separate so that the parts know nothing of each other's making.
 */
import { outsideRequests } from '../current-tenant.ts';
import { Broker } from './broker.ts';
import { openConnection } from './connection.ts';
import { eventCounts } from './event-counts.ts';
import { HeldCredentials } from './held-credentials.ts';
import { Opener } from './opener.ts';
import { DEFAULT_APPLICATION_NAME, limitsOf, type TenantPoolsOptions } from './options.ts';
import { statsOf } from './stats.ts';
import type { TenantPools } from './types.ts';
import { Work } from './work.ts';

/** Throws RangeError for limits that are none. Opens nothing until it is asked to. */
export function createTenantPools(options: TenantPoolsOptions): TenantPools {
  const limits = limitsOf(options);
  const applicationName = options.applicationName ?? DEFAULT_APPLICATION_NAME;
  const outside = outsideRequests();
  const { onEvent, credentials: provider } = options;
  const { emit, counts } = eventCounts(onEvent && ((event) => outside(() => onEvent(event))));
  const credentials = new HeldCredentials(
    { get: (...parameters) => outside(() => provider.get(...parameters)), close: async () => await provider.close?.() },
    limits.acquireTimeoutMs,
  );
  const opener = new Opener({ credentials, acquireTimeoutMs: limits.acquireTimeoutMs, lookAgain: options.lookAgain, emit });
  const broker = new Broker({
    limits,
    opener,
    emit,
    open: (access, signal) => outside(() => openConnection(access, { timeoutMs: limits.connectTimeoutMs, applicationName, signal })),
  });
  const sweeping = setInterval(() => broker.sweep(performance.now()), sweepEveryMs(limits)).unref();
  const work = new Work(broker, emit);
  return {
    query: work.query.bind(work),
    transaction: work.transaction.bind(work),
    withClient: work.withClient.bind(work),
    stats: () => statsOf(broker, counts),
    close: async () => {
      await broker.close(new Promise((resolve) => setTimeout(resolve, limits.closeTimeoutMs).unref()));
      clearInterval(sweeping);
      await credentials.close();
    },
  };
}

function sweepEveryMs({ idleTimeoutMs, queryTimeoutMs }: { idleTimeoutMs: number; queryTimeoutMs: number }): number {
  return Math.max(10, Math.min(1_000, idleTimeoutMs / 4, queryTimeoutMs / 4));
}
