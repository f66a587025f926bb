/*
 * What the failures of pg mean for a connection and for the request that met them. Pure; separate because what may be
 * tried again, and what must never be, is decided here alone - by SQLSTATE, never by a message's text.
 */
import pg from 'pg';
import { WrongTenant } from '../errors.ts';
import type { TenantState } from '../tenant.ts';

/** What kept a connection from being opened. */
export const OpenFailure = {
  /** The password is not, or not yet, or no longer right; or the certificates. The source of the credentials may know better. */
  Credentials: 'credentials',
  /** The server lets this tenant in no more: the directory knows why. */
  Refused: 'refused',
  /** All of the server's connections, or the role's, are taken. */
  Full: 'full',
  /** No answer, or not now. */
  Away: 'away',
  /** Somebody else's credentials or database. Never tried again. */
  Wrong: 'wrong',
} as const;
export type OpenFailure = (typeof OpenFailure)[keyof typeof OpenFailure];

const OPEN_FAILURES: Readonly<Record<string, OpenFailure>> = {
  '28P01': OpenFailure.Credentials, // invalid_password; also of roles that are no more
  '08P01': OpenFailure.Credentials, // PgBouncer's word for a wrong password, and for most else
  '28000': OpenFailure.Refused, // role may not log in
  '3D000': OpenFailure.Refused, // no such database
  '55000': OpenFailure.Refused, // database takes no connections
  '42501': OpenFailure.Refused, // no CONNECT privilege
  '53300': OpenFailure.Full, // too_many_connections: of the server, the database or the role
};

/** Node's and OpenSSL's codes: the authority may have been renewed. */
const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/;

export function openFailure(error: unknown): OpenFailure {
  if (error instanceof WrongTenant) return OpenFailure.Wrong;
  const code = codeOf(error);
  if (error instanceof pg.DatabaseError) return OPEN_FAILURES[code] ?? OpenFailure.Away;
  return TLS_CODE.test(code) ? OpenFailure.Credentials : OpenFailure.Away;
}

/**
 * With these the server (or a pooler before it) ends a session. After 57P01 and 57P05 the statement that was sent did
 * nothing: it was waiting to be read, or was rolled back; the others mean that no session was there for it.
 * Not 57P02: a crash is announced to sessions that may have committed.
 */
const NOTHING_DONE: ReadonlySet<string> = new Set(['57P01', '57P05', '57P03', '28P01', '28000', '3D000', '55000', '53300']);

/** To be asked only of an error with which the connection ended: a function can raise any code by itself. */
export const saysNothingDone = (error: unknown): boolean => error instanceof pg.DatabaseError && NOTHING_DONE.has(codeOf(error));

/** Errors after which the session may have ended: class 08 (poolers), 57 (shutdowns, cancelled statements) and those above. */
export const mayEndSession = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && (saysNothingDone(error) || /^(08|57|25P0[34])/.test(codeOf(error)));

/** Data statements, whole or not at all. Procedures and DO can commit in the middle, utility commands too. */
const ATOMIC = /^(?:\s|--[^\n]*\n)*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|TABLE)\b/i;

/** True when one failure of the text means that none of it took effect. In doubt (a semicolon inside a literal) false. */
export function isAtomic(text: string): boolean {
  const end = text.trimEnd();
  const semicolon = end.indexOf(';');
  return (semicolon === -1 || semicolon === end.length - 1) && ATOMIC.test(end);
}

/** How a state other than active is answered when it shows in the middle of a request. */
export function statusOf(state: TenantState): number {
  if (state === 'suspended') return 403;
  return state === 'retained' || state === 'deleted' ? 410 : 503;
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
