// What `migrate` makes of its arguments and environment, and of errors. Its runs are in tests/integration/schema.

import { DatabaseError } from 'pg';
import { describe, expect, test } from 'vitest';
import { failedMigration } from '../../src/migrate/failure.ts';
import { migrateHelp, readMigrateSettings } from '../../src/migrate/settings.ts';

const FOLDER = 'migrations/tenant/studio-1';

describe('settings', () => {
  test('a URL says all that is needed', () => {
    const reading = readMigrateSettings({ DATABASE_URL: 'postgresql://me:p%40ss@db.example:5433/studio_1_db?sslmode=disable' }, [FOLDER]);
    expect(reading).toMatchObject({
      ok: true,
      settings: {
        folders: [FOLDER],
        target: { host: 'db.example', port: 5433, user: 'me', password: 'p@ss', database: 'studio_1_db', tls: { mode: 'disable' } },
      },
    });
  });

  test('the variables of libpq do as well, and TLS is asked for', () => {
    const reading = readMigrateSettings({ PGHOST: '::1', PGUSER: 'me', PGDATABASE: 'studio_1_db' }, [FOLDER]);
    expect(reading).toMatchObject({ ok: true, settings: { target: { host: '::1', port: 5432, tls: { mode: 'require' } } } });
  });

  test('everything that is wrong is said at once', () => {
    const reading = readMigrateSettings({ PGPORT: 'x' }, ['no-such-folder', '--what']);
    if (reading.ok) throw new Error('expected problems');
    expect(reading.problems.join('\n')).toMatch(/PGPORT/);
    expect(reading.problems.join('\n')).toMatch(/PGHOST is missing/);
    expect(reading.problems.join('\n')).toMatch(/no-such-folder is no folder/);
    expect(reading.problems.join('\n')).toMatch(/--what is not a flag/);
  });

  test('an unusable URL is not repeated', () => {
    const reading = readMigrateSettings({ DATABASE_URL: 'mysql://me:hush@host/db' }, [FOLDER]);
    expect(JSON.stringify(reading)).not.toContain('hush');
  });

  test('a certificate authority that cannot be read is a problem, not a weaker connection', () => {
    const reading = readMigrateSettings({ PGHOST: 'h', PGUSER: 'u', PGDATABASE: 'd', PGSSLROOTCERT: '/no/such/file' }, [FOLDER]);
    expect(reading).toMatchObject({ ok: false });
  });

  test('the help names every variable and exit code', () => {
    for (const word of ['DATABASE_URL', 'PGHOST', 'PGSSLROOTCERT', 'STUDIO_RELEASE', '64', '65', '75'])
      expect(migrateHelp()).toContain(word);
  });
});

describe('failures', () => {
  const databaseError = (code: string): DatabaseError =>
    Object.assign(new DatabaseError('said so', 7, 'error'), { code, severity: 'ERROR' });
  const somewhere = { sql: undefined, path: undefined, broken: false };

  test.each(['53300', '53100', '55P03', '40001', '40P01', '28P01'])('%s is worth another try', (code) => {
    expect(failedMigration(databaseError(code), somewhere)).toMatchObject({ transient: true, failure: { sqlState: code } });
  });

  test.each(['42P01', '23505', '57014', '42501', '0A000'])('%s would fail again', (code) => {
    expect(failedMigration(databaseError(code), somewhere).transient).toBe(false);
  });

  test('a mistake in a file is no reason to try again', () => {
    expect(failedMigration(new SyntaxError('Unexpected token'), somewhere)).toMatchObject({
      transient: false,
      failure: { error: 'Unexpected token' },
    });
  });

  test('all addresses that were tried are named', () => {
    const error = new AggregateError([new Error('connect ECONNREFUSED ::1'), new Error('connect ECONNREFUSED 127.0.0.1')]);
    expect(failedMigration(error, { ...somewhere, broken: true })).toMatchObject({
      transient: true,
      failure: { error: 'connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1' },
    });
  });
});
