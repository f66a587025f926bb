/**
 * Which PostgreSQL server a new tenant goes to. Separate and pure because the choice is made once and kept for ever.
 */
import { isTrue } from '../api/conditions.ts';
import { type LabelSelector, matchesSelector } from '../api/label-selector.ts';
import type { PostgresServer } from '../api/postgres-server.ts';

export type Placing =
  | { readonly kind: 'placed'; readonly server: PostgresServer }
  | { readonly kind: 'nowhere'; readonly reason: string; readonly message: string };

export interface PlacementWish {
  /** spec.database.server: this one or none. */
  readonly server: string | undefined;
  /** Which servers the plan allows, by their labels. */
  readonly selector: LabelSelector | undefined;
  /** Names of servers that gave no answer a moment ago, whatever their status still says. */
  readonly away?: ReadonlySet<string>;
}

/**
 * The server with the fewest databases in proportion to its capacity, of those that are asked for, Ready and not full.
 * @param databases how many organizations that are not deleted live on each server, by name
 */
export function placeTenant(wish: PlacementWish, servers: readonly PostgresServer[], databases: ReadonlyMap<string, number>): Placing {
  const candidates = servers.filter((server) => isCandidate(server, wish));
  if (candidates.length === 0) return noCandidate(wish, servers.length);
  const open = candidates.filter((server) => !server.spec.unschedulable && server.metadata.deletionTimestamp === undefined);
  const ready = open.filter((server) => isTrue(server.status?.conditions, 'Ready') && wish.away?.has(server.metadata.name) !== true);
  if (ready.length === 0) return notReady(wish, open.length);
  const load = (server: PostgresServer): number => (databases.get(server.metadata.name) ?? 0) / server.spec.capacity.maxDatabases;
  const [emptiest] = ready.toSorted((a, b) => load(a) - load(b) || a.metadata.name.localeCompare(b.metadata.name));
  if (emptiest === undefined || load(emptiest) >= 1) return noRoom(ready);
  return { kind: 'placed', server: emptiest };
}

function isCandidate(server: PostgresServer, wish: PlacementWish): boolean {
  if (wish.server !== undefined) return server.metadata.name === wish.server;
  return wish.selector === undefined || matchesSelector(wish.selector, server.metadata.labels);
}

function noCandidate(wish: PlacementWish, servers: number): Placing {
  if (wish.server !== undefined) {
    return nowhere('ServerNotFound', `No PostgresServer is named "${wish.server}". Create it, or correct spec.database.server.`);
  }
  if (servers === 0) return nowhere('NoServer', 'There is no PostgresServer yet. Create one.');
  return nowhere(
    'NoServerForPlan',
    "No PostgresServer carries the labels that the plan's serverSelector asks for. Label one, or change the plan.",
  );
}

function notReady(wish: PlacementWish, open: number): Placing {
  const say = (nobody: string, named: string): string =>
    wish.server === undefined ? `No PostgresServer ${nobody}` : `PostgresServer "${wish.server}" ${named}`;
  if (open === 0) {
    const which = say('takes new databases', 'takes no new databases');
    return nowhere('NoServerWithRoom', `${which} (unschedulable, or being deleted). Unset spec.unschedulable, or add a server.`);
  }
  return nowhere('ServerNotReady', `${say('is Ready', 'is not Ready')}; its conditions say why: kubectl describe postgresservers.`);
}

function noRoom(full: readonly PostgresServer[]): Placing {
  const names = full.map((server) => server.metadata.name).join(', ');
  return nowhere(
    'NoServerWithRoom',
    `All databases that fit are taken on ${names}. Raise spec.capacity.maxDatabases or add a PostgresServer.`,
  );
}

function nowhere(reason: string, message: string): Placing {
  return { kind: 'nowhere', reason, message };
}
