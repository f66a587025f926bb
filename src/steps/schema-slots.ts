/**
 * Who waits for a migration slot on which server, first come first served. Separate because it is only about waking:
 * whether a slot is free is decided by the one who was woken, from the Jobs.
 */
export class SlotQueue {
  readonly #waiting = new Map<string, Set<string>>();
  #wake: (tenantKey: string) => void = () => undefined;

  /** @param wake reconciles the tenant (namespace/name) soon */
  onFree(wake: (tenantKey: string) => void): void {
    this.#wake = wake;
  }

  add(server: string, tenantKey: string): void {
    const waiting = this.#waiting.get(server) ?? new Set();
    waiting.add(tenantKey);
    this.#waiting.set(server, waiting);
  }

  remove(server: string, tenantKey: string): void {
    this.#waiting.get(server)?.delete(tenantKey);
  }

  /** Wakes as many as there are free slots; whoever still finds none asks again. */
  wake(server: string, free: number): void {
    const waiting = this.#waiting.get(server);
    if (waiting === undefined) return;
    for (const tenantKey of [...waiting].slice(0, Math.max(0, free))) {
      waiting.delete(tenantKey);
      this.#wake(tenantKey);
    }
  }
}
