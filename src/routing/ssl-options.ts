/*
 * TLS as libpq's sslmode names it, for the driver. Separate because every connection to PostgreSQL must agree on it: to
 * tenants' databases, cancel requests among them, to the master database, and the operator's own.
 */
import type { ConnectionOptions } from 'node:tls';

/** Those that promise something. */
export type SslMode = 'disable' | 'require' | 'verify-ca' | 'verify-full';

/** `ca`: PEM; without it the verifying modes mean the authorities that Node.js brings. */
export function sslOptions(mode: SslMode, ca: string | undefined): ConnectionOptions | false {
  if (mode === 'disable') return false;
  if (mode === 'require') return { rejectUnauthorized: false };
  const authority = ca === undefined ? {} : { ca };
  if (mode === 'verify-full') return { ...authority, rejectUnauthorized: true };
  // verify-ca: whose certificate it is does not matter, only who signed it.
  return { ...authority, rejectUnauthorized: true, checkServerIdentity: () => undefined };
}
