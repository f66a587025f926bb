// One tenant explained, as data: what `status TENANT -o json` prints and the page is made from. Pure.
// Separate from the rendering, so that the two cannot say different things.
import { ANNOTATION } from '../../api/annotations.ts';
import { diagnoseTenant, Urgency, urgencyOf } from '../advice/next-action.ts';
import { isTrue, isUnobserved, type LastError, type Tenant } from '../kubernetes/objects.ts';
import type { Gap } from '../kubernetes/rights.ts';
import { hasOpenRetry, openRequest, type Suspension, suspensionOf } from './asked.ts';
import type { EventLine } from './events.ts';
import type { Migration } from './migrations.ts';

export interface StepLine {
  readonly condition: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339: when its status last changed. */
  readonly since: string | null;
}

export interface TenantReport {
  readonly namespace: string;
  readonly name: string;
  readonly displayName: string | null;
  readonly uid: string | null;
  readonly createdAt: string | null;
  readonly deletingSince: string | null;
  readonly phase: string;
  readonly ready: boolean;
  readonly needsPerson: boolean;
  readonly reason: string;
  readonly message: string;
  readonly nextAction: string;
  readonly url: string | null;
  readonly organizationId: number | null;
  readonly plan: string | null;
  readonly deletionPolicy: string | null;
  readonly suspended: Suspension | null;
  readonly database: NonNullable<NonNullable<Tenant['status']>['database']> | null;
  readonly credentials: { readonly secretName: string; readonly username?: string; readonly generation?: number } | null;
  readonly schema: { readonly release?: string; readonly version?: number; readonly target?: number; readonly job?: string } | null;
  /** Ready, Reconciling, Stalled. */
  readonly conditions: readonly StepLine[];
  /** In the order in which they are done. */
  readonly steps: readonly StepLine[];
  readonly lastError: LastError | null;
  /** Null: none is kept. */
  readonly lastMigration: Migration | null;
  readonly events: readonly EventLine[];
  /** What else is worth knowing about the object itself. */
  readonly notes: readonly string[];
  readonly gaps: readonly Gap[];
}

export interface TenantFacts {
  readonly tenant: Tenant;
  readonly migrations: readonly Migration[];
  readonly events: readonly EventLine[];
  readonly haltedRelease: string | undefined;
  readonly gaps: readonly Gap[];
}

const SUMMARIES: readonly string[] = ['Ready', 'Reconciling', 'Stalled'];
const STEPS = ['Registered', 'CredentialsReady', 'DatabaseReady', 'SchemaReady', 'SubscriptionReady', 'Routed'];

export function tenantReport({ tenant, migrations, events, haltedRelease, gaps }: TenantFacts): TenantReport {
  const { metadata, status = {} } = tenant;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? null,
    createdAt: metadata.creationTimestamp ?? null,
    deletingSince: metadata.deletionTimestamp ?? null,
    phase: status.phase ?? 'Unknown',
    ready: isTrue(tenant, 'Ready'),
    needsPerson: urgencyOf(tenant) >= Urgency.person,
    ...diagnoseTenant(tenant, haltedRelease),
    ...identityOf(tenant),
    conditions: linesOf(tenant, SUMMARIES),
    steps: linesOf(tenant, STEPS),
    lastError: status.lastError ?? null,
    lastMigration: migrations[0] ?? null,
    events,
    notes: notesOn(tenant),
    gaps,
  };
}

type Identity = Pick<
  TenantReport,
  'displayName' | 'url' | 'organizationId' | 'plan' | 'deletionPolicy' | 'suspended' | 'database' | 'credentials' | 'schema'
>;

function identityOf(tenant: Tenant): Identity {
  const { spec, status = {} } = tenant;
  return {
    displayName: spec.displayName ?? null,
    url: status.url ?? null,
    organizationId: status.organizationId ?? null,
    plan: spec.plan ?? null,
    deletionPolicy: spec.deletionPolicy ?? null,
    suspended: suspensionOf(tenant),
    database: status.database ?? null,
    credentials: status.credentials ?? null,
    schema: status.schema ?? null,
  };
}

/** Known ones in their order, and any that this version does not know behind the steps. */
function linesOf({ status }: Tenant, types: readonly string[]): readonly StepLine[] {
  const all = status?.conditions ?? [];
  const known = types.flatMap((type) => all.filter((condition) => condition.type === type));
  const unknown = types === STEPS ? all.filter(({ type }) => !SUMMARIES.includes(type) && !STEPS.includes(type)) : [];
  return [...known, ...unknown].map(({ type, status: state, reason = '', message = '', lastTransitionTime }) => ({
    condition: type,
    status: state,
    reason,
    message,
    since: lastTransitionTime ?? null,
  }));
}

function notesOn(tenant: Tenant): readonly string[] {
  const { annotations = {}, name } = tenant.metadata;
  const request = openRequest(tenant);
  const isBehind = tenant.status?.conditions !== undefined && isUnobserved(tenant);
  return [
    ...(isBehind ? ['The operator has not seen the newest change of the object yet.'] : []),
    ...(request === undefined ? [] : [request]),
    ...(hasOpenRetry(tenant) ? [`A retry (${annotations[ANNOTATION.retry]}) was asked for and has not been acted on yet.`] : []),
    ...(annotations[ANNOTATION.confirmDeletion] === name
      ? ['Deleting this object with deletionPolicy Delete is confirmed by annotation.']
      : []),
  ];
}
