import { describe, expect, it } from 'vitest';
import { parsePostgresServer } from '../../../src/api/postgres-server.ts';
import { parseStudioTenant } from '../../../src/api/studio-tenant.ts';

const metadata = {
  name: 'my-studio',
  namespace: 'studios',
  uid: '01234567-89ab-cdef-0123-456789abcdef',
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
};
const tenant = {
  apiVersion: 'studio-platform.io/v1alpha1',
  kind: 'StudioTenant',
  metadata,
  spec: { displayName: 'My Studio', subdomain: 'my-studio' },
  status: { observedGeneration: -1 },
};

describe('parseStudioTenant', () => {
  it('gives back the very object, with keys it does not know', () => {
    const raw = { ...tenant, spec: { ...tenant.spec, fromTheFuture: true } };
    expect(parseStudioTenant(raw)).toBe(raw);
  });

  it('takes a value that a rule would refuse today', () => {
    const raw = { ...tenant, spec: { ...tenant.spec, displayName: 'x'.repeat(500), database: { extensions: [], connectionLimit: 5000 } } };
    expect(parseStudioTenant(raw)).toBe(raw);
  });

  it('takes an object without a status', () => {
    const { status: _, ...raw } = tenant;
    expect(parseStudioTenant(raw)).toBe(raw);
  });

  it('names the field whose shape is wrong', () => {
    const raw = { ...tenant, spec: { ...tenant.spec, database: { extensions: 'pgcrypto' } } };
    expect(() => parseStudioTenant(raw)).toThrow('not a readable StudioTenant: spec.database.extensions:');
  });

  it('finds a wrong shape behind a refused value', () => {
    const raw = { ...tenant, spec: { displayName: 'x'.repeat(500), subdomain: 7 } };
    expect(() => parseStudioTenant(raw)).toThrow('spec.subdomain');
  });

  it.each([undefined, 'text', { ...tenant, metadata: {} }])('throws for %j', (raw) => {
    expect(() => parseStudioTenant(raw)).toThrow('not a readable StudioTenant');
  });
});

it('refuses another kind', () => {
  expect(() => parsePostgresServer(tenant)).toThrow('not a readable PostgresServer: kind:');
});
