/**
 * The operator is killed with SIGKILL right after every single side effect of what it does for a tenant, once each, and
 * another takes over: the end state must be the same as if nothing had happened.
 */
import { afterAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { passwordMatches } from '../../../src/clients/passwords.ts';
import { Lane, type Scenario } from '../../support/crash-lane.ts';
import { endState, remains } from '../../support/end-state.ts';
import { isSettled, type Studio } from '../../support/studio.ts';

/** With the wait for the lane. */
const SCENARIO_TIMEOUT_MS = 1_500_000;
/** For a tenant on a machine that works on many of these. */
const TENANT_TIMEOUT_MS = 120_000;

const ready = (studio: Studio, name: string) => studio.settled(name, TENANT_TIMEOUT_MS);
const gone = (studio: Studio, name: string) => studio.gone(name, TENANT_TIMEOUT_MS);

async function provisioned(studio: Studio, name: string): Promise<void> {
  await studio.applyTenant(name, { release: 'one' });
  await ready(studio, name);
}

/** Serving, with a password that works and is the one that the hash is of. */
async function served(studio: Studio, name: string, n: number): Promise<unknown> {
  const { password = '' } = await studio.secret(name);
  const [row] = await studio.master('SELECT database_password_hash AS hash FROM organizations WHERE id = $1', [n]);
  expect(await passwordMatches(password, String(row?.['hash']))).toBe(true);
  expect(await studio.asTenant(name, 'SELECT count(*)::int AS sessions FROM sessions')).toEqual([{ sessions: 0 }]);
  return endState(studio, name, n);
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  provisioning: {
    prefix: 'made',
    once: ['main: create-creator-shard'],
    ask: (studio, name) => studio.applyTenant(name, { release: 'one' }),
    done: ready,
    result: served,
  },
  upgrading: {
    prefix: 'raised',
    prepare: provisioned,
    ask: (studio, name) => studio.applyTenant(name, { release: 'two' }),
    done: (studio, name) => studio.waitFor(name, (tenant) => tenant.status?.schema?.version === 2 && isSettled(tenant), TENANT_TIMEOUT_MS),
    result: served,
  },
  suspending: {
    prefix: 'paused',
    prepare: provisioned,
    ask: (studio, name) => studio.applyTenant(name, { release: 'one', suspended: true }),
    done: (studio, name) => studio.waitFor(name, (tenant) => tenant.status?.phase === 'Suspended' && isSettled(tenant), TENANT_TIMEOUT_MS),
    result: endState,
  },
  resuming: {
    prefix: 'resumed',
    async prepare(studio, name) {
      await studio.applyTenant(name, { release: 'one', suspended: true });
      await studio.waitFor(name, (tenant) => tenant.status?.phase === 'Suspended' && isSettled(tenant), TENANT_TIMEOUT_MS);
    },
    ask: (studio, name) => studio.applyTenant(name, { release: 'one' }),
    done: (studio, name) => studio.waitFor(name, (tenant) => tenant.status?.phase === 'Ready' && isSettled(tenant), TENANT_TIMEOUT_MS),
    result: served,
  },
  'deleting with Retain': {
    prefix: 'kept',
    prepare: provisioned,
    ask: (studio, name) => studio.deleteTenant(name),
    done: gone,
    result: remains,
  },
  'coming back after Retain': {
    prefix: 'returned',
    async prepare(studio, name) {
      await provisioned(studio, name);
      await studio.deleteTenant(name);
      await gone(studio, name);
    },
    ask: (studio, name) => studio.applyTenant(name, { release: 'one' }),
    done: ready,
    result: served,
  },
  'deleting with Delete': {
    prefix: 'erased',
    async prepare(studio, name) {
      await studio.applyTenant(name, { release: 'one', deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: name });
      await ready(studio, name);
    },
    ask: (studio, name) => studio.deleteTenant(name),
    done: gone,
    result: remains,
  },
};

const LANES: readonly Lane[] = [new Lane(), new Lane(), new Lane()];
/** About the same number of points for each lane. */
const LANE_OF: Readonly<Record<string, number>> = {
  provisioning: 0,
  upgrading: 1,
  suspending: 1,
  'deleting with Delete': 1,
  resuming: 2,
  'deleting with Retain': 2,
  'coming back after Retain': 2,
};
afterAll(async () => {
  await Promise.all(LANES.map((lane) => lane.stop()));
}, 60_000);

/**
 * How often a status is written depends on how soon the world is seen to have changed; the identity is moved by whichever
 * tenant a new leader looks at first; and a deleted tenant that is still in the cache is closed once more.
 */
const MAY_BE_MISSED =
  /^(?:patch studiotenants|create events|patch events|master: record-organization|master: move-identity|main: end-sessions-in-database)(?: \(\d+\))?$/;

describe('an operator that is killed after any single side effect', () => {
  it.concurrent.each(Object.entries(SCENARIOS))(
    'ends where one that lived would have ended: %s',
    async (what, scenario) => {
      const { reached, missed } = (await LANES[LANE_OF[what] ?? 0]?.run(scenario)) ?? { reached: [], missed: [] };
      const numbered = reached.map((point, i) => `${i + 1}. ${point}`);
      console.log([`killed after each of these ${reached.length} while ${what}:`, ...numbered].join('\n'));
      expect(missed.filter((point) => !MAY_BE_MISSED.test(point))).toEqual([]);
      expect(reached.length).toBeGreaterThan(2);
    },
    SCENARIO_TIMEOUT_MS,
  );
});
