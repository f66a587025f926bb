// Rights, and what is missing of an answer for want of one: a report shows the rest and names the right.
// Separate because every command reads things that its user may not be allowed to see.
import { isRefusal } from './kubectl.ts';

export interface Right {
  readonly verb: string;
  /** As kubectl takes it: `studiotenants.studio-platform.io`, `pods/log`. */
  readonly resource: string;
  /** Left out: in all namespaces, or of a kind that has none. */
  readonly namespace?: string | undefined;
}

/** A part of an answer that is not there. */
export interface Gap {
  /** What is not shown, for people. */
  readonly what: string;
  readonly right: Right;
  /** Something to run, or to ask an administrator for. */
  readonly message: string;
}

export type Reading<T> = { readonly value: T; readonly gap?: never } | { readonly gap: Gap; readonly value?: never };

/** What cannot be read for want of the right becomes a gap; every other error is thrown. */
export async function reading<T>(what: string, right: Right, read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (!isRefusal(error, 'Forbidden')) throw error;
    return { gap: gapOf(what, right) };
  }
}

export function gapOf(what: string, right: Right): Gap {
  return { what, right, message: `you may not ${rightText(right)}: ${giver(right)}` };
}

export function gapsOf(...readings: readonly Reading<unknown>[]): readonly Gap[] {
  return readings.flatMap(({ gap }) => (gap === undefined ? [] : [gap]));
}

export function rightText({ verb, resource, namespace }: Right): string {
  return `${verb} ${resource}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}

const READING = new Set(['get', 'list', 'watch']);

/** Which of the roles that come with Kubernetes and the operator would give it. */
function giver({ verb, resource, namespace }: Right): string {
  const where = namespace === undefined ? ' by a ClusterRoleBinding' : ` in namespace ${namespace}`;
  if (resource.startsWith('secrets')) return `the ClusterRole edit gives it${where}; view never does`;
  if (/^(?:postgresservers|schemareleases|tenantplans)\./.test(resource)) return 'it belongs to administrators of the cluster';
  if (/^(?:customresourcedefinitions|nodes|namespaces)\b/.test(resource)) return 'it belongs to administrators of the cluster';
  return `the ClusterRole ${READING.has(verb) ? 'view' : 'edit'} gives it${where}`;
}
