// The Events about one tenant, the newest last, as far as Kubernetes still keeps them (an hour by default).
// Separate because Events come in two shapes and from two writers.
import type { Kubectl } from '../kubernetes/kubectl.ts';
import type { Event, List, Tenant } from '../kubernetes/objects.ts';
import { type Reading, reading } from '../kubernetes/rights.ts';

export interface EventLine {
  /** RFC 3339: the last time it happened. */
  readonly at: string | null;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

export async function gatherEvents(kubectl: Kubectl, { metadata }: Tenant): Promise<Reading<readonly EventLine[]>> {
  const { name, namespace = 'default', uid } = metadata;
  const fields = [
    `involvedObject.kind=StudioTenant`,
    `involvedObject.name=${name}`,
    ...(uid === undefined ? [] : [`involvedObject.uid=${uid}`]),
  ];
  return await reading('events', { verb: 'list', resource: 'events', namespace }, async () => {
    const { items } = await kubectl.json<List<Event>>(['get', 'events', '-n', namespace, '--field-selector', fields.join(',')]);
    return items.map(eventLine).toSorted((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
  });
}

function eventLine(event: Event): EventLine {
  const { type = 'Normal', reason = '', message = '', count = 1, series } = event;
  return { at: timeOf(event), type, reason, message, count: series?.count ?? count };
}

/** Writers of the older kind leave eventTime empty, those of the newer one lastTimestamp. */
function timeOf({ series, lastTimestamp, eventTime, metadata }: Event): string | null {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? null;
}
