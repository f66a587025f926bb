/** Every command in docs/kubectl-studio.md, read from the page, against a tenant that is served. */
import path from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { REPOSITORY } from '../../../dev/run.ts';
import { type DocShell, docShell, runDocBlock } from '../../support/doc-commands.ts';
import { psqlProgram } from '../../support/psql-program.ts';
import { Studio, TENANTS } from '../../support/studio.ts';

let studio: Studio;
let shell: DocShell;

beforeAll(async () => {
  studio = await Studio.start();
  await studio.apply('SchemaRelease', 'studio-1', { version: 1, args: ['migrations/tenant/studio-1'] });
  await studio.startOperator();
  await studio.applyTenant('my-studio');
  await studio.settled('my-studio', 120_000);
  const psql = await psqlProgram();
  shell = await docShell({
    kubeconfigPath: studio.controlPlane.kubeconfigPath,
    programs: {
      'kubectl-studio': path.join(REPOSITORY, 'src', 'kubectl-studio.ts'),
      ...(psql.directory === '' ? {} : { psql: path.join(psql.directory, 'psql') }),
    },
    env: psql.env,
  });
});

afterAll(async () => {
  await shell?.[Symbol.asyncDispose]();
  await studio?.[Symbol.asyncDispose]();
});

it('looks', async () => {
  const said = await runDocBlock('docs/kubectl-studio.md', 'look', shell);

  expect(said).toContain(`1 tenant in all namespaces: 1 serving, none needs a person`);
  expect(said).toMatch(new RegExp(`^Tenant +${TENANTS}/my-studio`, 'm'));
  expect(said).toContain('plugin:     0.1.0');
});

it('suspends, resumes and tries again', async () => {
  const said = await runDocBlock('docs/kubectl-studio.md', 'incident', shell);

  expect(said).toContain('serves again');
  expect((await studio.tenant('my-studio'))?.status?.phase).toBe('Ready');
});

it('asks the database', async () => {
  const said = await runDocBlock('docs/kubectl-studio.md', 'psql', shell);

  expect(said).toContain('(1 row)');
  expect(said).toContain('UPDATE 0');
  expect(said).toContain('"kind": "Psql"');
});

it('sees the doctor', async () => {
  expect(await runDocBlock('docs/kubectl-studio.md', 'doctor', shell)).toMatch(/^ok +tenants: 1 of 1 are serving$/m);
});
