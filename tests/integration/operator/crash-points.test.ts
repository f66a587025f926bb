/**
 * The operator is killed with SIGKILL right after every single side effect of what it does for a tenant, once each, and
 * another takes over: the end state must be the same as if nothing had happened.
 */
import { afterAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { passwordMatches } from '../../../src/clients/passwords.ts';
import { CrashRelay } from '../../support/crash-relay.ts';
import { endState, remains } from '../../support/end-state.ts';
import { isSettled, Studio } from '../../support/studio.ts';

/** Prepared at once: cheaper than one by one. */
const BATCH = 6;
/** With the wait for the lane. */
const SCENARIO_TIMEOUT_MS = 1_500_000;
/** For a tenant on a machine that works on many of these. */
const TENANT_TIMEOUT_MS = 120_000;

interface Scenario {
  readonly prefix: string;
  /** Side effects that only the first tenant of all brings about. */
  readonly once?: readonly string[];
  /** Puts the tenant where the scenario begins. */
  prepare?(studio: Studio, name: string): Promise<unknown>;
  /** What a person does; from then on side effects count. */
  ask(studio: Studio, name: string): Promise<unknown>;
  /** Waits until it has come to its end. */
  done(studio: Studio, name: string): Promise<unknown>;
  /** Everything that must be the same in the end. */
  result(studio: Studio, name: string, n: number): Promise<unknown>;
}

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

interface Run {
  readonly point: string | undefined;
  readonly effects: readonly string[];
  readonly state: unknown;
}

interface Points {
  readonly reached: readonly string[];
  /** Did not come up again, so nobody died. */
  readonly missed: readonly string[];
}

const isReached = ({ point, effects }: Run): boolean => point === effects.at(-1);

class Crashes {
  readonly #studio: Studio;
  readonly #relay: CrashRelay;
  readonly #scenario: Scenario;
  readonly #numbers = new Map<string, number>();
  #prepared = 0;
  #runs = 0;

  constructor(studio: Studio, relay: CrashRelay, scenario: Scenario) {
    this.#studio = studio;
    this.#relay = relay;
    this.#scenario = scenario;
  }

  /** Every point of a run that nobody interrupts, in turn. Returns those that were reached. */
  async everywhere(): Promise<Points> {
    const { once = [] } = this.#scenario;
    const runs: Run[] = [];
    for (const point of once) runs.push(await this.#run(point));
    const { effects: points, state } = await this.#run(undefined);
    for (const run of runs) expect(run.state, `killed after ${run.point}`).toEqual(state);
    for (const point of points) {
      const run = await this.#run(point);
      expect(run.state, `killed after ${point}`).toEqual(state);
      runs.push(run);
    }
    const [reached, missed] = [runs.filter(isReached), runs.filter((run) => !isReached(run))];
    return { reached: reached.map(({ point }) => point ?? ''), missed: missed.map(({ point }) => point ?? '') };
  }

  async #run(point: string | undefined): Promise<Run> {
    const [studio, scenario] = [this.#studio, this.#scenario];
    const name = this.#name(this.#runs);
    if (this.#runs >= this.#prepared) await this.#prepareMore();
    this.#runs += 1;
    const done = () => scenario.done(studio, name);
    const effects = await this.#relay.crash(name, point, { ask: () => scenario.ask(studio, name), done });
    await done();
    const n = this.#numbers.get(name) ?? (await studio.tenant(name))?.status?.organizationId ?? 0;
    const state = await scenario.result(studio, name, n);
    await this.#leaveAlone(name);
    return { point, effects, state };
  }

  async #prepareMore(): Promise<void> {
    const { prepare } = this.#scenario;
    const names = Array.from({ length: BATCH }, (_, i) => this.#name(this.#prepared + i));
    this.#prepared += BATCH;
    if (prepare === undefined) return;
    await Promise.all(
      names.map(async (name) => {
        await prepare(this.#studio, name);
        const [row] = await this.#studio.master('SELECT id FROM organizations WHERE name = $1', [name]);
        this.#numbers.set(name, Number(row?.['id']));
      }),
    );
  }

  /** So that the next operators, each of which looks at every tenant once, have little to do. */
  async #leaveAlone(name: string): Promise<void> {
    const tenant = await this.#studio.tenant(name);
    if (tenant !== undefined) await this.#studio.annotateTenant(name, { [ANNOTATION.paused]: 'true' });
  }

  #name(run: number): string {
    return `${this.#scenario.prefix}-${run}`;
  }
}

/** One installation for scenarios one after the other; several of these work at the same time, as a killed one waits mostly. */
class Lane {
  #parts: Promise<{ readonly studio: Studio; readonly relay: CrashRelay }> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  run(scenario: Scenario): Promise<Points> {
    const points = this.#last.then(async () => {
      this.#parts ??= this.#start();
      const { studio, relay } = await this.#parts;
      return new Crashes(studio, relay, scenario).everywhere();
    });
    this.#last = points.catch(() => undefined);
    return points;
  }

  async stop(): Promise<void> {
    const parts = await this.#parts;
    if (parts === undefined) return;
    const code = await parts.relay.stop();
    await parts.studio[Symbol.asyncDispose]();
    expect(code).toBe(0);
  }

  async #start() {
    const studio = await Studio.start();
    const [first, second] = ['migrations/tenant/studio-1', 'migrations/tenant/studio-2'];
    await studio.apply('SchemaRelease', 'one', { version: 1, args: [first] });
    await studio.apply('SchemaRelease', 'two', { version: 2, args: [first, second] });
    const relay = new CrashRelay(studio);
    await relay.start();
    await studio.serverReady('main');
    return { studio, relay };
  }
}

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

/** How often a status is written depends on how soon the world is seen to have changed, and on nothing that matters. */
const MAY_BE_MISSED = /^(?:patch studiotenants|create events|patch events|master: record-organization)(?: \(\d+\))?$/;

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
