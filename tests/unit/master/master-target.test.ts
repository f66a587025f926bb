// What the URL of the master database says about TLS: what nobody understands must not mean that there is none.

import { describe, expect, test } from 'vitest';
import { masterTarget } from '../../../src/master/master-target.ts';

const targetOf = (query: string, ca: string | undefined) =>
  masterTarget({ url: `postgresql://u:a-password@h/db${query}`, ca, applicationName: 'test' });

describe('the master database', () => {
  test.each([
    ['', undefined, { mode: 'disable' }],
    ['?sslmode=prefer', undefined, { mode: 'disable' }],
    ['?sslmode=require', undefined, { mode: 'require' }],
    ['?sslmode=verify-full', undefined, { mode: 'verify-full' }],
    ['?sslrootcert=system', undefined, { mode: 'verify-full' }],
    ['', 'PEM', { mode: 'verify-full', ca: 'PEM' }],
    ['?sslmode=require', 'PEM', { mode: 'verify-full', ca: 'PEM' }],
    ['?sslmode=verify-ca', 'PEM', { mode: 'verify-ca', ca: 'PEM' }],
  ])('with "%s" and the authority %s is reached by %j', (query, ca, tls) => {
    expect(targetOf(query, ca).tls).toEqual(tls);
  });

  test.each([
    ['?sslmode=verify_full', undefined, 'sslmode=verify_full'],
    ['?sslmode=REQUIRE', undefined, 'sslmode=REQUIRE'],
    ['?sslmode=verify_full', 'PEM', 'sslmode=verify_full'],
    ['?sslmode=disable', 'PEM', 'sslmode=disable'],
    ['?sslmode=require&sslrootcert=system', undefined, 'needs sslmode=verify-full'],
    ['?sslrootcert=/ca.crt', undefined, 'a setting of its own'],
  ])('with "%s" and the authority %s is not reached at all', (query, ca, words) => {
    expect(() => targetOf(query, ca)).toThrow(TypeError);
    expect(() => targetOf(query, ca)).toThrow(words);
    expect(() => targetOf(query, ca)).not.toThrow('a-password');
  });
});
