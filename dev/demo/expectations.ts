// What the samples must come to: data, so that a reader sees the whole demonstration on one page and the chapters only carry it out.

import { INSTALLATION } from '../install/names.ts';
import type { Phase } from '../../src/api/studio-tenant-status.ts';

export interface TenantExpectation {
  readonly tenant: string;
  readonly phase: Phase;
  /** Of the condition Ready. */
  readonly reason: string;
  /** Release the database is on at the end; undefined where there is none. */
  readonly release?: string;
  /** What the tenant shows. */
  readonly shows: string;
}

export const TENANTS: readonly TenantExpectation[] = [
  { tenant: 'my-studio', phase: 'Ready', reason: 'InSync', release: 'studio-2', shows: 'the normal case' },
  { tenant: 'pinned-studio', phase: 'Ready', reason: 'InSync', release: 'studio-1', shows: 'a pinned release' },
  { tenant: 'settings-studio', phase: 'Ready', reason: 'InSync', release: 'studio-2', shows: 'an extension and settings' },
  { tenant: 'domain-studio', phase: 'Ready', reason: 'InSync', release: 'studio-2', shows: 'a custom domain with TLS' },
  { tenant: 'leaving-studio', phase: 'Ready', reason: 'InSync', release: 'studio-2', shows: 'a tenant that is to be erased' },
  { tenant: 'suspended-studio', phase: 'Suspended', reason: 'Suspended', shows: 'a suspended tenant' },
  { tenant: 'late-studio', phase: 'Failed', reason: 'SubdomainTaken', shows: 'a subdomain that is taken' },
  { tenant: 'failing-studio', phase: 'Failed', reason: 'MigrationFailed', shows: 'a migration that fails' },
];

/** Wants what another one has, so it is applied once that one has it: who comes first is otherwise nobody's to say. */
export const LATE = { tenant: 'late-studio', after: 'my-studio' } as const;

/** Whose login, tables and description are shown, and who shows what a failure looks like. */
export const SHOWN = { ready: 'my-studio', failed: 'failing-studio', neighbour: 'settings-studio' } as const;

/** Who is asked for over HTTP: two side by side, one under its own domain, one whose page is shown, and those who are not served. */
export const SERVED = {
  first: 'my-studio',
  second: 'settings-studio',
  customDomain: 'booking.domain-studio.example',
  notServed: [
    { subdomain: 'suspended-studio', status: 403, why: 'is suspended' },
    { subdomain: 'failing-studio', status: 503, why: 'has no schema yet' },
    { subdomain: 'nobody', status: 404, why: 'is no tenant' },
  ],
} as const;

/** Who is deleted at the end, and how. */
export const DELETED = { retain: 'pinned-studio', erase: 'leaving-studio' } as const;

export const NAMESPACE = INSTALLATION.tenantNamespace;
export const BASE_DOMAIN = 'platform.localhost';
