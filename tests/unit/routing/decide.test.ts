// The rule from what was found to what happens, state by state, and errors to states.

import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/routing/decide.ts';
import { errorOf, routingErrorIn, stateOfError } from '../../../src/routing/error-states.ts';
import {
  DirectoryUnavailable,
  NoCurrentTenant,
  Overloaded,
  TenantNotServed,
  TenantUnavailable,
  UnknownHost,
  WrongTenant,
} from '../../../src/routing/errors.ts';
import type { Tenant } from '../../../src/routing/tenant.ts';

const aTenant = (overrides: Partial<Tenant> = {}): Tenant => ({
  organizationId: 42,
  subdomain: 'my-studio',
  displayName: 'My Studio',
  state: 'active',
  databaseName: 'studio_42_db',
  server: { name: 'main', host: 'db.example', port: 5432 },
  schema: { release: 'studio-7', version: 7 },
  credentials: { namespace: 'studio-tenants', name: 'my-studio-database', generation: 1 },
  ...overrides,
});

describe('a resolution', () => {
  test.each(['provisioning', 'suspended', 'retained', 'failed', 'deleted'] as const)(
    'of a tenant that is %s is refused as that',
    (state) => {
      expect(decide({ kind: 'tenant', tenant: aTenant({ state }) }, undefined)).toBe(state);
      expect(decide({ kind: 'tenant', tenant: aTenant({ state }) }, 99)).toBe(state);
    },
  );

  test('of a tenant in a state that is unknown here is not served either', () => {
    const state = 'archived' as 'active';
    expect(decide({ kind: 'tenant', tenant: aTenant({ state }) }, undefined)).toBe('unavailable');
    expect(stateOfError(new TenantNotServed('x', state, 503))).toBe('unavailable');
  });

  test.each([
    [7, undefined, true],
    [7, 7, true],
    [8, 7, true],
    [6, 7, false],
    [undefined, undefined, true],
    [undefined, 1, false],
  ])('of an active tenant at schema %s, where %s is asked for, is served: %s', (version, minimumRelease, isServed) => {
    const tenant = aTenant({ schema: version === undefined ? undefined : { release: 'any', version } });
    expect(decide({ kind: 'tenant', tenant }, minimumRelease)).toBe(isServed ? tenant : 'behind');
  });

  test('without a tenant says which answer it is', () => {
    expect(decide({ kind: 'unknown' }, 1)).toBe('unknown');
    expect(decide({ kind: 'unknown', why: 'nested' }, 1)).toBe('unknown');
    expect(decide({ kind: 'unknown', why: 'address' }, 1)).toBe('unknown');
    expect(decide({ kind: 'unknown', why: 'malformed' }, 1)).toBe('malformed');
    expect(decide({ kind: 'platform' }, 1)).toBe('platform');
    expect(decide({ kind: 'gone' }, 1)).toBe('deleted');
  });
});

describe('an error', () => {
  test.each([
    [new DirectoryUnavailable('x'), 'unavailable'],
    [new TenantUnavailable('x'), 'unavailable'],
    [new Overloaded('x'), 'overloaded'],
    [new TenantNotServed('x', 'suspended', 403), 'suspended'],
    [new TenantNotServed('x', 'active', 503), 'unavailable'],
    [new UnknownHost('x', 'platform'), 'platform'],
    [new NoCurrentTenant('x'), 'error'],
    [new WrongTenant('x'), 'error'],
  ])('%s is answered as %s', (error, state) => {
    expect(stateOfError(error)).toBe(state);
  });

  test('of routing is found under those that wrap it', () => {
    const overloaded = new Overloaded('too many');
    expect(routingErrorIn(new Error('failed query', { cause: new Error('driver', { cause: overloaded }) }))).toBe(overloaded);
    expect(routingErrorIn(new Error('failed query', { cause: 'a string' }))).toBeUndefined();
    expect(routingErrorIn(undefined)).toBeUndefined();
  });

  test('that is its own cause ends the search', () => {
    const circular = new Error('round');
    circular.cause = circular;
    expect(routingErrorIn(circular)).toBeUndefined();
  });

  test.each([
    ['unknown', 'UnknownHost', 404],
    ['platform', 'UnknownHost', 404],
    ['malformed', 'UnknownHost', 400],
    ['suspended', 'TenantNotServed', 403],
    ['provisioning', 'TenantNotServed', 503],
    ['failed', 'TenantNotServed', 503],
    ['retained', 'TenantNotServed', 410],
    ['deleted', 'TenantNotServed', 410],
    ['behind', 'TenantUnavailable', 503],
  ] as const)('for a tenant asked for directly: %s is %s, %i', (state, name, httpStatus) => {
    expect(errorOf(state, 'host "x"')).toMatchObject({ name, httpStatus });
  });
});
