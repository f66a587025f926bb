// The small rules of the directory: what a notification says, how fast strangers are asked for, where the master database is, what rows
// become.

import { describe, expect, test } from 'vitest';
import { parseChange } from '../../../../src/routing/directory/change.ts';
import { masterAddress } from '../../../../src/routing/directory/master-address.ts';
import { createPace } from '../../../../src/routing/directory/pace.ts';
import { tenantReader } from '../../../../src/routing/directory/route-query.ts';
import { aRow } from './a-row.ts';

describe('a notification', () => {
  test('names an organization and its hosts', () => {
    expect(parseChange('{"organization":42,"hosts":["a","b.example"]}')).toEqual({ organizationId: 42, hosts: ['a', 'b.example'] });
    expect(parseChange('{"organization":42}')).toEqual({ organizationId: 42, hosts: [] });
    expect(parseChange('{"organization":42,"later":true}')).toEqual({ organizationId: 42, hosts: [] });
  });

  test.each([
    '',
    '{}',
    'null',
    '7',
    '[]',
    'not json',
    '{"organization":"42"}',
    '{"organization":42,"hosts":"a"}',
    '{"organization":42,"hosts":[1]}',
  ])('that is not understood means anything: %s', (payload) => {
    expect(parseChange(payload)).toBeUndefined();
  });
});

test('the pace lets a hundred queries for strangers go, and then a hundred a second', () => {
  let now = 0;
  const pace = createPace(() => now);
  let sent = 0;
  for (; now < 5_000; now += 1) {
    while (pace.waitMs() === 0) {
      pace.spend();
      sent += 1;
    }
  }
  expect(sent).toBeGreaterThanOrEqual(595);
  expect(sent).toBeLessThanOrEqual(601);
  expect(pace.waitMs()).toBeGreaterThan(0);
  expect(pace.waitMs()).toBeLessThanOrEqual(10);
  now += 60_000;
  expect(pace.waitMs()).toBe(0);
});

describe('the address of the master database', () => {
  test('is read from a URL, with what is escaped in it', async () => {
    const address = masterAddress('postgresql://us%40er:p%2Fw@pg-main:6432/master%20db');
    expect(address).toMatchObject({ host: 'pg-main', port: 6432, user: 'us@er', database: 'master db', ssl: false });
    expect(await address.password()).toBe('p/w');
    expect(masterAddress('postgres://u@[::1]/db')).toMatchObject({ host: '::1', port: 5432 });
  });

  test('takes a password that is asked for each time', async () => {
    const address = masterAddress({ url: 'postgresql://u:old@h/db', password: () => Promise.resolve('new') });
    expect(await address.password()).toBe('new');
  });

  test.each([
    ['', undefined, false],
    ['?sslmode=disable', undefined, false],
    ['?sslmode=prefer', undefined, false],
    ['?sslmode=require', undefined, { rejectUnauthorized: false }],
    ['?sslmode=require', 'PEM', { rejectUnauthorized: true, ca: 'PEM', checkServerIdentity: expect.any(Function) }],
    ['?sslmode=verify-ca', 'PEM', { rejectUnauthorized: true, ca: 'PEM', checkServerIdentity: expect.any(Function) }],
    ['?sslmode=verify-ca', undefined, { rejectUnauthorized: true, checkServerIdentity: expect.any(Function) }],
    ['?sslmode=verify-full', 'PEM', { rejectUnauthorized: true, ca: 'PEM' }],
    ['?sslmode=verify-full', undefined, { rejectUnauthorized: true }],
    ['', 'PEM', { rejectUnauthorized: true, ca: 'PEM' }],
    ['?sslrootcert=system', undefined, { rejectUnauthorized: true }],
    ['?sslmode=verify-full&sslrootcert=system', undefined, { rejectUnauthorized: true }],
    ['?sslrootcert=system', 'PEM', { rejectUnauthorized: true, ca: 'PEM' }],
  ])('with "%s" and the authority %s asks for %j', (query, ca, ssl) => {
    expect(masterAddress({ url: `postgresql://u:p@h/db${query}`, ca }).ssl).toEqual(ssl);
  });

  test.each([
    ['?sslmode=verify_full', undefined, 'sslmode=verify_full'],
    ['?sslmode=REQUIRE', undefined, 'sslmode=REQUIRE'],
    ['?sslmode=verify_full', 'PEM', 'sslmode=verify_full'],
    ['?sslmode=', undefined, 'sslmode= '],
    ['?sslmode=disable', 'PEM', 'sslmode=disable'],
    ['?sslmode=require&sslrootcert=system', undefined, 'needs sslmode=verify-full'],
    ['?sslmode=disable&sslrootcert=system', undefined, 'needs sslmode=verify-full'],
  ])('with "%s" and the authority %s is refused rather than reached without TLS', (query, ca, words) => {
    const address = () => masterAddress({ url: `postgresql://u:a-password@h/db${query}`, ca });
    expect(address).toThrow(TypeError);
    expect(address).toThrow(words);
    expect(address).not.toThrow('a-password');
  });
});

describe('rows', () => {
  test('become tenants that share what is the same for many', () => {
    const read = tenantReader();
    const [one, two] = [read(aRow('a', 1), 10), read(aRow('b', 2), 11)];
    expect(two.server).toBe(one.server);
    expect(two.schema).toBe(one.schema);
    expect([one.asOf, two.asOf]).toEqual([10, 11]);
    expect(read(aRow('c', 3, 'active', { database_port: 6432 }), 12).server).toEqual({ name: 'main', host: 'pg-main', port: 6432 });
  });

  test('without schema or Secret become tenants without', () => {
    const row = aRow('a', 1, 'provisioning', { schema_release: null, schema_version: null, secret_namespace: null, secret_name: null });
    expect(tenantReader()(row, 10)).toMatchObject({ schema: undefined, credentials: undefined });
  });

  test('of more servers than are shared are right all the same', () => {
    const read = tenantReader();
    for (let port = 1; port <= 2_500; port += 1) expect(read(aRow('a', 1, 'active', { database_port: port }), port).server.port).toBe(port);
  });
});
