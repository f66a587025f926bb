// What is remembered, for how long it may be answered, and that memory has an end. Ages are made by saying when something was read.

import { beforeEach, describe, expect, test } from 'vitest';
import { HostCache } from '../../../../src/routing/directory/cache.ts';
import { aTenant } from './a-row.ts';

let cache: HostCache;
let now: number;
beforeEach(() => {
  cache = new HostCache({ maxTenants: 3, maxUnknown: 2, unknownTtlMs: 10_000, refreshAfterMs: 60_000, servedStaleForMs: 3_600_000 });
  cache.doubtEverything(true);
  now = performance.now();
});

const one = aTenant({ organizationId: 1 });
const two = aTenant({ organizationId: 2 });
/** How a host may be answered `ageMs` after it was read. */
const freshnessAfter = (host: string, ageMs: number) => cache.freshness(cache.get(host)!, now + ageMs);

describe('a tenant’s host', () => {
  beforeEach(() => void cache.remember('one', one, now));

  test.each([
    [0, 'fresh'],
    [44_000, 'fresh'],
    [46_000, 'ageing'],
    [59_000, 'ageing'],
    [60_001, 'doubtful'],
    [3_599_000, 'doubtful'],
    [3_600_001, 'expired'],
  ])('is, after %d ms, %s', (ageMs, freshness) => {
    expect(freshnessAfter('one', ageMs)).toBe(freshness);
  });

  test('is fresh for a second only while no changes are heard of', () => {
    cache.doubtEverything(false);
    now = performance.now();
    cache.remember('one', one, now);
    expect([0, 700, 800, 1_001].map((ageMs) => freshnessAfter('one', ageMs))).toEqual(['fresh', 'fresh', 'ageing', 'doubtful']);
  });

  test('is doubtful, not forgotten, once everything is doubted', () => {
    cache.doubtEverything(true);
    expect(freshnessAfter('one', 0)).toBe('doubtful');
    cache.remember('one', one, performance.now());
    expect(cache.freshness(cache.get('one')!, performance.now())).toBe('fresh');
  });

  test('gets what its tenant has become, and stays as old as it is', () => {
    cache.remember('www.one.example', one, now - 50_000);
    cache.update({ ...one, state: 'suspended' });
    for (const host of ['one', 'www.one.example'])
      expect(cache.get(host)).toMatchObject({ resolution: { tenant: { state: 'suspended' } } });
    expect(freshnessAfter('www.one.example', 10_000)).toBe('doubtful');
    expect(freshnessAfter('one', 10_000)).toBe('fresh');
    cache.forgetOrganization(1);
    expect([cache.get('one'), cache.get('www.one.example')]).toEqual([undefined, undefined]);
  });

  test('is forgotten with its organization, and by its own name', () => {
    cache.remember('www.one.example', one, now);
    cache.remember('two', two, now);
    cache.forget({ organizationId: 1, hosts: ['two'] });
    expect(['one', 'www.one.example', 'two'].map((host) => cache.get(host))).toEqual([undefined, undefined, undefined]);
  });

  test('belongs to another tenant when that was read last', () => {
    cache.remember('one', two, now);
    cache.forgetOrganization(1);
    expect(cache.get('one')).toMatchObject({ resolution: { tenant: { organizationId: 2 } } });
    cache.forgetOrganization(2);
    expect(cache.get('one')).toBeUndefined();
  });

  test('is gone when nobody has it any more, until somebody has', () => {
    expect(cache.remember('one', undefined, now)).toEqual({ kind: 'gone' });
    cache.forget({ organizationId: 2, hosts: ['one'] });
    expect(cache.remember('one', undefined, now)).toEqual({ kind: 'gone' });
    cache.remember('one', two, now);
    expect(cache.get('one')).toMatchObject({ resolution: { kind: 'tenant' } });
  });

  test('makes room for others, and is remembered as having been somebody’s', () => {
    for (const host of ['two', 'www.two.example', 'a.two.example']) cache.remember(host, two, now);
    expect(cache.known).toBe(3);
    expect(cache.get('one')).toBeUndefined();
    expect(cache.remember('one', undefined, now)).toEqual({ kind: 'gone' });
  });
});

describe('a host that is nobody’s', () => {
  test('is so for ten seconds, or for one while no changes are heard of', () => {
    expect(cache.remember('nobody', undefined, now)).toEqual({ kind: 'unknown' });
    expect([0, 9_999, 10_001].map((ageMs) => freshnessAfter('nobody', ageMs))).toEqual(['fresh', 'fresh', 'expired']);
    cache.doubtEverything(false);
    expect(cache.get('nobody')).toBeUndefined();
    now = performance.now();
    cache.remember('nobody', undefined, now);
    expect([999, 1_001].map((ageMs) => freshnessAfter('nobody', ageMs))).toEqual(['fresh', 'expired']);
  });

  test('is one of few that are remembered', () => {
    for (const host of ['a', 'b', 'c']) cache.remember(host, undefined, now);
    expect(cache.unknown).toBe(2);
    expect(cache.get('a')).toBeUndefined();
  });

  test('is forgotten when somebody gets it', () => {
    cache.remember('nobody', undefined, now);
    cache.forget({ organizationId: 9, hosts: ['nobody'] });
    expect(cache.get('nobody')).toBeUndefined();
  });
});

test('nothing is left after clearing', () => {
  cache.remember('one', one, now);
  cache.remember('nobody', undefined, now);
  cache.clear();
  expect([cache.known, cache.unknown]).toEqual([0, 0]);
  expect(cache.remember('one', undefined, now)).toEqual({ kind: 'unknown' });
});
