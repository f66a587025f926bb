// Tenants as somebody with kubectl, a browser and psql sees them. Separate because every chapter of the story asks after the same ones.

import { send, type HttpAnswer } from '../../../dev/demo/http-request.ts';
import { API_VERSION } from '../../../src/api/group.ts';
import { eventually } from '../../support/eventually.ts';
import { applyObject, listObjects, readObject, type AnyObject } from '../../support/kube.ts';
import { superuserQuery, type Row } from '../../support/postgres.ts';
import { BASE_DOMAIN, TENANTS } from './installation.ts';
import { world } from './world.ts';

const READY_TIMEOUT_MS = 90_000;
const ANSWER_TIMEOUT_MS = 30_000;

const reference = (name: string) => ({ apiVersion: API_VERSION, kind: 'StudioTenant', metadata: { name, namespace: TENANTS } });

export const applyTenant = async (name: string, spec: object = {}): Promise<void> => {
  await applyObject({ ...reference(name), spec: { displayName: `Studio ${name}`, subdomain: name, ...spec } });
};

export const tenant = async (name: string): Promise<AnyObject> => {
  const found = await readObject(reference(name));
  if (found === undefined) throw new Error(`there is no tenant ${name}`);
  return found;
};

/** Once the operator has acted on the spec as it is. */
export const readyTenant = async (name: string, release?: string): Promise<AnyObject> =>
  await eventually(
    async () => {
      const found = await tenant(name);
      const ready = readyOf(found);
      if (ready?.status !== 'True') throw new Error(`${name}: ${ready?.reason}: ${ready?.message}`);
      if (found['status'].observedGeneration !== found.metadata['generation']) throw new Error(`${name}: its last change is not seen`);
      if (release !== undefined && found['status'].schema?.release !== release)
        throw new Error(`${name}: its schema is of ${JSON.stringify(found['status'].schema)}`);
      return found;
    },
    { timeoutMs: READY_TIMEOUT_MS, intervalMs: 250 },
  );

export interface ReadyCondition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

export const readyOf = (object: AnyObject): ReadyCondition | undefined =>
  object['status']?.conditions?.find(({ type }: { type: string }) => type === 'Ready');

/** Jobs of the tenants' namespace, by name. */
export const migrationJobs = async (): Promise<readonly AnyObject[]> => await listObjects('batch/v1', 'Job', TENANTS);

export const urlOf = (name: string, path: string): string => `http://${name}.${BASE_DOMAIN}:${world().httpPort}${path}`;

export const addSession = async (name: string, title: string): Promise<HttpAnswer> =>
  await send({ url: urlOf(name, '/sessions'), json: { title, startsAt: '2032-01-31T18:00:00+01:00' } });

/** Titles that the tenant's address shows, once it answers. */
export const sessionsOf = async (name: string): Promise<readonly string[]> =>
  await eventually(
    async () => {
      const { status, body } = await send({ url: urlOf(name, '/sessions'), headers: { accept: 'application/json' } });
      if (status !== 200) throw new Error(`${name} answers ${status}: ${body.slice(0, 300)}`);
      return (JSON.parse(body) as { readonly sessions: readonly { readonly title: string }[] }).sessions.map(({ title }) => title);
    },
    { timeoutMs: ANSWER_TIMEOUT_MS, intervalMs: 250 },
  );

/** In the tenant's own database, as the superuser. */
export const inDatabaseOf = async <R extends Row>(name: string, sql: string): Promise<readonly R[]> => {
  const found = await tenant(name);
  return await superuserQuery<R>(sql, [], found['status'].database.name);
};
