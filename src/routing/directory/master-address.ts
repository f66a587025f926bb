/*
 * How to reach the master database, read from a URL. Pure, and separate because sslmode has more spellings than
 * meanings, and the driver gives some of them another meaning than libpq.
 */
import { readFileSync } from 'node:fs';

export interface MasterOptions {
  /** postgresql://user:password@host:port/database?sslmode=verify-full&sslrootcert=/path - must not lead through a transaction pooler. */
  readonly url: string;
  /** PEM of the authority that signed the server's certificate; in place of sslrootcert. */
  readonly ca?: string | undefined;
  /** In place of the URL's, asked for each connection: for passwords that change. */
  readonly password?: (() => string | Promise<string>) | undefined;
}

export interface MasterAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: () => string | Promise<string>;
  readonly database: string;
  readonly ssl: SslOptions | false;
}

export interface SslOptions {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly checkServerIdentity?: () => undefined;
}

const DEFAULT_PORT = 5432;

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];
/** In place of a file's name, for the authorities that come with the system; here those that Node.js brings. */
const SYSTEM = 'system';

/** Throws TypeError for what is no URL of PostgreSQL or asks for TLS in a way nobody knows, and what reading sslrootcert throws. */
export function masterAddress(master: string | MasterOptions): MasterAddress {
  const { url, ca, password } = typeof master === 'string' ? ({ url: master } as MasterOptions) : master;
  const parsed = new URL(url);
  if (!/^postgres(?:ql)?:$/.test(parsed.protocol)) throw new TypeError('the URL of the master database begins with postgresql://');
  const fromUrl = decodeURIComponent(parsed.password);
  return {
    host: parsed.hostname.replaceAll(/^\[|\]$/g, ''),
    port: parsed.port === '' ? DEFAULT_PORT : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    password: password ?? (() => fromUrl),
    database: decodeURIComponent(parsed.pathname.slice(1)),
    ssl: sslOf(parsed.searchParams, ca),
  };
}

/** As libpq; `prefer` and `allow` promise nothing, so they get nothing. An authority without a mode means full verification. */
function sslOf(parameters: URLSearchParams, givenCa: string | undefined): SslOptions | false {
  const mode = knownMode(parameters.get('sslmode'));
  const file = parameters.get('sslrootcert');
  if (givenCa === undefined && file === SYSTEM) return bySystem(mode);
  const ca = givenCa ?? (file === null ? undefined : readFileSync(file, 'utf8'));
  if (ca === undefined) return withoutAuthority(mode);
  if (mode === 'disable') throw new TypeError('the master database has an authority to be verified by, and sslmode=disable');
  if (mode === null || mode === 'verify-full') return { ca, rejectUnauthorized: true };
  // Whose certificate it is does not matter, only who signed it. With an authority, `require` means that as well.
  return { ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
}

/** A mode that is misspelt must not mean that there is no TLS. */
function knownMode(mode: string | null): string | null {
  if (mode === null || SSL_MODES.includes(mode)) return mode;
  throw new TypeError(`sslmode=${mode} in the URL of the master database is none of ${SSL_MODES.join(', ')}`);
}

/** As libpq, which takes no weaker mode: anybody can have a certificate that these authorities have signed. */
function bySystem(mode: string | null): SslOptions {
  if (mode === null || mode === 'verify-full') return { rejectUnauthorized: true };
  throw new TypeError(`sslrootcert=system in the URL of the master database needs sslmode=verify-full, not ${mode}`);
}

/** The verifying modes then mean the authorities that Node.js brings. */
function withoutAuthority(mode: string | null): SslOptions | false {
  if (mode === 'verify-full') return { rejectUnauthorized: true };
  if (mode === 'verify-ca') return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return mode === 'require' ? { rejectUnauthorized: false } : false;
}
