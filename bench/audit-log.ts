// Counts requests to the API server from its audit log, by who made them. Separate from the operator's metrics for the same reason as the
// PostgreSQL log: it is the other side's book.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface ApiRequest {
  readonly atMs: number;
  readonly user: string;
  readonly verb: string;
  /** With its subresource, e.g. `studiotenants/status`. */
  readonly resource: string;
  /** namespace/name, or name. */
  readonly object: string;
  readonly code: number;
}

interface AuditEvent {
  readonly stage?: string;
  readonly verb?: string;
  readonly user?: { readonly username?: string };
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string; readonly namespace?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp?: string;
}

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** Requests from `fromByte` of the file on. Watches appear when they end. */
export async function* readAuditLog(file: string, fromByte = 0): AsyncGenerator<ApiRequest, void> {
  const lines = createInterface({ input: createReadStream(file, { start: fromByte }), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const request = requestOf(line);
    if (request !== undefined) yield request;
  }
}

/** Undefined for a line that is no answered request, such as one that the server is still writing. */
const requestOf = (line: string): ApiRequest | undefined => {
  if (!line.endsWith('}')) return undefined;
  const event = JSON.parse(line) as AuditEvent;
  if (event.stage !== 'ResponseComplete' && event.stage !== 'Panic') return undefined;
  return { ...caller(event), ...target(event.objectRef ?? {}) };
};

const caller = ({ requestReceivedTimestamp = '', user, verb = '', responseStatus }: AuditEvent) => ({
  atMs: Date.parse(requestReceivedTimestamp),
  user: user?.username ?? '',
  verb,
  code: responseStatus?.code ?? 0,
});

const target = ({ resource = '', subresource, namespace, name = '' }: NonNullable<AuditEvent['objectRef']>) => ({
  resource: subresource === undefined ? resource : `${resource}/${subresource}`,
  object: namespace === undefined ? name : `${namespace}/${name}`,
});

export const isWrite = ({ verb }: ApiRequest): boolean => WRITES.has(verb);

/** The heartbeat of leader election: the one write that a steady state may make. */
export const isLeaseRenewal = ({ resource }: ApiRequest): boolean => resource === 'leases';

/** E.g. `patch studiotenants/status` -> how often, the most frequent first. */
export const countByWhat = (requests: Iterable<ApiRequest>): Readonly<Record<string, number>> => {
  const counts = new Map<string, number>();
  for (const { verb, resource } of requests) counts.set(`${verb} ${resource}`, (counts.get(`${verb} ${resource}`) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
};
