// From an object's status to the one thing to do next. Pure. Separate from the sentences, which it only chooses and fills in.
import { secretName } from '../../api/names.ts';
import { type Condition, conditionOf, isTrue, isUnobserved, type Release, type Server, type Tenant } from '../kubernetes/objects.ts';
import { isPaused, openRequest } from '../tenant/asked.ts';
import { RELEASE, SERVER } from './cluster.ts';
import { IS_WELL, NEEDS_A_PERSON, WAITS } from './tenant.ts';

export interface Diagnosis {
  /** The reason that explains the state; the same word as in the conditions. */
  readonly reason: string;
  /** The operator's sentence for it. */
  readonly message: string;
  /** What to do, beginning with "Nothing" where nothing is to be done. */
  readonly nextAction: string;
}

/** Ours: no operator says them. */
const NOT_SEEN = 'NotSeen';
const NOT_ACTED_ON = 'NotActedOn';
const NOT_ACTED_ON_ACTION =
  'Look again in a minute; if it stays so, see whether the operator runs and watches this namespace: kubectl studio doctor';
const UNKNOWN = 'Look the reason up in the runbook: this version of kubectl-studio does not know it.';

/** Conditions that sum up others, and reasons that only point to them. */
const SUMMARIES = new Set(['Ready', 'Reconciling', 'Stalled']);
const POINTERS = new Set(['Waiting', 'Settled', 'NotStalled']);

/** `haltedRelease`: the SchemaRelease whose rollout has halted, where that is known. */
export function diagnoseTenant(tenant: Tenant, haltedRelease?: string): Diagnosis {
  const text = (sentence = UNKNOWN): string => filled(sentence, valuesOf(tenant, haltedRelease));
  if (isPaused(tenant))
    return {
      reason: 'Paused',
      message: 'The operator leaves this tenant alone: the annotation paused is set.',
      nextAction: text(IS_WELL['Paused']),
    };
  if (tenant.status?.conditions === undefined) return unseen();
  const request = openRequest(tenant);
  if (request !== undefined) return { reason: NOT_ACTED_ON, message: request, nextAction: NOT_ACTED_ON_ACTION };
  const { reason, message } = explanation(tenant);
  const known = isTrue(tenant, 'Stalled') ? (NEEDS_A_PERSON[reason] ?? WAITS[reason]) : (WAITS[reason] ?? NEEDS_A_PERSON[reason]);
  return { reason, message, nextAction: text(known ?? IS_WELL[reason]) };
}

function unseen(): Diagnosis {
  return {
    reason: NOT_SEEN,
    message: 'No operator has looked at this object yet.',
    nextAction: 'See whether the operator runs and watches this namespace: kubectl studio doctor',
  };
}

/** What is not as it should be: the sentence of whichever sum says so, else of the first step that is not True. */
function explanation(tenant: Tenant): { readonly reason: string; readonly message: string } {
  const [stalled, ready, reconciling] = ['Stalled', 'Ready', 'Reconciling'].map((type) => conditionOf(tenant, type));
  const candidates = [
    ...[stalled].filter(isStatus('True')),
    ...[ready].filter(isStatus('False')),
    ...[reconciling].filter(isStatus('True')),
    ...(tenant.status?.conditions ?? []).filter((condition) => !SUMMARIES.has(condition.type) && condition.status !== 'True'),
    ready,
  ];
  const chosen = candidates.find((each) => each !== undefined && !POINTERS.has(each.reason ?? ''));
  return { reason: 'Waiting', message: '', ...chosen };
}

const isStatus =
  (status: string) =>
  (condition: Condition | undefined): boolean =>
    condition?.status === status;

export function diagnoseServer(server: Server): Diagnosis {
  const ready = conditionOf(server, 'Ready');
  if (ready === undefined) return unseen();
  const address = `${server.spec.host ?? '?'}:${server.spec.port ?? 5432}`;
  return { ...wordsOf(ready), nextAction: filled(SERVER[ready.reason ?? ''] ?? UNKNOWN, { address, name: server.metadata.name }) };
}

export function diagnoseRelease(release: Release): Diagnosis {
  const ready = conditionOf(release, 'Ready');
  if (ready === undefined) return unseen();
  return { ...wordsOf(ready), nextAction: filled(RELEASE[ready.reason ?? ''] ?? UNKNOWN, { name: release.metadata.name }) };
}

const wordsOf = ({ reason = '', message = '' }: { readonly reason?: string; readonly message?: string }) => ({ reason, message });

/** The highest first: what a person has to look at before anything else. */
export const Urgency = { fine: 0, moving: 1, waiting: 2, person: 3, down: 4 } as const;
export type Urgency = (typeof Urgency)[keyof typeof Urgency];

/** `down`: needs a person, and nobody is served meanwhile. */
export function urgencyOf(tenant: Tenant): Urgency {
  const isServing = isTrue(tenant, 'Ready');
  if (isTrue(tenant, 'Stalled')) return isServing ? Urgency.person : Urgency.down;
  if (openRequest(tenant) !== undefined) return Urgency.waiting;
  if (isServing) return isTrue(tenant, 'Reconciling') || isUnobserved(tenant) ? Urgency.moving : Urgency.fine;
  return isInTrouble(tenant) ? Urgency.waiting : Urgency.moving;
}

const isInTrouble = ({ status }: Tenant): boolean => status?.phase === 'Degraded' || status?.lastError !== undefined;

type Values = Readonly<Record<string, string | undefined>>;

function valuesOf({ metadata, spec, status }: Tenant, haltedRelease: string | undefined): Values {
  const { name, namespace } = metadata;
  return {
    name,
    object: `studiotenant/${name}`,
    ref: namespace === undefined ? name : `${name} -n ${namespace}`,
    subdomain: spec.subdomain,
    plan: spec.plan,
    pinned: spec.release,
    server: status?.database?.server,
    database: status?.database?.name ?? 'the database',
    secret: status?.credentials?.secretName ?? secretName(name),
    release: haltedRelease,
  };
}

/** What is not known stays a word in capitals, as in a command's usage. */
function filled(sentence: string, values: Values): string {
  return sentence.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? key.toUpperCase());
}
