// The patterns as the API server reads them; RE2 and JavaScript agree on everything used here.
import { describe, expect, it } from 'vitest';
import * as patterns from '../../../src/api/patterns.ts';

type Name = keyof typeof patterns;
const expressions = new Map(Object.entries(patterns).map(([name, text]) => [name, new RegExp(text)]));

interface Case {
  readonly pattern: Name;
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const LABEL_63 = 'a'.repeat(63);

const cases: readonly Case[] = [
  { pattern: 'DNS_LABEL', good: ['a', '0a', 'a-b', LABEL_63], bad: ['', '-a', 'a-', 'A', 'a.b', 'a_b', `${LABEL_63}a`, 'a\n'] },
  { pattern: 'OBJECT_NAME', good: ['a', 'my-studio', 'a'.repeat(40)], bad: ['', 'a'.repeat(41), 'a.b', '-a', 'a-', 'A'] },
  { pattern: 'SUBDOMAIN', good: ['abc', 'a-b', '247', LABEL_63], bad: ['ab', '-ab', 'ab-', 'a.b', 'Abc', 'a_b', `${LABEL_63}a`] },
  { pattern: 'DNS_SUBDOMAIN', good: ['a', 'a.b-c.d'], bad: ['', '.a', 'a.', 'a..b', 'A', 'a_b'] },
  {
    pattern: 'HOST_NAME',
    good: ['a.example', 'booking.my-studio.example', '1.example', 'xn--bcher-kva.example'],
    bad: [
      'localhost',
      '*.example',
      '10.0.0.1',
      'a.example.',
      'a..example',
      'a.example:80',
      'a.example/x',
      'A.example',
      'a.1',
      '::1',
      'a b.c',
    ],
  },
  { pattern: 'EXTENSION_NAME', good: ['pgcrypto', 'uuid-ossp', 'pg_trgm'], bad: ['', 'Pgcrypto', '1x', 'a b', 'a;', '"a"'] },
  { pattern: 'DATABASE_IDENTIFIER', good: ['postgres', 'defaultdb', 'My_DB-1'], bad: ['', '1a', 'a b', 'a;b', "a'"] },
  {
    pattern: 'ANNOTATION_KEY',
    good: ['a', 'nginx.ingress.kubernetes.io/proxy-body-size', 'A_b.c'],
    bad: ['', '/a', 'a/', 'a/b/c', 'a b', '-a', 'a'.repeat(64)],
  },
  { pattern: 'ENVIRONMENT_NAME', good: ['A', '_a1'], bad: ['', '1A', 'A-B', 'A=B'] },
  {
    pattern: 'IMAGE_REFERENCE',
    good: ['a', 'registry.example:5000/a/b:7', `a@sha256:${'0'.repeat(64)}`],
    bad: ['', ' a', 'a b', '-a', 'a\nb'],
  },
  {
    pattern: 'SETTING_TIMEOUT',
    good: ['0', '1ms', '30s', '5min', '12h', '499h', '24d', '999999999ms'],
    bad: ['', '30', '-1s', '1.5s', '30 s', '25d', '597h', '00', '30s; DROP', "30s'", '1us'],
  },
  { pattern: 'SETTING_MEMORY', good: ['64kB', '4MB', '1GB', '99GB'], bad: ['', '63kB', '4096', '4mb', '0MB', '100GB', '1TB', '4 MB'] },
  {
    pattern: 'SETTING_TIME_ZONE',
    good: ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+3'],
    bad: ['', '+3', "UTC'", 'a b', 'a//b', '../etc', 'a/b/c/d'],
  },
  { pattern: 'LOCK_TIMEOUT', good: ['500ms', '10s', '5m'], bad: ['', '10', '0s', '1h', '1.5s', '10 s'] },
  { pattern: 'LONG_DURATION', good: ['1h', '30d'], bad: ['', '0d', '30', '10m', '1w', '1h30m'] },
];

describe.each(cases)('$pattern', ({ pattern, good, bad }) => {
  it.each(good)('takes %j', (text) => {
    expect(expressions.get(pattern)?.test(text)).toBe(true);
  });

  it.each(bad)('refuses %j', (text) => {
    expect(expressions.get(pattern)?.test(text)).toBe(false);
  });
});

it('covers every pattern', () => {
  expect(cases.map(({ pattern }) => pattern).toSorted()).toEqual(Object.keys(patterns).toSorted());
});
