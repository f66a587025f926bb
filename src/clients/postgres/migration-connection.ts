/*
 * The one connection of a migration. Separate from the operator's own connections: it works as the owner of the tenant's
 * schema, so its search_path is public, and how long it may take or wait is set on its login and not here.
 */
import type { ConnectionTarget } from './connection.ts';
import { sslOptions } from '../../routing/ssl-options.ts';
import { ScramClient } from './client.ts';

export type MigrationTarget = Pick<ConnectionTarget, 'host' | 'port' | 'user' | 'password' | 'database' | 'tls' | 'applicationName'>;

const CONNECT_TIMEOUT_MS = 15_000;

/** Throws what pg throws; a broken connection rejects the statement under way and never ends the process. */
export async function openMigrationConnection(target: MigrationTarget): Promise<ScramClient> {
  const { host, port, user, database, tls, applicationName, password } = target;
  const client = new ScramClient(
    {
      host,
      port,
      user,
      database,
      application_name: applicationName,
      options: '-c search_path=public',
      ssl: sslOptions(tls.mode, tls.ca),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    },
    password,
  );
  try {
    await client.connect();
  } catch (error) {
    // Not connected, so there is nothing that could fail to close.
    void client.end().catch(() => undefined);
    throw error;
  }
  return client;
}
