/**
 * A tenant's status, built from what a pass came to and what is known by now. Pure; written by write-status.ts only
 * when it differs. What a pass did not reach keeps what was said about it before, where that was about a tenant served.
 */
import { ANNOTATION, annotationOf } from '../../api/annotations.ts';
import { type Condition, type ConditionChange, ConditionType, findCondition, setCondition } from '../../api/conditions.ts';
import { databaseName, secretName } from '../../api/names.ts';
import type { StudioTenant, StudioTenantStatus } from '../../api/studio-tenant.ts';
import type { TenantConfig } from '../../config.ts';
import { hostOf } from '../../desired/ingress.ts';
import { isSuspended, suspensionReason } from '../../desired/suspension.ts';
import type { Organization } from '../../master/organization.ts';
import type { Settled } from '../../steps/step.ts';
import type { Report } from '../../steps/tenant-work.ts';
import { lastErrorOf } from './last-error.ts';
import type { Outcome } from './outcome.ts';
import { type Situation, situationOf, type Statement } from './situation.ts';

export interface StatusInput {
  readonly tenant: StudioTenant;
  readonly outcome: Outcome;
  readonly report: Report;
  /** Undefined when it was not read in this pass (the master database is away, or nothing is registered yet). */
  readonly organization: Organization | undefined;
  readonly config: Pick<TenantConfig, 'baseDomain' | 'publicUrl'>;
  /** RFC 3339. */
  readonly now: string;
}

export function tenantStatus(input: StatusInput): StudioTenantStatus {
  const { tenant, outcome, organization } = input;
  const url = organization === undefined ? tenant.status?.url : urlOf(organization.subdomain, input.config);
  const situation = situationOf({
    outcome,
    url,
    suspended: isSuspended(tenant) ? suspensionReason(tenant) : undefined,
    before: {
      ready: findCondition(tenant.status?.conditions, ConditionType.Ready),
      phase: tenant.status?.phase,
      served: servedBefore(tenant, organization),
    },
  });
  return assemble(input, situation, stepStatements(input), url);
}

function assemble(
  input: StatusInput,
  situation: Situation,
  statements: readonly (readonly [ConditionType, Statement])[],
  url: string | undefined,
): StudioTenantStatus {
  const { tenant, organization, report } = input;
  const before = tenant.status;
  return {
    observedGeneration: tenant.metadata.generation,
    phase: situation.phase,
    ...(organization === undefined ? keptFacts(before) : factsOf(tenant, organization)),
    ...optional('url', url),
    ...optional('schema', nonEmpty(report.schema ?? before?.schema)),
    ...optional('handled', nonEmpty({ ...before?.handled, ...optional('retry', report.handledRetry) })),
    ...optional('lastError', lastErrorOf(before?.lastError, input.outcome, input.now)),
    conditions: allConditions(input, situation, statements),
  };
}

function allConditions(
  { tenant, now }: StatusInput,
  situation: Situation,
  statements: readonly (readonly [ConditionType, Statement])[],
): readonly Condition[] {
  const all = [
    [ConditionType.Ready, situation.ready],
    [ConditionType.Reconciling, situation.reconciling],
    [ConditionType.Stalled, situation.stalled],
    ...statements,
  ] as const;
  const observedGeneration = tenant.metadata.generation;
  return all.reduce<readonly Condition[]>(
    (sum, [type, { status, reason, message }]) => setCondition(sum, { type, status, reason, message, observedGeneration }, now),
    tenant.status?.conditions ?? [],
  );
}

/** A field that is there or not: never one that is there and undefined. */
function optional<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };
}

function nonEmpty<T extends object>(value: T | undefined): T | undefined {
  return value === undefined || Object.keys(value).length === 0 ? undefined : value;
}

/** https://my-studio.platform.com; scheme and port by configuration. */
export function urlOf(subdomain: string, config: Pick<TenantConfig, 'baseDomain' | 'publicUrl'>): string {
  const { scheme, port } = config.publicUrl;
  return `${scheme}://${hostOf(subdomain, config.baseDomain)}${port === undefined ? '' : `:${port}`}`;
}

/** The master's word where there is one; else what the object's own status says. */
function servedBefore(tenant: StudioTenant, organization: Organization | undefined): boolean {
  if (organization !== undefined) return organization.firstReadyAt !== null;
  return ['Ready', 'Upgrading', 'Degraded', 'Suspended'].includes(tenant.status?.phase ?? '');
}

type Facts = Pick<StudioTenantStatus, 'organizationId' | 'database' | 'credentials'>;

function keptFacts(before: StudioTenantStatus | undefined): Facts {
  return {
    ...optional('organizationId', before?.organizationId),
    ...optional('database', before?.database),
    ...optional('credentials', before?.credentials),
  };
}

function factsOf(tenant: StudioTenant, organization: Organization): Facts {
  const { serverName, databaseHost, databasePort, databaseOid, credentialsGeneration } = organization;
  const name = databaseName(organization.id);
  const generation = credentialsGeneration === 0 ? undefined : credentialsGeneration;
  return {
    organizationId: organization.id,
    database: { server: serverName, host: databaseHost, port: databasePort, name, ...optional('oid', databaseOid ?? undefined) },
    credentials: { secretName: secretName(tenant.metadata.name), username: name, ...optional('generation', generation) },
  };
}

const STEP_CONDITIONS = [
  ConditionType.Registered,
  ConditionType.CredentialsReady,
  ConditionType.DatabaseReady,
  ConditionType.SchemaReady,
  ConditionType.SubscriptionReady,
  ConditionType.Routed,
] as const;

function stepStatements({ tenant, outcome }: StatusInput): readonly (readonly [ConditionType, Statement])[] {
  const statements: (readonly [ConditionType, Statement])[] = [];
  let stoppedAt: ConditionType | undefined;
  for (const type of STEP_CONDITIONS) {
    const statement = statementFor(type, outcome);
    if (statement !== undefined) statements.push([type, statement]);
    else if (keepsBefore(tenant, type, outcome)) continue;
    else statements.push([type, waitingFor(stoppedAt)]);
    if (statement?.status !== 'True') stoppedAt ??= type;
  }
  return statements;
}

/** After an error that says nothing about the tenant, what was found before is still the best that is known. */
function keepsBefore(tenant: StudioTenant, type: ConditionType, outcome: Outcome): boolean {
  return outcome.problem !== undefined && findCondition(tenant.status?.conditions, type) !== undefined;
}

/** Several steps may share a condition: the first that is not in sync speaks. Undefined: no step of it was reached. */
function statementFor(type: ConditionType, outcome: Outcome): Statement | undefined {
  const { problem } = outcome;
  const verdicts = outcome.steps.filter(({ condition }) => condition === type).map(({ verdict }) => verdict);
  const bad = verdicts.find(({ kind }) => kind !== 'inSync');
  if (bad !== undefined) return { status: 'False', reason: bad.reason ?? 'OutOfSync', message: bad.message ?? '' };
  if (problem?.condition === type) return { status: 'False', reason: problem.reason, message: problem.message };
  const good = verdicts.at(-1);
  if (good === undefined) return undefined;
  return { status: 'True', reason: good.reason ?? 'InSync', message: messageOf(good) };
}

const messageOf = (verdict: Settled): string => verdict.message ?? 'As asked';

function waitingFor(condition: ConditionType | undefined): Statement {
  return { status: 'Unknown', reason: 'Waiting', message: condition === undefined ? 'Not looked at yet' : `Waiting for ${condition}` };
}

/** The operator leaves a paused object alone; what was said stays, and this is said beside it. */
export function pausedStatus(tenant: StudioTenant, now: string): StudioTenantStatus {
  const message = `The annotation ${ANNOTATION.paused} is set: the operator leaves this tenant alone until it is removed`;
  const { generation: observedGeneration } = tenant.metadata;
  const before = tenant.status ?? {};
  const ready = findCondition(before.conditions, ConditionType.Ready)?.status === 'True';
  const paused = { reason: 'Paused', message, observedGeneration };
  const conditions: readonly ConditionChange[] = [
    { type: ConditionType.Reconciling, status: 'False', ...paused },
    { type: ConditionType.Stalled, status: ready ? 'False' : 'True', ...paused },
  ];
  const unknownReady = { type: ConditionType.Ready, status: 'False', ...paused } as const;
  const start =
    findCondition(before.conditions, ConditionType.Ready) === undefined
      ? setCondition(before.conditions, unknownReady, now)
      : before.conditions;
  return {
    ...before,
    // What is served speaks of what was brought in last. Of any other, being stalled is all there is to say, and it is of now: tools
    // that wait would take an older generation for something that is still coming.
    ...(ready ? {} : { observedGeneration }),
    conditions: conditions.reduce<readonly Condition[]>((sum, change) => setCondition(sum, change, now), start ?? []),
  };
}

export function isPaused(tenant: StudioTenant): boolean {
  return annotationOf(tenant, ANNOTATION.paused) === 'true';
}
