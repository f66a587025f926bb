// The connection to the master database with TLS: encrypted where the URL says so, and to nobody but the server that is meant.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSqlPlatform, type SqlPlatform } from '../../../dev/sql-tenants.ts';
import { createTenantDirectory } from '../../../src/routing/directory/create-directory.ts';
import { type Authority, newAuthority } from '../../support/certificates.ts';
import { serveTls } from '../../support/server-tls.ts';
import { aName, BASE_DOMAIN, hostOf } from './a-directory.ts';

let platform: SqlPlatform;
let authority: Authority;
let host: string;
beforeAll(async () => {
  platform = await startSqlPlatform();
  authority = await newAuthority();
  await serveTls((sql) => platform.superuser(sql), await authority.issue('localhost'));
  host = hostOf((await platform.addTenant(aName(), { database: false })).subdomain);
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

async function found(
  hostname: string,
  query: string,
  ca?: string,
): Promise<{ readonly kind: string; readonly encrypted: readonly boolean[] }> {
  const url = new URL(`${platform.applicationUrl}${query}`);
  url.hostname = hostname;
  const directory = createTenantDirectory({ master: { url: url.href, ca }, baseDomain: BASE_DOMAIN });
  try {
    const { kind } = await directory.find(host);
    await directory.ready();
    const sessions = await platform.superuser<{ ssl: boolean }>(
      `SELECT s.ssl FROM pg_stat_ssl AS s JOIN pg_stat_activity AS a USING (pid) WHERE a.application_name LIKE 'studio-routing%'`,
    );
    return { kind, encrypted: sessions.map(({ ssl }) => ssl) };
  } finally {
    await directory.close();
    await expect.poll(() => platform.superuser(`SELECT FROM pg_stat_activity WHERE application_name LIKE 'studio-routing%'`)).toEqual([]);
  }
}

test('is not encrypted unless it is asked for', async () => {
  expect(await found('127.0.0.1', '')).toEqual({ kind: 'tenant', encrypted: [false, false] });
});

test.each<[string, string, boolean]>([
  ['require', '127.0.0.1', false],
  ['verify-ca', '127.0.0.1', true],
  ['verify-full', 'localhost', true],
])('is encrypted by sslmode=%s', async (mode, hostname, hasAuthority) => {
  const ca = hasAuthority ? authority.certificate : undefined;
  expect(await found(hostname, `?sslmode=${mode}`, ca)).toEqual({ kind: 'tenant', encrypted: [true, true] });
});

test('is refused where the certificate is for another name', async () => {
  await expect(found('127.0.0.1', '?sslmode=verify-full', authority.certificate)).rejects.toMatchObject({
    code: 'directory_unavailable',
    cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  });
});

test.each(['verify-ca', 'verify-full'])('is refused by sslmode=%s where another authority has signed', async (mode) => {
  const { certificate } = await newAuthority();
  await expect(found('localhost', `?sslmode=${mode}`, certificate)).rejects.toMatchObject({ code: 'directory_unavailable' });
});

test('shows the password to a server that asks for it, if its certificate was verified', async () => {
  const [{ file } = { file: '' }] = await platform.superuser<{ file: string }>(`SELECT current_setting('hba_file') AS file`);
  await platform.superuser(
    `COPY (SELECT unnest(ARRAY['host all studio_app all password', 'host all all all scram-sha-256'])) TO '${file}'`,
  );
  await platform.superuser('SELECT pg_reload_conf()');
  // The server takes its time to read it.
  await expect
    .poll(() => found('127.0.0.1', '?sslmode=require').catch(({ cause }: Error) => cause))
    .toMatchObject({
      message: expect.stringContaining('as clear text') as string,
    });

  expect(await found('localhost', '?sslmode=verify-full', authority.certificate)).toMatchObject({ kind: 'tenant' });
});
