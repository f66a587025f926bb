// Tenants that nobody has asked for yet, woken one after the other on a fixed timetable, whether the ones before are answered or not.
// Separate from what is made of the outcome.

import { Agent } from 'node:http';
import { got } from './get.ts';

export interface WakeRequest {
  readonly port: number;
  /** One per tenant. */
  readonly hosts: readonly string[];
  /** The first requests are spread evenly over this time. */
  readonly overMs: number;
  /** Of each tenant: the first wakes it, the others follow a second apart each. */
  readonly requestsPerTenant: number;
}

export interface Wakening {
  /** Times from when a request was due to its whole answer, in milliseconds: the first of each tenant. */
  readonly firstMs: readonly number[];
  /** The ones after. */
  readonly laterMs: readonly number[];
  /** By status; 0 is a request without an answer. */
  readonly statuses: Readonly<Record<number, number>>;
}

const NEXT_AFTER_MS = 1_000;

export const woken = async ({ port, hosts, overMs, requestsPerTenant }: WakeRequest): Promise<Wakening> => {
  const agent = new Agent({ keepAlive: true });
  const [firstMs, laterMs, statuses]: [number[], number[], Record<number, number>] = [[], [], {}];
  const begin = performance.now();
  const wake = async (host: string, index: number): Promise<void> => {
    for (let count = 0; count < requestsPerTenant; count += 1) {
      const due = begin + (index / hosts.length) * overMs + count * NEXT_AFTER_MS;
      await until(due);
      const { status } = await got({ port, host }, agent);
      statuses[status] = (statuses[status] ?? 0) + 1;
      (count === 0 ? firstMs : laterMs).push(performance.now() - due);
    }
  };
  await Promise.all(hosts.map(wake));
  agent.destroy();
  return { firstMs, laterMs, statuses };
};

const until = async (dueMs: number): Promise<void> => {
  const milliseconds = dueMs - performance.now();
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
};
