/**
 * What tests of conditions ask of a tenant: the three conditions that tools wait on, the sentence of a reason, and the SQL
 * that a sentence tells people to run. Separate from studio.ts, which knows no reasons.
 */
import { findCondition } from '../../src/api/conditions.ts';
import { POSTGRES_SERVER } from '../../src/api/resources.ts';
import type { PostgresServer } from '../../src/api/postgres-server.ts';
import { eventually } from './eventually.ts';
import { conditionOf, messageOf, type Studio } from './studio.ts';

/** Phase, Ready, Reconciling, Stalled. */
export type Summary = readonly (string | undefined)[];

export const FAILED: Summary = ['Failed', 'False', 'False', 'True'];
export const READY: Summary = ['Ready', 'True', 'False', 'False'];
/** Serving, but the newest wish needs a person. */
export const DEGRADED: Summary = ['Degraded', 'True', 'False', 'True'];

export async function summaryOf(studio: Studio, name: string): Promise<Summary> {
  const tenant = await studio.tenant(name);
  if (tenant === undefined) return [];
  return [tenant.status?.phase, ...['Ready', 'Reconciling', 'Stalled'].map((type) => conditionOf(tenant, type))];
}

/** Waits for a reason on one of a tenant's conditions, and returns its sentence. */
export async function sentenceOf(studio: Studio, name: string, type: string, reason: string): Promise<string> {
  return said(type, reason, messageOf(await studio.reason(name, type, reason), type));
}

/** The same for a PostgresServer. */
export async function serverSentence(studio: Studio, name: string, type: string, reason: string): Promise<string> {
  const found = await eventually(
    async () => {
      const server = await studio.cluster.api.get<PostgresServer>(POSTGRES_SERVER, { name });
      const condition = findCondition(server?.status?.conditions, type);
      if (condition?.reason === reason) return condition;
      throw new Error(`${name}: ${JSON.stringify(server?.status)}`);
    },
    { timeoutMs: 60_000 },
  );
  return said(type, reason, found.message);
}

/** Printed, so that a test run shows every sentence as people see it. */
function said(type: string, reason: string, message = ''): string {
  console.log(`${type} ${reason}: ${message}`);
  return message;
}

/** The statements that a sentence tells a person to run. */
export function sqlIn(sentence: string): string {
  const [, sql] = /run(?: as a superuser)?: (.*;)/s.exec(sentence) ?? [];
  if (sql === undefined) throw new Error(`no SQL in: ${sentence}`);
  return sql;
}
