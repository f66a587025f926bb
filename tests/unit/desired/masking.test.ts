// Passwords in text that others wrote.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { masked } from '../../../src/desired/masking.ts';

test.each([
  ['postgresql://me:hush@host:5432/db', 'postgresql://me:***@host:5432/db'],
  ['redis://:hush@host', 'redis://:***@host'],
  ['host=x password=hush user=y', 'host=x password=*** user=y'],
  ["CREATE ROLE x PASSWORD 'hush'", 'CREATE ROLE x PASSWORD ***'],
  ['PGPASSWORD: hush', 'PGPASSWORD: ***'],
  ['{"password":"hush"}', '{"password":***}'],
  ['SCRAM-SHA-256$4096:salt$stored:server', '***'],
])('%s', (text, expected) => {
  expect(masked(text)).toBe(expected);
});

test.each([
  'password authentication failed for user "studio_1_db"',
  'secret "my-studio-login" not found',
  'Unexpected token in JSON',
  'https://host/path',
])('"%s" is left as it is', (text) => {
  expect(masked(text)).toBe(text);
});

test('a known password is masked wherever it stands, and however it is encoded', () => {
  const password = fc.stringMatching(/^[a-zA-Z0-9@:/+%-]{8,40}$/);
  fc.assert(
    fc.property(password, fc.string(), fc.string(), (secret, before, after) => {
      const spellings = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
      const text = masked(`${before} ${spellings.join(' ')} ${after}`, [secret]);
      for (const spelling of spellings) expect(text).not.toContain(spelling);
    }),
  );
});
