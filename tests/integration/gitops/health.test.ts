/**
 * What Argo CD and Flux make of objects in the states that a running operator brings them into: the health checks in Argo CD's own
 * interpreter, and kstatus.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { findCondition, isTrue } from '../../../src/api/conditions.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import type { PostgresServer } from '../../../src/api/postgres-server.ts';
import { POSTGRES_SERVER, type Resource, SCHEMA_RELEASE, TENANT_PLAN } from '../../../src/api/resources.ts';
import { serverSentence } from '../../support/conditions.ts';
import { eventually } from '../../support/eventually.ts';
import { type FreshServer, freshServer, queryAs } from '../../support/postgres.ts';
import { Studio } from '../../support/studio.ts';
import { applyRelease, FOLDERS, Pods, releaseIs } from '../schema/migrations.ts';
import { States } from './states.ts';

const pods = new Pods();
const states = new States();
let studio: Studio;
let edge: FreshServer;
beforeAll(async () => {
  [studio, edge] = await Promise.all([Studio.start({ pods: pods.policy }), freshServer()]);
}, 180_000);
afterAll(async () => {
  await studio[Symbol.asyncDispose]();
  await edge.stop();
});

const read = (resource: Resource, name: string) => studio.cluster.api.get<KubernetesObject>(resource, { name });
const broken = { kind: 'fail', exitCode: 65, message: 'column "x" does not exist' } as const;
const notLookedAt = ['Progressing', 'InProgress', 'Waiting for the operator to look at it'] as const;

it('before the operator has looked', async () => {
  await applyRelease(studio, 1, FOLDERS.one);
  await studio.applyTenant('fresh');
  states.record('tenant, not looked at yet', await studio.tenant('fresh'), notLookedAt);
  states.record('server, not looked at yet', await read(POSTGRES_SERVER, 'main'), notLookedAt);
  states.record('release, not looked at yet', await read(SCHEMA_RELEASE, 'studio-1'), notLookedAt);
  states.record('plan, not looked at yet', await read(TENANT_PLAN, 'free'), notLookedAt);
  expect(states.size).toBe(4);
});

it('on the way to Ready', async () => {
  pods.set('fresh', { kind: 'hang' });
  pods.set('broken', broken);
  await studio.startOperator({ SWEEP_INTERVAL: '1s' });
  await studio.serverReady('main');
  const migrating = await studio.reason('fresh', 'SchemaReady', 'Migrating');
  states.record('tenant, migrating', migrating, ['Progressing', 'InProgress', 'Migrating (SchemaReady): ']);
  const release = await releaseIs(studio, 1, ({ running }) => running === 1);
  states.record('release, rolling out', release, ['Progressing', 'InProgress', '1 tenant under way']);
  states.record('server, Ready', await read(POSTGRES_SERVER, 'main'), ['Healthy', 'Current', 'PostgreSQL ']);
  const plan = await eventually(async () => {
    const found = await studio.cluster.api.get<PostgresServer>(TENANT_PLAN, { name: 'free' });
    return findCondition(found?.status?.conditions, 'Ready') === undefined ? undefined : found;
  });
  states.record('plan, in use', plan, ['Healthy', 'Current', 'Tenants may name this plan']);

  await studio.applyTenant('planless', { plan: 'gold' });
  const planless = await studio.reason('planless', 'Registered', 'PlanNotFound');
  states.record('tenant, plan not there yet', planless, ['Progressing', 'InProgress', 'PlanNotFound (Registered): ']);
  await studio.applyTenant('broken');
  const failed = await studio.reason('broken', 'Stalled', 'MigrationFailed');
  states.record('tenant, first migration failed', failed, ['Degraded', 'Failed', 'MigrationFailed (SchemaReady): ']);
  for (const name of ['fresh', 'planless', 'broken']) await studio.deleteTenant(name);
  for (const name of ['fresh', 'planless', 'broken']) await studio.gone(name);
  expect(states.size).toBe(10);
});

it('serving', async () => {
  for (const name of ['calm', 'upgrading', 'napping']) await studio.applyTenant(name);
  await studio.applyTenant('breaking', { release: 'studio-1' });
  for (const name of ['calm', 'upgrading', 'breaking', 'napping']) await studio.settled(name);
  states.record('tenant, Ready', await studio.tenant('calm'), ['Healthy', 'Current', 'Serving at https://calm.platform.com']);
  await studio.applyTenant('loser', { subdomain: 'calm' });
  const loser = await studio.reason('loser', 'Stalled', 'SubdomainTaken');
  states.record('tenant, subdomain taken', loser, ['Degraded', 'Failed', 'SubdomainTaken (Registered): ']);
  await studio.applyTenant('napping', { suspended: true });
  const suspended = await studio.reason('napping', 'Ready', 'Suspended');
  states.record('tenant, suspended', suspended, ['Suspended', 'Current', 'Connections are refused']);
  const release = await releaseIs(studio, 1, ({ conditions }) => isTrue(conditions, 'Ready'));
  states.record('release, rolled out but for who needs a person', release, ['Healthy', 'Current', 'Later: 1 tenant']);
  expect(states.size).toBe(14);
});

it('releases that run into something', async () => {
  pods.set('upgrading', { kind: 'hang' });
  pods.set('breaking', broken);
  await applyRelease(studio, 2, FOLDERS.two, { maxFailures: 1 });
  const upgrading = await studio.reason('upgrading', 'Reconciling', 'Migrating');
  states.record('tenant, Ready and upgrading', upgrading, ['Progressing', 'InProgress', 'Migrating (SchemaReady): ']);
  await studio.applyTenant('breaking');
  const degraded = await studio.reason('breaking', 'Stalled', 'MigrationFailed');
  expect(findCondition(degraded.status?.conditions, 'Ready')?.status).toBe('True');
  states.record('tenant, Ready and upgrade failed', degraded, ['Degraded', 'Failed', 'column "x" does not exist']);
  const halted = await releaseIs(studio, 2, (status) => status.halted === true);
  states.record('release, halted', halted, ['Degraded', 'Failed', 'RolloutHalted: ']);
  await applyRelease(studio, 3, FOLDERS.two, { paused: true });
  const isPaused = ({ conditions }: { conditions?: never }) => findCondition(conditions, 'Stalled')?.reason === 'Paused';
  states.record('release, paused', await releaseIs(studio, 3, isPaused as never), ['Suspended', 'Failed', 'Paused; ']);
  const napping = await studio.waitFor('napping', ({ status }) => status?.phase === 'Suspended');
  states.record('tenant, suspended while a release waits', napping, ['Suspended', 'Current', 'Connections are refused']);
});

it('servers that are not as they should be', async () => {
  await studio.applyServer('nowhere', { port: 1 });
  await serverSentence(studio, 'nowhere', 'Reconciling', 'Unreachable');
  states.record('server, never reached', await read(POSTGRES_SERVER, 'nowhere'), ['Progressing', 'InProgress', 'Unreachable: ']);
  await queryAs(edge.superuserUrl, 'CREATE DATABASE open_to_all');
  await studio.applyServer('edge', {}, edge);
  await eventually(async () => findCondition((await edgeStatus())?.conditions, 'Stalled') !== undefined, { timeoutMs: 60_000 });
  states.record('server, not safe yet', await read(POSTGRES_SERVER, 'edge'), ['Degraded', 'Failed', 'REVOKE']);
  await queryAs(edge.superuserUrl, 'DROP DATABASE open_to_all');
  await studio.applyServer('edge', { capacity: { maxDatabases: 9 } }, edge);
  await studio.serverReady('edge');
  await studio.applyTenant('remote', { database: { server: 'edge' } });
  await studio.settled('remote');
  await edge.halt();
  await eventually(async () => findCondition((await edgeStatus())?.conditions, 'Reconciling') !== undefined, { timeoutMs: 60_000 });
  states.record('server, away after it was Ready', await read(POSTGRES_SERVER, 'edge'), ['Degraded', 'InProgress', 'Unreachable: ']);
  await studio.annotateTenant('remote', { [ANNOTATION.retry]: 'look' });
  const away = await studio.reason('remote', 'Ready', 'ServerUnavailable');
  states.record('tenant, its server away', away, ['Degraded', 'InProgress', 'ServerUnavailable']);
  expect(states.size).toBe(23);
});

const edgeStatus = async () => (await studio.cluster.api.get<PostgresServer>(POSTGRES_SERVER, { name: 'edge' }))?.status;

it('being deleted, and left alone', async () => {
  await studio.deleteTenant('remote');
  const waiting = await studio.waitFor('remote', ({ status }) => status?.phase === 'Deleting');
  states.record('tenant, deletion waits for its server', waiting, ['Progressing', 'Terminating', 'ServerUnavailable: ']);
  await studio.cluster.api.delete(POSTGRES_SERVER, { name: 'edge' });
  await serverSentence(studio, 'edge', 'Reconciling', 'Deleting');
  states.record('server, held by an organization', await read(POSTGRES_SERVER, 'edge'), ['Progressing', 'Terminating', '1 organization']);

  const paused = { [ANNOTATION.paused]: 'true' };
  await studio.annotateTenant('napping', paused);
  states.record('tenant, paused', await studio.reason('napping', 'Stalled', 'Paused'), ['Suspended', 'Current', 'Paused: ']);
  await studio.applyTenant('shelved', {}, paused);
  states.record('tenant, paused from the start', await studio.reason('shelved', 'Stalled', 'Paused'), ['Suspended', 'Failed', 'Paused: ']);
  await studio.deleteTenant('napping');
  states.record('tenant, paused and being deleted', await studio.tenant('napping'), ['Progressing', 'Terminating', 'Paused: ']);

  await studio.waitFor('calm', ({ status }) => status?.phase === 'Ready');
  await studio.operator?.stop();
  await studio.applyTenant('calm', { displayName: 'Calm Studio' });
  const lags = ['Progressing', 'InProgress', 'Waiting for the operator to look at its newest change'] as const;
  states.record('tenant, Ready, newest change not looked at yet', await studio.tenant('calm'), lags);
  expect(states.size).toBe(29);
});

it('is what the tools show', async () => {
  for (const { title, expected, seen } of await states.look()) {
    expect([title, seen[0], seen[1]]).toEqual([title, expected[0], expected[1]]);
    expect([title, seen[2]]).toEqual([title, expect.stringContaining(expected[2])]);
  }
});
