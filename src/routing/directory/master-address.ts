/*
 * How to reach the master database, read from a URL. Pure, and separate because sslmode has more spellings than
 * meanings, and the driver gives some of them another meaning than libpq.
 */
import { readFileSync } from 'node:fs';
import { type SslMode, sslOptions } from '../ssl-options.ts';

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
  readonly ssl: ReturnType<typeof sslOptions>;
}

const DEFAULT_PORT = 5432;

const LIBPQ_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type LibpqMode = (typeof LIBPQ_MODES)[number];
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

function sslOf(parameters: URLSearchParams, givenCa: string | undefined): ReturnType<typeof sslOptions> {
  const mode = knownMode(parameters.get('sslmode'));
  const file = parameters.get('sslrootcert');
  if (givenCa === undefined && file === SYSTEM) return sslOptions(systemMode(mode), undefined);
  const ca = givenCa ?? (file === null ? undefined : readFileSync(file, 'utf8'));
  return sslOptions(ca === undefined ? (promised(mode) ?? 'disable') : modeWithAuthority(mode), ca);
}

/** A mode that is misspelt must not mean that there is no TLS. Throws TypeError. */
export function knownMode(mode: string | null): LibpqMode | undefined {
  if (mode === null) return undefined;
  const known = LIBPQ_MODES.find((each) => each === mode);
  if (known !== undefined) return known;
  throw new TypeError(`sslmode=${mode} in the URL of the master database is none of ${LIBPQ_MODES.join(', ')}`);
}

/** `prefer` and `allow` promise nothing, so they get nothing. */
export function promised(mode: LibpqMode | undefined): SslMode | undefined {
  return mode === 'allow' || mode === 'prefer' ? undefined : mode;
}

/** With an authority, `require` means that it is asked, as in libpq. */
function modeWithAuthority(mode: LibpqMode | undefined): SslMode {
  refuseUnused(mode);
  return mode === undefined || mode === 'verify-full' ? 'verify-full' : 'verify-ca';
}

/** An authority that is given is meant. Throws TypeError. */
export function refuseUnused(mode: LibpqMode | undefined): void {
  if (mode === 'disable') throw new TypeError('the master database has an authority to be verified by, and sslmode=disable');
}

/** As libpq, which takes no weaker mode: anybody can have a certificate that these authorities have signed. Throws TypeError. */
export function systemMode(mode: LibpqMode | undefined): SslMode {
  if (mode === undefined || mode === 'verify-full') return 'verify-full';
  throw new TypeError(`sslrootcert=system in the URL of the master database needs sslmode=verify-full, not ${mode}`);
}
