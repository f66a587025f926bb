/** The master database's URL as a connection target. Separate and pure, because sslmode has more spellings than meanings. */
import type { ConnectionTarget, TlsOptions } from '../clients/postgres/connection.ts';

const STATEMENT_TIMEOUT_MS = 15_000;

export interface MasterAddress {
  /** postgresql://user:password@host:port/database?sslmode=... */
  readonly url: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string | undefined;
  readonly applicationName: string;
}

export function masterTarget({ url, ca, applicationName }: MasterAddress): ConnectionTarget {
  const parsed = new URL(url);
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)),
    tls: tlsOf(parsed.searchParams.get('sslmode'), ca),
    applicationName,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    system: 'master',
  };
}

/** `prefer` and `allow` promise nothing; who asks for nothing gets what libpq calls disable. An authority means verification. */
function tlsOf(sslmode: string | null, ca: string | undefined): TlsOptions {
  if (ca !== undefined) return { mode: sslmode === 'verify-ca' ? 'verify-ca' : 'verify-full', ca };
  if (sslmode === 'require' || sslmode === 'verify-ca' || sslmode === 'verify-full') return { mode: sslmode };
  return { mode: 'disable' };
}
