// What conflicts amount to is decided apart from finding them, so it can be tried without a database.

import { describe, expect, test } from 'vitest';
import { normalizedClaims, refusal } from '../../../src/master/conflicts.ts';

describe('refusal', () => {
  test('is nothing when nothing is in the way', () => {
    expect(refusal(null)).toBeUndefined();
    expect(refusal([])).toBeUndefined();
  });

  test('names the domains that are taken, and no holder', () => {
    const conflicts = ['b.example', 'a.example'].map((domain) => ({ kind: 'domainsTaken', domain }) as const);
    expect(refusal(conflicts)).toEqual({ kind: 'domainsTaken', domains: ['a.example', 'b.example'] });
  });

  test('reports what makes the other conflicts moot', () => {
    const domain = { kind: 'domainsTaken', domain: 'a.example' } as const;
    const subdomain = { kind: 'subdomainTaken', domain: null } as const;
    const owner = { kind: 'notOwner', domain: null } as const;
    expect(refusal([domain, subdomain])).toEqual({ kind: 'subdomainTaken' });
    expect(refusal([domain, subdomain, owner])).toEqual({ kind: 'notOwner' });
  });
});

describe('normalizedClaims', () => {
  test('puts host names into lower case, each once', () => {
    const claims = { displayName: 'My Studio', subdomain: 'My-Studio', domains: ['B.example', 'a.example', 'b.EXAMPLE'] };
    expect(normalizedClaims(claims)).toEqual({
      displayName: 'My Studio',
      subdomain: 'my-studio',
      domains: ['a.example', 'b.example'],
    });
  });
});
