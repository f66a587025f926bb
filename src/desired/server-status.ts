/*
 * The status of a PostgresServer: a pure function of what was found. Separate from the controller, which finds it. At any
 * time Ready, Reconciling or Stalled is True, and never the last two together.
 */
import { type Condition, type ConditionChange, ConditionType, removeCondition, setCondition } from '../api/conditions.ts';
import type { PostgresServer, PostgresServerStatus } from '../api/postgres-server.ts';
import type { ServerFacts } from './postgres/server-facts.ts';

export type ServerFinding =
  | { readonly kind: 'ready'; readonly facts: ServerFacts; readonly identity: string }
  /** Needs a person. */
  | { readonly kind: 'notReady'; readonly reason: string; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string };

/** While the object is being deleted: what holds it, for people. */
export type Holding = string | undefined;

/** @param now RFC 3339 */
export function serverStatus(server: PostgresServer, finding: ServerFinding, holding: Holding, now: string): PostgresServerStatus {
  const { status, metadata } = server;
  const wanted = wantedConditions(finding, holding);
  let conditions: readonly Condition[] = status?.conditions ?? [];
  for (const type of [ConditionType.Ready, ConditionType.Reconciling, ConditionType.Stalled]) {
    const change = wanted.find((condition) => condition.type === type);
    conditions =
      change === undefined
        ? removeCondition(conditions, type)
        : setCondition(conditions, { ...change, observedGeneration: metadata.generation }, now);
  }
  return { ...known(status, finding), observedGeneration: metadata.generation, conditions };
}

/** What is recorded stays until something else is known: another server at the address must not take its place. */
function known(
  status: PostgresServerStatus | undefined,
  finding: ServerFinding,
): Omit<PostgresServerStatus, 'observedGeneration' | 'conditions'> {
  const { conditions: _, observedGeneration: __, ...before } = status ?? { observedGeneration: -1 };
  if (finding.kind !== 'ready') return before;
  const { facts, identity } = finding;
  return { ...before, version: facts.version, databases: facts.databases, identity, operatorRole: facts.role };
}

type Wanted = Omit<ConditionChange, 'observedGeneration'>;

function wantedConditions(finding: ServerFinding, holding: Holding): readonly Wanted[] {
  const { Ready, Reconciling, Stalled } = ConditionType;
  const deleting: readonly Wanted[] =
    holding === undefined ? [] : [{ type: Reconciling, status: 'True', reason: 'Deleting', message: holding }];
  if (finding.kind === 'ready') {
    const message = `PostgreSQL ${finding.facts.version}, as ${finding.facts.role}`;
    return [{ type: Ready, status: 'True', reason: 'InSync', message }, ...deleting];
  }
  if (finding.kind === 'unreachable') {
    const { message } = finding;
    const reaching: Wanted = { type: Reconciling, status: 'True', reason: 'Unreachable', message };
    return [{ type: Ready, status: 'False', reason: 'Unreachable', message }, ...(holding === undefined ? [reaching] : deleting)];
  }
  const { reason, message } = finding;
  const stalled: Wanted = { type: Stalled, status: 'True', reason, message };
  return [{ type: Ready, status: 'False', reason, message }, ...(holding === undefined ? [stalled] : deleting)];
}
