/** The configuration: what is read, what wins, and what a person is told when it is wrong. */
import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../src/config/read.ts';
import { OPERATOR_SETTINGS } from '../../src/config/operator-settings.ts';
import { loadConfig, operatorHelp, wantsHelp } from '../../src/config.ts';

const MASTER_DATABASE_URL = 'postgresql://operator:s3cret-word@master.example:5432/studio_platform_master';

function problemsOf(env: Record<string, string>, argv: readonly string[] = []): readonly string[] {
  try {
    loadConfig(env, argv);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('needs nothing but the master database', () => {
    const config = loadConfig({ MASTER_DATABASE_URL }, []);

    expect(config.master.url).toBe(MASTER_DATABASE_URL);
    expect(config.tenant).toMatchObject({
      baseDomain: 'platform.com',
      publicUrl: { scheme: 'https', port: undefined },
      ingress: { backend: { service: 'studio-app', port: 80 }, annotationPrefixes: [] },
      operatorNamespace: 'studio-system',
      migrations: { maxParallel: 4 },
      passwordHashCost: 10,
      createConcurrency: 3,
      sweepIntervalMs: 60_000,
      probeIntervalMs: 600_000,
    });
    expect(config.watchNamespaces).toEqual(['studio-tenants']);
    expect(config.leaderElection).toMatchObject({ leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 });
  });

  it('lets a flag win over its variable, written either way', () => {
    const env = { MASTER_DATABASE_URL, BASE_DOMAIN: 'from-env.example', LISTEN_PORT: '1' };

    const config = loadConfig(env, ['--base-domain', 'from-flag.example', '--listen-port=0']);

    expect(config.tenant.baseDomain).toBe('from-flag.example');
    expect(config.http.port).toBe(0);
  });

  it('reads lists, all namespaces and durations', () => {
    const config = loadConfig(
      { MASTER_DATABASE_URL, RESERVED_SUBDOMAINS: 'billing, shop', WATCH_NAMESPACES: '*', SWEEP_INTERVAL: '5m' },
      [],
    );

    expect(config.tenant.reservedSubdomains).toEqual(['billing', 'shop']);
    expect(config.watchNamespaces).toBe('*');
    expect(config.tenant.sweepIntervalMs).toBe(300_000);
  });

  it('takes a variable that is set to nothing for one that is not set', () => {
    expect(loadConfig({ MASTER_DATABASE_URL, BASE_DOMAIN: '' }, []).tenant.baseDomain).toBe('platform.com');
    expect(problemsOf({ MASTER_DATABASE_URL: '' })).toHaveLength(1);
  });

  it('tells everything that is wrong at once, each with its name and what is expected', () => {
    const problems = problemsOf({ PASSWORD_HASH_COST: '16', SWEEP_INTERVAL: '10' }, ['--no-such-flag', '--log-level=loud']);

    expect(problems).toEqual([
      '--no-such-flag is not a flag of this program: see --help',
      expect.stringMatching(/^MASTER_DATABASE_URL is missing: expected a URL such as postgresql:/),
      'PASSWORD_HASH_COST (--password-hash-cost) cannot be "16": expected a whole number from 4 to 15',
      'SWEEP_INTERVAL (--sweep-interval) cannot be "10": expected a duration such as 500ms, 10s, 5m or 1h, at least 1s',
      'LOG_LEVEL (--log-level) cannot be "loud": expected one of debug, info, warn, error',
    ]);
  });

  it('never repeats what was given for the master database', () => {
    const problems = problemsOf({ MASTER_DATABASE_URL: 'mysql://root:s3cret-word@h/x' });

    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain('s3cret-word');
  });

  it('refuses a secret as a flag, where other processes could read it', () => {
    expect(problemsOf({ MASTER_DATABASE_URL }, [`--master-database-url=${MASTER_DATABASE_URL}`])).toEqual([
      '--master-database-url is not a flag of this program: see --help',
    ]);
  });

  it('refuses what cannot be true together', () => {
    const env = { MASTER_DATABASE_URL, INGRESS_TLS_SECRET: 'wildcard', INGRESS_TLS_ISSUER: 'letsencrypt', RENEW_DEADLINE: '15s' };

    expect(problemsOf(env)).toEqual([
      expect.stringContaining('INGRESS_TLS_SECRET and INGRESS_TLS_ISSUER are both set'),
      expect.stringContaining('RENEW_DEADLINE is not shorter than LEASE_DURATION'),
    ]);
    expect(problemsOf({ MASTER_DATABASE_URL, RETRY_PERIOD: '9s' })).toEqual([expect.stringContaining('RETRY_PERIOD')]);
  });

  it('refuses names that Kubernetes or DNS would refuse', () => {
    expect(problemsOf({ MASTER_DATABASE_URL, BASE_DOMAIN: 'Platform.com' })).toHaveLength(1);
    expect(problemsOf({ MASTER_DATABASE_URL, WATCH_NAMESPACES: 'a,b_c' })).toHaveLength(1);
    expect(problemsOf({ MASTER_DATABASE_URL, WATCH_NAMESPACES: ',' })).toHaveLength(1);
    expect(problemsOf({ MASTER_DATABASE_URL, MIGRATION_MEMORY_LIMIT: '1 GB' })).toHaveLength(1);
  });

  it('cannot be changed afterwards', () => {
    const config = loadConfig({ MASTER_DATABASE_URL }, []);

    expect(() => Object.assign(config.tenant.ingress.backend, { port: 1 })).toThrow(TypeError);
  });
});

describe('the help text', () => {
  it('names every setting with its default', () => {
    const help = operatorHelp();

    for (const { variable, fallback } of Object.values(OPERATOR_SETTINGS)) {
      const [, description = ''] = help.split(new RegExp(`\\b${variable}\\n`));
      expect(description.split('\n  -')[0]).toContain(fallback ?? (variable === 'MASTER_DATABASE_URL' ? 'required' : 'not set by default'));
    }
  });

  it('is asked for by --help or -h', () => {
    expect(wantsHelp(['--help'])).toBe(true);
    expect(wantsHelp(['-h'])).toBe(true);
    expect(wantsHelp(['--listen-port', '0'])).toBe(false);
  });
});
