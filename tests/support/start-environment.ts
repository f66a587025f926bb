// Starts the servers of the integration tests. Separate from the global setup so that they can also be kept running beside the tests:
//
//   node tests/support/start-environment.ts FILE     writes FILE, runs until Ctrl-C
//   STUDIO_TEST_ENV=FILE npm test                    uses what runs there

import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startControlPlane } from '../../dev/cluster/control-plane.ts';
import { startPostgres } from '../../dev/postgres.ts';
import { scratchDirectory } from '../../dev/scratch-directory.ts';
import type { TestEnvironment } from './environment.ts';

export interface RunningEnvironment {
  readonly environment: TestEnvironment;
  stop(): Promise<void>;
}

export const startEnvironment = async (): Promise<RunningEnvironment> => {
  const directory = await scratchDirectory('studio-tests-');
  const auditLog = path.join(directory.path, 'audit.log');
  // One after the other: a build of the control plane may come first, and no server should wait for that.
  const controlPlane = await startControlPlane({ auditLog });
  const postgres = await startPostgres({ settings: { max_connections: '400' } }).catch(async (error: unknown) => {
    await controlPlane.stop();
    throw error;
  });
  const { major, host, port, superuserUrl, adminUrl, masterUrl, logFile } = postgres;
  return {
    environment: {
      kubeconfigPath: controlPlane.kubeconfigPath,
      auditLog,
      postgres: { major, host, port, superuserUrl, adminUrl, masterUrl, logFile },
    },
    stop: async () => {
      await Promise.all([controlPlane.stop(), postgres.stop()]);
      await directory.stop();
    },
  };
};

if (import.meta.main) {
  const file = process.argv[2];
  if (file === undefined) throw new Error('usage: start-environment.ts FILE');
  const running = await startEnvironment();
  await writeFile(file, `${JSON.stringify(running.environment, undefined, 2)}\n`, { mode: 0o600 });
  const idle = setInterval(() => undefined, 3_600_000); // the servers' pipes alone need not keep us alive
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      clearInterval(idle);
      void Promise.all([running.stop(), rm(file, { force: true })]);
    });
  }
}
