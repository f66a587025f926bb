/**
 * A relay of operators, each of which is to die at a given point: the next one stands by with warm caches and takes over
 * at once, because the test releases the dead one's Lease. Separate from the scenarios, which only say what is asked.
 */
import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { LEASE } from '../../src/api/resources.ts';
import type { CrashOrder } from './crash-order.ts';
import type { OperatorUnderTest } from './operator-under-test.ts';
import { type Studio, SYSTEM } from './studio.ts';

const CRASHING = path.resolve(import.meta.dirname, 'crashing-operator.ts');
/** Nobody loses the Lease by time: it passes on when its holder is dead. */
const TIMING = { LEASE_DURATION: '10m', RENEW_DEADLINE: '9m', RETRY_PERIOD: '300ms' };
/** A point that is not reached within this time after the end does not come any more. */
const TRAILING_MS = 2_000;
const NOBODY: CrashOrder = { tenant: '', log: '' };

export class CrashRelay {
  readonly #studio: Studio;
  readonly #orderFile: string;
  #leader: OperatorUnderTest | undefined;
  #hasEnded = false;
  #standby: Promise<OperatorUnderTest> | undefined;

  constructor(studio: Studio) {
    this.#studio = studio;
    this.#orderFile = path.join(studio.directory, 'crash-order.json');
    writeFileSync(this.#orderFile, JSON.stringify(NOBODY));
  }

  /** The first leader, and behind it the first that stands by. */
  async start(): Promise<void> {
    this.#leads(await this.#operator());
    this.#standBy();
  }

  /**
   * Has the leader die right after a side effect about the tenant, and the next one take over. Returns all effects up to
   * there, or up to `done` when that came first and nobody died.
   *
   * @param after a crash point; undefined: nobody is to die
   */
  async crash(
    tenant: string,
    after: string | undefined,
    { ask, done }: { ask(): Promise<unknown>; done(): Promise<unknown> },
  ): Promise<readonly string[]> {
    const log = path.join(this.#studio.directory, `effects-${tenant}.log`);
    await writeFile(log, '');
    await writeFile(this.#orderFile, JSON.stringify({ tenant, after, log } satisfies CrashOrder));
    await ask();
    const killed = this.#living().ended;
    // What is done last of all, such as sending an Event, comes after the end that others see.
    await Promise.race([killed, done().then(() => Promise.race([killed, setTimeout(TRAILING_MS, undefined, { ref: false })]))]);
    await writeFile(this.#orderFile, JSON.stringify(NOBODY));
    const effects = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
    const isKilled = after !== undefined && effects.at(-1) === after;
    if (isKilled) await killed;
    if (this.#hasEnded !== isKilled) throw new Error(`an operator ended by itself, or outlived "${after}"`);
    if (isKilled) await this.#takeOver();
    return effects;
  }

  /** Orderly; the exit code of the last leader. */
  async stop(): Promise<number> {
    const [leader, standby] = [this.#leader, await this.#standby];
    this.#leader = this.#standby = undefined;
    await standby?.stop();
    return (await leader?.stop()) ?? 0;
  }

  async #takeOver(): Promise<void> {
    const next = await this.#standby;
    const lease = { namespace: SYSTEM, name: 'studio-operator' };
    await this.#studio.cluster.api.jsonPatch(LEASE, lease, [{ op: 'replace', path: '/spec/holderIdentity', value: '' }]);
    this.#leads(next);
    this.#standBy();
  }

  #leads(operator: OperatorUnderTest | undefined): void {
    this.#leader = operator;
    this.#hasEnded = false;
    void this.#noteEnd(operator);
  }

  async #noteEnd(operator: OperatorUnderTest | undefined): Promise<void> {
    await operator?.ended;
    if (this.#leader === operator) this.#hasEnded = true;
  }

  #living(): OperatorUnderTest {
    if (this.#leader === undefined || this.#hasEnded) throw new Error('no operator of the relay is alive');
    return this.#leader;
  }

  #standBy(): void {
    this.#standby = this.#operator();
    // Looked at when it is needed.
    this.#standby.catch(() => undefined);
  }

  async #operator(): Promise<OperatorUnderTest> {
    return await this.#studio.startOperator({ ...TIMING, CRASH_ORDER: this.#orderFile }, CRASHING);
  }
}
