/*
 * Which failures of pg mean "no answer". Separate because pools and single connections must agree: everything that is
 * not the server's own refusal becomes Unavailable, and so do refusals that say nothing about the statement.
 */
import pg from 'pg';
import { Unavailable } from '../../runtime/unavailable.ts';
import type { ConnectionTarget } from './connection.ts';
import { SqlState } from './sql-state.ts';

type Peer = Pick<ConnectionTarget, 'system' | 'label' | 'host' | 'port'>;

const AWAY: ReadonlySet<string> = new Set([
  SqlState.AdminShutdown,
  SqlState.CrashShutdown,
  SqlState.CannotConnectNow,
  SqlState.DatabaseDropped,
  SqlState.IdleSessionTimeout,
  SqlState.TooManyConnections,
]);

/** Class 08 is "connection exception". */
const isAway = (code: string): boolean => AWAY.has(code) || code.startsWith('08');

/** Programming errors stay what they are; waiting would not mend them. */
const isOurs = (error: unknown): boolean => error instanceof TypeError || error instanceof RangeError;

/** Of connecting: as it is when the server refused us, else Unavailable. */
export function connectionFailure(error: unknown, peer: Peer): unknown {
  return failure(error, peer, `connecting to PostgreSQL at ${peer.host}:${peer.port}`);
}

/** Of a statement: as it is when the server refused it, else Unavailable: whether it took effect is unknown. */
export function statementFailure(error: unknown, peer: Peer): unknown {
  return failure(error, peer, `waiting for PostgreSQL at ${peer.host}:${peer.port}`);
}

function failure(error: unknown, peer: Peer, doing: string): unknown {
  if (error instanceof Unavailable || isOurs(error)) return error;
  if (error instanceof pg.DatabaseError && !isAway(error.code ?? '')) return error;
  const sentence = error instanceof Error ? error.message || error.name : String(error);
  return new Unavailable(`${doing}: ${sentence}`, { system: peer.system, target: peer.label, cause: error });
}

/** True when the connection must not be used again. */
export const isBroken = (error: unknown): boolean => !(error instanceof pg.DatabaseError) || isAway(error.code ?? '');
