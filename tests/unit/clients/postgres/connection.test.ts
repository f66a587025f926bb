import { describe, expect, test } from 'vitest';
import { APPLICATION_NAME_PREFIX, applicationName } from '../../../../src/clients/postgres/application-name.ts';
import { connectionOptions, type ConnectionTarget, type TlsOptions } from '../../../../src/clients/postgres/connection.ts';
import { checkedVerifier, scramVerifier } from '../../../../src/clients/postgres/scram.ts';
import { joined, quoteIdentifier, quoteLiteral } from '../../../../src/clients/postgres/sql.ts';
import { hasSqlState, sqlState } from '../../../../src/clients/postgres/sql-state.ts';

const target = (more: Partial<ConnectionTarget> = {}): ConnectionTarget => ({
  host: 'pg.example',
  port: 5432,
  user: 'op',
  password: 'secret',
  database: 'postgres',
  tls: { mode: 'disable' },
  applicationName: 'studio-operator/x',
  statementTimeoutMs: 10_000,
  system: 'server',
  ...more,
});

test('every connection starts with a search_path of catalogs only and with limits to all waiting', () => {
  expect(connectionOptions(target()).options?.split(' -c ')).toEqual([
    '-c search_path=pg_catalog,pg_temp',
    'lock_timeout=2000',
    'statement_timeout=10000',
    'idle_in_transaction_session_timeout=60000',
  ]);
});

test('white space and backslashes in a start-up setting cannot end it', () => {
  expect(connectionOptions(target({ settings: { role: 'a -c b\\' } })).options).toContain('-c role=a\\ -c\\ b\\\\');
});

test('the password is not among the options, which may be printed', () => {
  expect(JSON.stringify(connectionOptions(target()))).not.toContain('secret');
});

describe('TLS', () => {
  const ssl = (tls: TlsOptions) => connectionOptions(target({ tls })).ssl;
  test('disable and require promise nothing about who answers', () => {
    expect(ssl({ mode: 'disable' })).toBe(false);
    expect(ssl({ mode: 'require', ca: 'CA' })).toEqual({ rejectUnauthorized: false });
  });
  test('verify-full checks authority and name, verify-ca only the authority', () => {
    expect(ssl({ mode: 'verify-full', ca: 'CA' })).toEqual({ ca: 'CA', rejectUnauthorized: true });
    const options = ssl({ mode: 'verify-ca', ca: 'CA' });
    expect(options).toMatchObject({ ca: 'CA', rejectUnauthorized: true, checkServerIdentity: expect.any(Function) });
    const check = typeof options === 'object' ? options.checkServerIdentity : undefined;
    expect(check?.('other.example', {} as never)).toBeUndefined();
  });
});

describe('the application name', () => {
  test('says the leader, and two leaders never share one', () => {
    expect(applicationName('pod_1f')).toBe('studio-operator/pod_1f');
    const long = 'studio-operator-75d9f7c6b4-x2x9z_4a1d2c8e-4a57-4b8e-9a9e-0e9b8c5d7f';
    const names = new Set(['1', '2', 'ä'].map((end) => applicationName(`${long}${end}`)));
    expect(names.size).toBe(3);
    for (const name of names) {
      expect(name.startsWith(APPLICATION_NAME_PREFIX)).toBe(true);
      expect(name).toMatch(/^[\x21-\x7e]{1,63}$/);
    }
  });
});

describe('quoting', () => {
  test('leaves no way out of a name or a value', () => {
    expect(quoteIdentifier('a"; DROP ROLE b; --')).toBe('"a""; DROP ROLE b; --"');
    expect(quoteLiteral(`it's \\' so`)).toBe(`E'it''s \\\\'' so'`);
    expect(quoteLiteral('plain')).toBe(`'plain'`);
  });
  test.each(['', 'a\0b', 'x'.repeat(64), 'ä'.repeat(32)])('refuses the name %j, which PostgreSQL would refuse or cut', (name) => {
    expect(() => quoteIdentifier(name)).toThrow(RangeError);
  });
  test('several statements become one text', () => {
    expect(joined(['A', 'B'], 'kind')).toEqual({ text: 'A;\nB', kind: 'kind' });
  });
});

describe('a verifier', () => {
  test('is made anew each time and says nothing of the password', async () => {
    const [one, two] = await Promise.all([scramVerifier('p'), scramVerifier('p')]);
    expect(one).toMatch(/^SCRAM-SHA-256\$4096:/);
    expect(one).not.toBe(two);
  });
  test.each(['password', 'md5abc', 'SCRAM-SHA-256$4096:short$x:y', ''])('%j is refused without being repeated', (text) => {
    expect(() => checkedVerifier(text)).toThrow(/^this is not a SCRAM-SHA-256 verifier$/);
  });
});

describe('an SQLSTATE', () => {
  const refused = Object.assign(new Error('x'), { code: '42501', severity: 'ERROR' });
  test('is found in the causes, and only in errors of the server', () => {
    expect(sqlState(new Error('y', { cause: refused }))).toBe('42501');
    expect(sqlState(Object.assign(new Error('x'), { code: 'EPIPE' }))).toBeUndefined();
    expect(hasSqlState(refused, '28P01', '42501')).toBe(true);
    expect(hasSqlState('42501', '42501')).toBe(false);
  });
});
