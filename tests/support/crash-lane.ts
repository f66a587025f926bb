/**
 * Runs a scenario once for each side effect that it has, has the operator die after it, and compares the end with that of
 * a run in which nobody died. Separate from the scenarios, which say what is asked of the operator.
 */
import { expect } from 'vitest';

import { ANNOTATION } from '../../src/api/annotations.ts';
import { CrashRelay } from './crash-relay.ts';
import { Studio } from './studio.ts';

/** Prepared at once: cheaper than one by one. */
const BATCH = 6;

export interface Scenario {
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

interface Run {
  readonly point: string | undefined;
  readonly effects: readonly string[];
  readonly state: unknown;
}

export interface Points {
  readonly reached: readonly string[];
  /** Did not come up again, so nobody died. */
  readonly missed: readonly string[];
}

const isReached = ({ point, effects }: Run): boolean => point === effects.at(-1);

function expectSameEnd({ point, state }: Run, expected: unknown): void {
  expect(state, `killed after ${point}`).toEqual(expected);
}

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
    for (const run of runs) expectSameEnd(run, state);
    for (const point of points) {
      const run = await this.#run(point);
      expectSameEnd(run, state);
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
export class Lane {
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
    if (code !== 0) throw new Error(`the last operator ended with ${code}`);
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
