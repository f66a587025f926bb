/**
 * `operator --check`, which `helm test` runs, against a running operator, a real API server and a real master database: it says yes when all
 * is well, and which part is not when one is not.
 */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { OperatorUnderTest } from '../../support/operator-under-test.ts';
import { Studio, SYSTEM } from '../../support/studio.ts';
import { type CommandResult, runCommand } from './command.ts';

const SECONDS = '1s';
let studio: Studio;
let operator: OperatorUnderTest;
let kubeconfig: string;

beforeAll(async () => {
  studio = await Studio.start();
  operator = await studio.startOperator();
  kubeconfig = path.join(studio.directory, 'check.kubeconfig');
  // The test's pod has the operator's own rights.
  await studio.cluster.writeServiceAccountKubeconfig({ namespace: SYSTEM, name: 'studio-operator' }, kubeconfig);
}, 240_000);

afterAll(async () => await studio[Symbol.asyncDispose]());

function check(env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  return runCommand(['--check'], {
    KUBECONFIG: kubeconfig,
    POD_NAMESPACE: SYSTEM,
    MASTER_DATABASE_URL: studio.postgres.masterUrl,
    CHECK_URL: operator.healthUrl,
    CHECK_TIMEOUT: SECONDS,
    ...env,
  });
}

it('ends with 0 when the operator is ready and leads, and everything that it needs is there', async () => {
  const { code, stdout, stderr } = await check({ CHECK_TIMEOUT: '60s' });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual(['[+]definitions ok', '[+]operator ok', '[+]leader ok', '[+]master-database ok']);
});

it('says that the master database cannot be used, and never its password', async () => {
  const url = new URL(studio.postgres.masterUrl);
  url.password = 'not-the-password';

  const { code, stderr } = await check({ MASTER_DATABASE_URL: url.href });

  expect(code).toBe(1);
  expect(stderr).toMatch(/^\[-\]master-database .*password authentication failed/m);
  expect(stderr).toContain('[+]operator ok');
  expect(stderr).not.toContain('not-the-password');
});

it('says that the operator is gone and that nobody leads', async () => {
  await operator.stop();

  const after = await check();
  expect(after.code).toBe(1);
  expect(after.stderr).toContain(`[-]leader nobody holds the Lease ${SYSTEM}/studio-operator`);
  expect(after.stderr).toMatch(/^\[-\]operator .*ECONNREFUSED/m);
  expect(after.stderr).toContain('[+]master-database ok');
});

it('says what is wrong with its settings, as the operator does', async () => {
  const { code, stderr } = await check({ MASTER_DATABASE_URL: '', CHECK_TIMEOUT: randomUUID() });
  expect(code).toBe(2);
  expect(stderr).toContain('CHECK_TIMEOUT');
});
