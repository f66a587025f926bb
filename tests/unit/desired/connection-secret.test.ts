import { describe, expect, it } from 'vitest';

import { connectionSecret, connectionSecretData, encodeData, generationIn, passwordOf } from '../../../src/desired/connection-secret.ts';
import type { ConnectionSecret } from '../../../src/desired/connection-secret.ts';
import { aTenant } from '../../support/a-tenant.ts';

const credentials = { database: 'studio_42_db', username: 'studio_42_db', password: 'p@ss/word', generation: 3 };
const endpoint = { host: 'pg.example', port: 6432, sslmode: 'verify-full', ca: 'PEM' };

const found = (data: Record<string, string>): ConnectionSecret => ({
  ...(connectionSecret(aTenant(), {}) as unknown as ConnectionSecret),
  data: encodeData(data),
});

describe('the connection Secret', () => {
  it('has the keys of the Service Binding specification, and a URI that can be used as it is', () => {
    const data = connectionSecretData(credentials, endpoint);
    expect(Object.keys(data)).toEqual([
      'type',
      'provider',
      'host',
      'port',
      'database',
      'username',
      'password',
      'uri',
      'sslmode',
      'ca.crt',
      'generation',
    ]);
    const uri = new URL(data['uri'] ?? '');
    expect(decodeURIComponent(uri.password)).toBe('p@ss/word');
    expect(uri.href).toBe('postgresql://studio_42_db:p%40ss%2Fword@pg.example:6432/studio_42_db?sslmode=verify-full');
  });

  it('writes an IPv6 address in brackets', () => {
    expect(connectionSecretData(credentials, { ...endpoint, host: '::1' })['uri']).toContain('@[::1]:6432/');
  });

  it('leaves out the authority where there is none', () => {
    expect(connectionSecretData(credentials, { ...endpoint, ca: undefined })).not.toHaveProperty('ca.crt');
  });

  it.each(['', 'with space', 'ümlaut', 'x'.repeat(73), 'zero\0byte'])('has no usable password in %j', (password) => {
    expect(passwordOf(found({ password }))).toBeUndefined();
  });

  it('takes a password that a person has put there', () => {
    expect(passwordOf(found({ password: 'correct-horse' }))).toBe('correct-horse');
  });

  it('never goes back a generation, whatever the Secret says', () => {
    expect(generationIn(found({ generation: '5' }), 2)).toBe(5);
    expect(generationIn(found({ generation: '1' }), 2)).toBe(2);
    expect(generationIn(found({ generation: 'x' }), 0)).toBe(1);
  });
});
