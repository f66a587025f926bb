// Runs once before the integration tests: one cluster and one PostgreSQL for all of them, and every program that must be built.
// STUDIO_TEST_ENV names a file that start-environment.ts wrote; then the servers that run there are used and left running.

import { readFile } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { buildOnce, hasGo } from '../../dev/cluster/go-program.ts';
import { TRAEFIK } from '../../dev/cluster/traefik-program.ts';
import { helmProgram } from '../../dev/helm.ts';
import type { TestEnvironment } from './environment.ts';
import { inTime } from './in-time.ts';
import { startEnvironment } from './start-environment.ts';

/** Several times what a machine with 2 cores takes for the first time, when Kubernetes is built and PostgreSQL fetched. */
const START_TIMEOUT_MS = 2_700_000;
const BUILD_TIMEOUT_MS = 2_700_000;

export default async function globalSetup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const file = process.env['STUDIO_TEST_ENV'];
  if (file !== undefined && file !== '') {
    project.provide('environment', JSON.parse(await readFile(file, 'utf8')) as TestEnvironment);
    await buildPrograms();
    return undefined;
  }
  const running = await inTime('starting a cluster', START_TIMEOUT_MS, startEnvironment());
  await inTime('building programs', BUILD_TIMEOUT_MS, buildPrograms());
  project.provide('environment', running.environment);
  return async () => await running.stop();
}

/** Minutes, once, which no test should have to allow for. */
async function buildPrograms(): Promise<void> {
  if (!hasGo()) return;
  await buildOnce(TRAEFIK);
  for (const major of [4, 3] as const) await helmProgram(major);
}
