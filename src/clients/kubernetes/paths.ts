/*
 * The address of a resource in the REST API, as pure functions. Separate so that they are tested by value.
 */
import type { Resource } from '../../api/resources.ts';

export interface Address {
  readonly namespace?: string | undefined;
  /** Missing: the collection. */
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** E.g. `/apis/batch/v1/namespaces/studios/jobs/one/status`. Throws where the server would answer with another object's address. */
export function pathOf(resource: Resource, address: Address): string {
  const { namespace, name, subresource } = address;
  if (!resource.namespaced && namespace !== undefined) throw new Error(`${resource.kind} is not in a namespace`);
  if (resource.namespaced && namespace === undefined && name !== undefined) {
    throw new Error(`${resource.kind} ${name} needs a namespace`);
  }
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const parts = [
    ...(namespace === undefined ? [] : ['namespaces', segment(namespace)]),
    resource.plural,
    ...(name === undefined ? [] : [segment(name)]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `${root}/${parts.join('/')}`;
}

/** An empty name would turn "delete this one" into "delete the collection". */
function segment(value: string): string {
  if (value === '' || value === '.' || value === '..') throw new Error(`"${value}" is no name`);
  return encodeURIComponent(value);
}

/** `?a=b&c=d` of what is there; '' when nothing is. */
export function queryOf(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') query.append(key, String(value));
  }
  return query.size === 0 ? '' : `?${query.toString()}`;
}
