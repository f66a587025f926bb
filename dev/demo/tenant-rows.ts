// A StudioTenant as a row of a table, and whether it has come to its end. Pure; separate because the live table, the log of changes and
// the benchmarks look at tenants in the same way.

import { findCondition, isTrue } from '../../src/api/conditions.ts';
import type { StudioTenant } from '../../src/api/studio-tenant.ts';
import type { Column, Row } from './table.ts';
import type { Style } from './terminal.ts';

export const TENANT_COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'SUBDOMAIN' },
  { title: 'PHASE' },
  { title: 'READY' },
  { title: 'REASON' },
  { title: 'AGE' },
  { title: 'MESSAGE' },
];

const PHASE_STYLES: Readonly<Record<string, Style>> = {
  Ready: 'green',
  Suspended: 'cyan',
  Failed: 'red',
  Degraded: 'red',
  Deleting: 'yellow',
  Upgrading: 'yellow',
  Provisioning: 'yellow',
};

export const tenantRow = (tenant: StudioTenant, now: Date): Row => {
  const { name, creationTimestamp } = tenant.metadata;
  const phase = tenant.status?.phase ?? '';
  const ready = readyCondition(tenant);
  const style = PHASE_STYLES[phase];
  return [
    name,
    tenant.spec.subdomain,
    style === undefined ? phase : { text: phase, style },
    ready?.status ?? '',
    ready?.reason ?? '',
    age(now.getTime() - Date.parse(creationTimestamp)),
    { text: ready?.message ?? '', style: 'dim' },
  ];
};

/** What a person would notice of a change; the same text when only times or details moved. */
export const tenantState = (tenant: StudioTenant): string => {
  const ready = readyCondition(tenant);
  return [tenant.status?.phase, ready?.status, ready?.reason, ready?.message].join('\u0000');
};

const readyCondition = (tenant: StudioTenant) => findCondition(tenant.status?.conditions, 'Ready');

/** The operator has seen its newest spec and is done with it, for good or ill. */
export const isSettled = (tenant: StudioTenant): boolean => {
  const { metadata, status } = tenant;
  if (status === undefined || status.observedGeneration !== metadata.generation) return false;
  if (isTrue(status.conditions, 'Reconciling')) return false;
  return isTrue(status.conditions, 'Ready') || isTrue(status.conditions, 'Stalled');
};

/** Served; a suspended one is as asked, too, but nobody can log in. */
export const isServed = (tenant: StudioTenant): boolean => tenant.status?.phase === 'Ready';

/** As kubectl writes it: 7s, 2m5s, 3h, 4d. */
export const age = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
};
