/*
 * A Lease with optimistic concurrency, behind a connection per candidate that a test can break in every way. Separate
 * from the tests because both the single cases and the random histories use it.
 */
import type { Lease, LeaseLock, LeaseSpec } from '../../../src/runtime/lease-lock.ts';
import type { FakeClock } from './fake-clock.ts';

/** `lost`: the request arrives and the answer never does. `hangs`: neither does. */
export type Link = 'works' | 'fails' | 'hangs' | 'lost';

export class LeaseServer {
  lease: Lease | undefined;
  #version = 0;

  write(spec: LeaseSpec, expected: string | undefined): Lease | undefined {
    if (this.lease?.metadata.resourceVersion !== expected) return undefined;
    this.#version += 1;
    this.lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: 'operator',
        namespace: 'ns',
        uid: 'lease',
        resourceVersion: String(this.#version),
        generation: 1,
        creationTimestamp: '2030-01-01T00:00:00Z',
      },
      spec,
    };
    return this.lease;
  }
}

export class ShakyLock implements LeaseLock {
  readonly name = 'ns/operator';
  link: Link = 'works';
  calls = 0;
  readonly #server: LeaseServer;
  readonly #clock: FakeClock;
  readonly #latencyMs: number;

  constructor(server: LeaseServer, clock: FakeClock, latencyMs = 5) {
    this.#server = server;
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  read(signal: AbortSignal): Promise<Lease | undefined> {
    return this.#over(signal, () => this.#server.lease);
  }

  create(spec: LeaseSpec, signal: AbortSignal): Promise<Lease | undefined> {
    return this.#over(signal, () => this.#server.write(spec, undefined));
  }

  update(lease: Lease, spec: LeaseSpec, signal: AbortSignal): Promise<Lease | undefined> {
    return this.#over(signal, () => this.#server.write(spec, lease.metadata.resourceVersion));
  }

  async #over<T>(signal: AbortSignal, act: () => T): Promise<T> {
    this.calls += 1;
    const { link } = this;
    await this.#clock.sleep(this.#latencyMs);
    if (link === 'fails') throw new Error('connection refused');
    // A request that hangs ignores its signal: whoever waits for it must look after himself.
    if (link === 'hangs') return new Promise(() => undefined);
    const answer = act();
    if (link === 'lost') return new Promise(() => undefined);
    await this.#clock.sleep(this.#latencyMs);
    signal.throwIfAborted();
    return answer;
  }
}
