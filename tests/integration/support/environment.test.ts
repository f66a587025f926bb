// That the servers which every other integration test relies on are real and separate from each other.

import { describe, expect, test } from 'vitest';
import { environment } from '../../support/environment.ts';
import { eventually } from '../../support/eventually.ts';
import { applyYaml, freshNamespace, listObjects, readObject, serviceAccountKubeConfig } from '../../support/kube.ts';
import { freshDatabase, freshServer, queryAs, superuserQuery, withDatabase } from '../../support/postgres.ts';

describe('the cluster', () => {
  test('runs the Job controller: a Job gets a pod', async () => {
    await using namespace = await freshNamespace();
    await applyYaml(JOB, namespace.name);
    const pods = await eventually(async () => {
      const found = await listObjects('v1', 'Pod', namespace.name);
      return found.length > 0 && found;
    });
    expect(pods.map((pod) => pod['spec'].containers[0].image)).toEqual(['example.test/nothing:1']);
  });

  test('collects what a deleted owner leaves, and finishes namespaces', async () => {
    const namespace = await freshNamespace();
    await applyYaml(JOB, namespace.name);
    await namespace[Symbol.asyncDispose]();
    const reference = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace.name } };
    await eventually(async () => (await readObject(reference)) === undefined, { timeoutMs: 60_000 });
  });

  test('gives a ServiceAccount its own rights only', async () => {
    await using namespace = await freshNamespace();
    const config = await eventually(async () => await serviceAccountKubeConfig(namespace.name, 'default'));
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: namespace.name } };
    await expect(readObject(secret, config)).rejects.toMatchObject({ code: 403 });
  });
});

describe('PostgreSQL', () => {
  test('lets only the invited connect to the shared databases', async () => {
    await using database = await freshDatabase();
    await expect(queryAs(withDatabase(database.url, 'postgres'), 'select 1')).rejects.toMatchObject({ code: '42501' });
    await expect(queryAs(withDatabase(database.url, 'template1'), 'select 1')).rejects.toMatchObject({ code: '42501' });
    await expect(queryAs(environment().postgres.masterUrl, 'select 1 as one')).resolves.toEqual([{ one: 1 }]);
  });

  test('has an administrator for the operator who is no superuser', async () => {
    const rows = await queryAs(
      environment().postgres.adminUrl,
      `select rolsuper, rolcreatedb, rolcreaterole, pg_has_role('pg_signal_backend', 'member') as signals from pg_roles where rolname = current_user`,
    );
    expect(rows).toEqual([{ rolsuper: false, rolcreatedb: true, rolcreaterole: true, signals: true }]);
  });

  test('drops the database and the login of a test', async () => {
    const database = await freshDatabase();
    await database[Symbol.asyncDispose]();
    expect(await superuserQuery('select 1 from pg_roles where rolname = $1', [database.name])).toEqual([]);
    expect(await superuserQuery('select 1 from pg_database where datname = $1', [database.name])).toEqual([]);
  });

  test.each([16, 17, 18] as const)('comes as version %i, survives a halt and a crash, and keeps its data', async (major) => {
    await using server = await freshServer({ major });
    await queryAs(server.masterUrl, 'create table kept (n int)');
    await server.halt();
    await expect(queryAs(server.masterUrl, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.resume();
    await server.crash();
    await server.resume();
    const rows = await queryAs(
      server.masterUrl,
      `select current_setting('server_version_num')::int / 10000 as major, count(*)::int from kept`,
    );
    expect(rows).toEqual([{ major, count: 0 }]);
  });
});

const JOB = `
apiVersion: batch/v1
kind: Job
metadata: { name: nothing }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: main, image: "example.test/nothing:1" }]
`;
