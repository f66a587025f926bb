// Three candidates on a real Lease: one leads, a leader that stops hands over, one that hangs is replaced, never do two act.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { LEASE } from '../../../src/api/resources.ts';
import { Connection } from '../../../src/clients/kubernetes/connection.ts';
import { KubernetesClient } from '../../../src/clients/kubernetes/kubernetes-client.ts';
import { leaseLock } from '../../../src/clients/kubernetes/lease-lock.ts';
import { leaderIdentity, LeadershipLost } from '../../../src/runtime/leader-election.ts';
import type { Leadership } from '../../../src/runtime/leader-election.ts';
import { LeaderElector } from '../../../src/runtime/leader-elector.ts';
import type { Lease } from '../../../src/runtime/lease-lock.ts';
import { eventually } from '../../support/eventually.ts';
import { freshNamespace } from '../../support/kube.ts';
import type { TestNamespace } from '../../support/kube.ts';
import { silentLog } from '../../unit/runtime/logs.ts';
import { aClient } from '../kubernetes/clients.ts';
import { CuttableProxy } from './cuttable-proxy.ts';

const timing = { leaseDurationMs: 5000, renewDeadlineMs: 4000, retryPeriodMs: 500 };

class Candidate {
  readonly stop = new AbortController();
  readonly identity: string;
  readonly proxy: CuttableProxy;
  leadership: Leadership | undefined;
  readonly ended: Promise<unknown>;
  readonly #connection: Connection;

  constructor(proxy: CuttableProxy, namespace: string, lease: string) {
    this.proxy = proxy;
    this.identity = leaderIdentity('candidate', randomBytes(8).toString('hex'));
    this.#connection = new Connection({ path: proxy.kubeconfigPath });
    const kubernetes = new KubernetesClient({ connection: this.#connection, userAgent: 'test', assertWritable: () => undefined });
    const lock = leaseLock(kubernetes, { namespace, name: lease });
    const elector = new LeaderElector({ lock, identity: this.identity, log: silentLog, timing });
    this.ended = elector
      .run(this.stop.signal, (leadership) => this.#lead(leadership))
      .then(
        () => 'stopped',
        (error: unknown) => error,
      );
  }

  get mayAct(): boolean {
    try {
      this.leadership?.assertLeading();
      return this.leadership !== undefined;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.ended;
    await this.#connection.close();
    await this.proxy[Symbol.asyncDispose]();
  }

  async #lead(leadership: Leadership): Promise<void> {
    this.leadership = leadership;
    const either = AbortSignal.any([this.stop.signal, leadership.lost]);
    if (!either.aborted) await new Promise((resolve) => either.addEventListener('abort', resolve, { once: true }));
  }
}

let ns: TestNamespace;
let lease: string;
let all: Candidate[] = [];
let most = 0;
let sampling: NodeJS.Timeout;
const client = aClient();

beforeAll(async () => {
  ns = await freshNamespace('lease');
});
afterAll(async () => {
  await ns[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
});
beforeEach(async () => {
  lease = `operator-${randomBytes(4).toString('hex')}`;
  const proxies = await Promise.all([1, 2, 3].map(() => CuttableProxy.start()));
  all = proxies.map((proxy) => new Candidate(proxy, ns.name, lease));
  most = 0;
  sampling = setInterval(acting, 10);
});
afterEach(async () => {
  clearInterval(sampling);
  await Promise.all(all.map((candidate) => candidate.close()));
});

/** Whoever looks counts: a term may be shorter than the pause between two samples. */
const acting = (): Candidate[] => {
  const now = all.filter((candidate) => candidate.mayAct);
  most = Math.max(most, now.length);
  return now;
};
const theLeader = (other?: Candidate): Promise<Candidate> =>
  eventually(() => acting().find((candidate) => candidate !== other), { timeoutMs: 20_000 });
const inCluster = (): Promise<Lease | undefined> => client.kubernetes.get<Lease>(LEASE, { namespace: ns.name, name: lease });

test('one of three leads and its Lease says so in the words of the API', async () => {
  const leader = await theLeader();
  const found = await inCluster();
  expect(found?.spec).toMatchObject({ holderIdentity: leader.identity, leaseDurationSeconds: 5, leaseTransitions: 0 });
  expect(found?.spec?.renewTime).toMatch(/\.\d{6}Z$/);
  await eventually(async () => (await inCluster())?.spec?.renewTime !== found?.spec?.renewTime);
  expect((await inCluster())?.spec?.acquireTime).toBe(found?.spec?.acquireTime);
  expect(most).toBe(1);
});

test('a leader that stops releases the Lease, and the next leads before it would have run out', async () => {
  const leader = await theLeader();
  leader.stop.abort();
  expect(await leader.ended).toBe('stopped');
  const next = await theLeader(leader);
  expect((await inCluster())?.spec).toMatchObject({ holderIdentity: next.identity, leaseTransitions: 1 });
  expect(most).toBe(1);
});

test.each(['freeze', 'cut'] as const)('a leader whose connection is lost (%s) steps down, then another leads', async (how) => {
  const leader = await theLeader();
  leader.proxy[how]();
  const next = await theLeader(leader);
  expect(leader.leadership?.lost.aborted).toBe(true);
  expect(await leader.ended).toBeInstanceOf(LeadershipLost);
  expect((await inCluster())?.spec?.holderIdentity).toBe(next.identity);
  leader.proxy.mend();
  await eventually(async () => (await inCluster())?.spec?.holderIdentity === next.identity);
  expect(most).toBe(1);
});

test('a leader that is late for one renewal, and no more, goes on leading', async () => {
  const leader = await theLeader();
  leader.proxy.cut();
  leader.proxy.mend();
  const before = (await inCluster())?.spec?.renewTime;
  await eventually(async () => (await inCluster())?.spec?.renewTime !== before);
  expect((await inCluster())?.spec?.holderIdentity).toBe(leader.identity);
  expect(leader.mayAct).toBe(true);
  expect(most).toBe(1);
});
