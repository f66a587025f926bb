/** Gives a running PostgreSQL server a certificate. Separate because every test of TLS to a server does the same, whoever connects then. */
import type { SignedCertificate } from '../../dev/certificate-authority.ts';

/** @param superuser runs one statement as a superuser of the server */
export async function serveTls(superuser: (sql: string) => Promise<unknown>, { certificate, key }: SignedCertificate): Promise<void> {
  // By the server itself, which insists that the key is a file of its own user.
  for (const [file, pem] of [
    ['server.crt', certificate],
    ['server.key', key],
  ] as const) {
    const lines = pem.trim().split('\n');
    await superuser(`COPY (SELECT unnest('{${lines.join(',')}}'::text[])) TO PROGRAM 'umask 077 && cat > ${file}'`);
  }
  await superuser('ALTER SYSTEM SET ssl = on');
  await superuser('SELECT pg_reload_conf()');
}
