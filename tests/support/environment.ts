// What an integration test is given: the addresses of the servers that the run shares. Separate because the global setup makes it in
// one process and the tests read it in others; only plain data passes between them.

import { inject } from 'vitest';
import type { PostgresConnection } from '../../dev/postgres.ts';

export interface TestEnvironment {
  /** Of an administrator of the cluster. */
  readonly kubeconfigPath: string;
  /** The API server's audit log: one JSON line per request; bodies of writes to studio-platform.io included. */
  readonly auditLog: string;
  /** PostgreSQL 18, shared by all test files of the run. */
  readonly postgres: PostgresConnection;
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly environment: TestEnvironment;
  }
}

/** Only in tests of the project "integration". */
export const environment = (): TestEnvironment => inject('environment');
