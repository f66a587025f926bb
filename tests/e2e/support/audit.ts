// What somebody has asked of the API server, by its audit log. Separate because only a cluster of our own writes one.

import { readFile } from 'node:fs/promises';
import { environment } from '../../support/environment.ts';

export interface Audit {
  /** How many; undefined where there is no log. */
  readonly requests: number | undefined;
  /** Verb and address of those that were forbidden. */
  readonly refusals: readonly string[];
}

interface Entry {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly responseStatus?: { readonly code?: number };
}

export const auditOf = async (username: string): Promise<Audit> => {
  const { auditLog } = environment();
  if (auditLog === '') return { requests: undefined, refusals: [] };
  const lines = (await readFile(auditLog, 'utf8')).split('\n').filter((line) => line.includes(username));
  const entries = lines.map((line) => JSON.parse(line) as Entry).filter(({ user }) => user.username === username);
  const refused = entries.filter(({ responseStatus }) => responseStatus?.code === 403);
  return { requests: entries.length, refusals: refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`) };
};
