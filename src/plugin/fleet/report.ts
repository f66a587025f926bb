// The fleet at a glance, as data: what `status -o json` prints and what the tables are made from. Pure.
// Separate from the rendering, so that the two cannot say different things.
import { diagnoseRelease, diagnoseServer, diagnoseTenant, type Diagnosis, Urgency, urgencyOf } from '../advice/next-action.ts';
import { conditionOf, isTrue, type Release, type Server, type Tenant } from '../kubernetes/objects.ts';
import type { Gap } from '../kubernetes/rights.ts';
import { orNull } from '../session.ts';
import type { Fleet } from './gather.ts';
import { haltedReleaseFor } from './halted.ts';

export interface TenantLine {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly needsPerson: boolean;
  readonly reason: string;
  readonly message: string;
  readonly nextAction: string;
  readonly plan: string | null;
  readonly server: string | null;
  readonly database: string | null;
  readonly schemaVersion: number | null;
  readonly url: string | null;
  readonly createdAt: string | null;
  /** When Ready last changed. */
  readonly since: string | null;
}

export interface ServerLine extends Diagnosis {
  readonly name: string;
  readonly ready: boolean;
  readonly version: string | null;
  readonly databases: number | null;
  readonly capacity: number | null;
  readonly unschedulable: boolean;
}

export interface ReleaseLine extends Diagnosis {
  readonly name: string;
  readonly version: number;
  readonly ready: boolean;
  readonly halted: boolean;
  readonly paused: boolean;
  readonly pending: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
}

export interface FleetReport {
  /** Null: all namespaces. */
  readonly namespace: string | null;
  readonly total: number;
  /** Tenants by phase; `Unknown` where no operator has looked yet. */
  readonly phases: Readonly<Record<string, number>>;
  readonly serving: number;
  readonly needPerson: number;
  /** The most urgent first, then by namespace and name. */
  readonly tenants: readonly TenantLine[];
  /** Null: not to be seen, see gaps. */
  readonly servers: readonly ServerLine[] | null;
  readonly releases: readonly ReleaseLine[] | null;
  readonly gaps: readonly Gap[];
}

export function fleetReport({ tenants, namespace, servers, releases, gaps }: Fleet): FleetReport {
  const ordered = tenants.toSorted(byUrgency);
  const lines = ordered.map((tenant) => tenantLine(tenant, haltedReleaseFor(tenant, releases ?? [])));
  return {
    namespace: namespace ?? null,
    total: lines.length,
    phases: countBy(lines.map(({ phase }) => phase)),
    serving: lines.filter(({ ready }) => ready).length,
    needPerson: lines.filter(({ needsPerson }) => needsPerson).length,
    tenants: lines,
    servers: servers?.map(serverLine) ?? null,
    releases: releases?.toSorted((a, b) => b.spec.version - a.spec.version).map(releaseLine) ?? null,
    gaps,
  };
}

/** What needs a person comes first, down before degraded; the longest first among equals of those. */
function byUrgency(a: Tenant, b: Tenant): number {
  const difference = urgencyOf(b) - urgencyOf(a);
  if (difference !== 0) return difference;
  const isUrgent = urgencyOf(a) >= Urgency.person;
  return (isUrgent ? compare(sinceOf(a) ?? '', sinceOf(b) ?? '') : 0) || compare(keyOf(a), keyOf(b));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const keyOf = ({ metadata }: Tenant): string => `${metadata.namespace}/${metadata.name}`;
const sinceOf = (tenant: Tenant): string | undefined => conditionOf(tenant, 'Ready')?.lastTransitionTime;

function tenantLine(tenant: Tenant, halted: string | undefined): TenantLine {
  const { metadata, spec, status = {} } = tenant;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    phase: status.phase ?? 'Unknown',
    ready: isTrue(tenant, 'Ready'),
    needsPerson: urgencyOf(tenant) >= Urgency.person,
    ...diagnoseTenant(tenant, halted),
    plan: orNull(spec.plan),
    server: orNull(status.database?.server),
    database: orNull(status.database?.name),
    schemaVersion: orNull(status.schema?.version),
    url: orNull(status.url),
    createdAt: orNull(metadata.creationTimestamp),
    since: orNull(sinceOf(tenant)),
  };
}

function serverLine(server: Server): ServerLine {
  const { metadata, spec, status } = server;
  return {
    name: metadata.name,
    ready: isTrue(server, 'Ready'),
    version: status?.version ?? null,
    databases: status?.databases ?? null,
    capacity: spec.capacity?.maxDatabases ?? null,
    unschedulable: spec.unschedulable === true,
    ...diagnoseServer(server),
  };
}

function releaseLine(release: Release): ReleaseLine {
  const { metadata, spec, status = {} } = release;
  const { pending = 0, running = 0, done = 0, failed = 0, halted = false } = status;
  const ready = isTrue(release, 'Ready');
  return {
    name: metadata.name,
    version: spec.version,
    ready,
    halted,
    paused: spec.paused === true,
    pending,
    running,
    done,
    failed,
    ...diagnoseRelease(release),
  };
}

function countBy(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).toSorted(([a, m], [b, n]) => n - m || compare(a, b)));
}
