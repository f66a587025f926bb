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

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

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

/** `prefer` and `allow` promise nothing; who asks for nothing gets what libpq calls disable. An authority means verification. */
function tlsOf(parameters: URLSearchParams, ca: string | undefined): TlsOptions {
  const sslmode = knownMode(parameters.get('sslmode'));
  if (ca !== undefined && sslmode === 'disable')
    throw new TypeError('the master database has an authority to be verified by, and sslmode=disable');
  if (ca !== undefined) return { mode: sslmode === 'verify-ca' ? 'verify-ca' : 'verify-full', ca };
  if (parameters.has('sslrootcert')) return byRootCertificate(parameters.get('sslrootcert'), sslmode);
  if (sslmode === 'require' || sslmode === 'verify-ca' || sslmode === 'verify-full') return { mode: sslmode };
  return { mode: 'disable' };
}

/** A mode that is misspelt must not mean that there is no TLS. */
function knownMode(mode: string | null): string | null {
  if (mode === null || SSL_MODES.includes(mode)) return mode;
  throw new TypeError(`sslmode=${mode} in the URL of the master database is none of ${SSL_MODES.join(', ')}`);
}

/** `system` means the authorities that come with Node.js, and as in libpq nothing weaker than full verification by them. */
function byRootCertificate(file: string | null, sslmode: string | null): TlsOptions {
  if (file !== 'system')
    throw new TypeError('the file of the authority is a setting of its own, not sslrootcert in the URL of the master database');
  if (sslmode === null || sslmode === 'verify-full') return { mode: 'verify-full' };
  throw new TypeError(`sslrootcert=system in the URL of the master database needs sslmode=verify-full, not ${sslmode}`);
}
