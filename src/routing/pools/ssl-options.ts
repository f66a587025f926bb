/*
 * TLS as libpq's sslmode names it. Separate because connections and cancel requests must agree on it.
 */
import type { ConnectionOptions } from 'node:tls';
import type { Credentials } from '../credentials/provider.ts';

/** As libpq does; the names are compared under verify-full only. */
export function sslOptions({ sslmode = 'disable', ca }: Credentials): ConnectionOptions | false {
  if (sslmode === 'disable') return false;
  if (sslmode === 'require') return { rejectUnauthorized: false };
  const authority = ca === undefined ? {} : { ca };
  if (sslmode === 'verify-full') return { ...authority, rejectUnauthorized: true };
  return { ...authority, rejectUnauthorized: true, checkServerIdentity: () => undefined };
}
