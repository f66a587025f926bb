/** The application's settings: what is read, and what a person is told when it is wrong. */
import { describe, expect, it } from 'vitest';

import { APPLICATION_SETTINGS, applicationHelp, applicationSettings, masterOptions } from '../../../src/app/settings.ts';
import { ConfigError } from '../../../src/config/read.ts';

const MASTER_DATABASE_URL = 'postgresql://studio_app:s3cret-word@master.example:5432/studio_platform_master';

function problemsOf(env: Record<string, string>, argv: readonly string[] = []): readonly string[] {
  try {
    applicationSettings(env, argv);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("the application's settings", () => {
  it('need nothing but the master database', () => {
    expect(applicationSettings({ MASTER_DATABASE_URL }, [])).toMatchObject({
      baseDomain: 'platform.com',
      trustedProxies: [],
      tenantNamespaces: [],
      maxPools: 50,
      maxConnectionsPerTenant: 4,
      stopDelay: 5_000,
      gracefulStop: 20_000,
      listenPort: 8080,
    });
    expect(problemsOf({})).toEqual([expect.stringMatching(/^MASTER_DATABASE_URL is missing: expected a URL such as/)]);
  });

  it('take addresses and ranges of proxies', () => {
    const { trustedProxies } = applicationSettings({ MASTER_DATABASE_URL, TRUSTED_PROXIES: '10.0.0.0/8, ::1,fd00::/8' }, []);
    expect(trustedProxies).toEqual(['10.0.0.0/8', '::1', 'fd00::/8']);
  });

  it.each(['10.0.0.0/33', '10.0.0/8', 'proxy.example', '::1/129', '10.0.0.0/8/8', '10.0.0.0/'])('refuse the proxy %j', (proxy) => {
    expect(problemsOf({ MASTER_DATABASE_URL, TRUSTED_PROXIES: proxy })).toEqual([expect.stringContaining('such as 10.0.0.0/8')]);
  });

  it('say everything that is wrong at once, and no password', () => {
    const problems = problemsOf({ MASTER_DATABASE_URL: 'mysql://u:s3cret-word@h/d', MINIMUM_RELEASE: 'newest', MAX_POOLS: '0' }, [
      '--what',
    ]);
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(['--what', 'MASTER_DATABASE_URL', 'MINIMUM_RELEASE', 'MAX_POOLS']);
    expect(problems.join('\n')).not.toContain('s3cret-word');
  });

  it('refuse a folder of credentials beside namespaces of Secrets, and an authority that cannot be read', () => {
    expect(problemsOf({ MASTER_DATABASE_URL, CREDENTIALS_DIRECTORY: '/secrets', TENANT_NAMESPACES: 'a' })).toEqual([
      'CREDENTIALS_DIRECTORY and TENANT_NAMESPACES are both set: with a folder no Secrets are read',
    ]);
    expect(problemsOf({ MASTER_DATABASE_URL, MASTER_DATABASE_CA_FILE: '/nowhere/ca.crt' })).toEqual([
      expect.stringContaining('MASTER_DATABASE_CA_FILE cannot be read'),
    ]);
  });

  it.each([
    ['', 'verify-full'],
    ['?sslmode=disable', 'verify-full'],
    ['?sslmode=verify-ca', 'verify-ca'],
  ])('verify the master database once there is an authority: %j', (query, mode) => {
    const { url, ca } = masterOptions({ masterDatabaseUrl: `${MASTER_DATABASE_URL}${query}`, masterDatabaseCa: 'PEM' });
    expect([new URL(url).searchParams.get('sslmode'), ca]).toEqual([mode, 'PEM']);
    expect(masterOptions({ masterDatabaseUrl: MASTER_DATABASE_URL, masterDatabaseCa: undefined })).toEqual({ url: MASTER_DATABASE_URL });
  });

  it('are all in the help text', () => {
    const help = applicationHelp();
    for (const { variable } of Object.values(APPLICATION_SETTINGS)) expect(help).toContain(variable);
  });
});
