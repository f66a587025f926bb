/**
 * The PostgresServer controller: whether tenants can live on a server, said with the SQL that mends it when not. Separate
 * from the registry, which does the same check for itself before any tenant's work. It heals by itself: nothing tells us
 * of a REVOKE that a person ran, so it looks again.
 */
import { findCondition } from '../api/conditions.ts';
import { FINALIZER } from '../api/group.ts';
import type { PostgresServer } from '../api/postgres-server.ts';
import { POSTGRES_SERVER } from '../api/resources.ts';
import { type Holding, serverStatus, type ServerFinding } from '../desired/server-status.ts';
import { serverOccupants, type ServerOccupants } from '../master/servers.ts';
import type { Reconciler } from '../runtime/reconciler.ts';
import { Unavailable } from '../runtime/unavailable.ts';
import { addFinalizer, removeFinalizer } from '../steps/finalizer.ts';
import type { TenantDependencies } from '../steps/tenant-work.ts';
import { writeStatus } from './write-status.ts';

export type ServerDependencies = Pick<TenantDependencies, 'kubernetes' | 'servers' | 'master' | 'events' | 'clock' | 'caches'> & {
  readonly config: Pick<TenantDependencies['config'], 'sweepIntervalMs'>;
};

/** How soon a mended server is noticed. */
const NOT_READY_RECHECK_MS = 15_000;
const HELD_RECHECK_MS = 10_000;

export function serverReconciler(dependencies: ServerDependencies): Reconciler {
  return async ({ name }) => {
    const server = dependencies.caches.servers.get(name);
    if (server === undefined) {
      await dependencies.servers.forget(name);
      return {};
    }
    if (server.metadata.deletionTimestamp !== undefined) return finalize(dependencies, server);
    if (!hasFinalizer(server)) await addFinalizer(dependencies.kubernetes, POSTGRES_SERVER, server);
    const finding = await look(dependencies, server);
    await report(dependencies, server, finding, undefined);
    return { requeueAfterMs: finding.kind === 'ready' ? dependencies.config.sweepIntervalMs : NOT_READY_RECHECK_MS };
  };
}

/** Of a Ready server what the sweep brought is new enough, so that watching over it costs no statement of its own. */
async function look({ servers, config }: ServerDependencies, server: PostgresServer): Promise<ServerFinding> {
  const isSettled = server.status?.observedGeneration === server.metadata.generation;
  try {
    const state = await servers.state(server.metadata.name, isSettled ? 2 * config.sweepIntervalMs : 0);
    if (state.kind === 'ready') return state;
    return { kind: 'notReady', reason: state.error.reason, message: state.error.message };
  } catch (error) {
    if (!(error instanceof Unavailable) || error.system !== 'server') throw error;
    return {
      kind: 'unreachable',
      message: `${error.message}. Start the server, or correct spec.host and spec.port; it is asked again soon.`,
    };
  }
}

/** The object stays as long as an organization needs it: without it nobody could reach, or erase, what is there. */
async function finalize(dependencies: ServerDependencies, server: PostgresServer): Promise<{ requeueAfterMs?: number }> {
  if (!hasFinalizer(server)) return {};
  const { name } = server.metadata;
  const occupants = await serverOccupants((sql) => dependencies.master.query(sql), name);
  if (occupants.organizations > 0) {
    await report(dependencies, server, await look(dependencies, server), heldBy(occupants));
    return { requeueAfterMs: HELD_RECHECK_MS };
  }
  await dependencies.servers.forget(name);
  await removeFinalizer(dependencies.kubernetes, POSTGRES_SERVER, server);
  return {};
}

function heldBy({ organizations, oldest }: ServerOccupants): string {
  const names = oldest.map(({ namespace, name, status }) => `${namespace}/${name} (${status})`).join(', ');
  const more = organizations > oldest.length ? ' and others' : '';
  return `${organizations} ${organizations === 1 ? 'organization lives' : 'organizations live'} on this server: ${names}${more}. It goes when they are deleted with their data.`;
}

async function report(dependencies: ServerDependencies, server: PostgresServer, finding: ServerFinding, holding: Holding): Promise<void> {
  const { kubernetes, events, clock } = dependencies;
  const status = serverStatus(server, finding, holding, clock.now().toISOString());
  const written = await writeStatus(kubernetes, POSTGRES_SERVER, server, status);
  const before = findCondition(server.status?.conditions, 'Ready');
  const after = findCondition(status.conditions, 'Ready');
  if (written === undefined || after === undefined || before?.reason === after.reason) return;
  events.record(server, { type: after.status === 'True' ? 'Normal' : 'Warning', reason: after.reason, message: after.message });
}

function hasFinalizer({ metadata }: PostgresServer): boolean {
  return (metadata.finalizers ?? []).includes(FINALIZER);
}
