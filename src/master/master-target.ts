/** The master database's URL as a connection target. Separate and pure, because sslmode has more spellings than meanings. */
import type { ConnectionTarget, TlsOptions } from '../clients/postgres/connection.ts';
import { knownMode, promised, refuseUnused, systemMode } from '../routing/directory/master-address.ts';

const STATEMENT_TIMEOUT_MS = 15_000;

export interface MasterAddress {
  /** postgresql://user:password@host:port/database?sslmode=... */
  readonly url: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string | undefined;
  readonly applicationName: string;
}

/** Throws TypeError for a URL that asks for TLS in a way nobody knows. */
export function masterTarget({ url, ca, applicationName }: MasterAddress): ConnectionTarget {
  const parsed = new URL(url);
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)),
    tls: tlsOf(parsed.searchParams, ca),
    applicationName,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    system: 'master',
  };
}

/** Who asks for nothing gets what libpq calls disable. An authority means verification. */
function tlsOf(parameters: URLSearchParams, ca: string | undefined): TlsOptions {
  const mode = knownMode(parameters.get('sslmode'));
  if (ca !== undefined) {
    refuseUnused(mode);
    return { mode: mode === 'verify-ca' ? 'verify-ca' : 'verify-full', ca };
  }
  const file = parameters.get('sslrootcert');
  if (file === null) return { mode: promised(mode) ?? 'disable' };
  if (file === 'system') return { mode: systemMode(mode) };
  throw new TypeError('the file of the authority is a setting of its own, not sslrootcert in the URL of the master database');
}
