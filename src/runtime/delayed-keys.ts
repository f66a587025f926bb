/*
 * Keys that become due later, the earliest wish per key winning. Separate from the queue so that there is one timer
 * for ten thousand keys instead of one each: a heap by due time, with replaced entries left in it until they surface.
 */
import type { Clock } from './clock.ts';

interface Entry<T> {
  readonly key: string;
  readonly dueMs: number;
  readonly value: T;
}

export class DelayedKeys<T> {
  readonly #clock: Clock;
  readonly #onDue: (key: string, value: T) => void;
  readonly #current = new Map<string, Entry<T>>();
  #heap: Entry<T>[] = [];
  #timer: { readonly dueMs: number; readonly cancel: AbortController } | undefined;

  constructor(clock: Clock, onDue: (key: string, value: T) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#current.size;
  }

  /** Earliest wins: a later wish for a key that is already waiting changes nothing. */
  add(key: string, delayMs: number, value: T): void {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const waiting = this.#current.get(key);
    if (waiting !== undefined && waiting.dueMs <= dueMs) return;
    const entry = { key, dueMs, value };
    this.#current.set(key, entry);
    this.#push(entry);
    this.#compact();
    this.#arm();
  }

  delete(key: string): void {
    this.#current.delete(key);
  }

  clear(): void {
    this.#current.clear();
    this.#heap = [];
    this.#timer?.cancel.abort();
    this.#timer = undefined;
  }

  #arm(): void {
    const next = this.#heap[0];
    if (next === undefined || (this.#timer !== undefined && this.#timer.dueMs <= next.dueMs)) return;
    this.#timer?.cancel.abort();
    const timer = { dueMs: next.dueMs, cancel: new AbortController() };
    this.#timer = timer;
    const delayMs = Math.max(0, next.dueMs - this.#clock.monotonicMs());
    this.#clock.sleep(delayMs, timer.cancel.signal).then(
      () => this.#fire(timer),
      () => undefined, // only an abort rejects, and whoever aborted has armed another timer if one is needed
    );
  }

  #fire(timer: unknown): void {
    if (this.#timer !== timer) return;
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let next = this.#heap[0]; next !== undefined && next.dueMs <= nowMs; next = this.#heap[0]) {
      this.#pop();
      if (this.#current.get(next.key) !== next) continue;
      this.#current.delete(next.key);
      this.#onDue(next.key, next.value);
    }
    this.#arm();
  }

  /** Keeps the replaced entries below half, so that memory follows the number of keys and not of adds. */
  #compact(): void {
    if (this.#heap.length <= 2 * this.#current.size + 64) return;
    // A sorted array is a heap.
    this.#heap = [...this.#current.values()].toSorted((a, b) => a.dueMs - b.dueMs);
  }

  #push(entry: Entry<T>): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (dueAt(heap, parent) <= entry.dueMs) break;
      swap(heap, at, parent);
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const smaller = dueAt(heap, left + 1) < dueAt(heap, left) ? left + 1 : left;
      if (dueAt(heap, smaller) >= last.dueMs) return;
      swap(heap, at, smaller);
      at = smaller;
    }
  }
}

function dueAt<T>(heap: readonly Entry<T>[], at: number): number {
  return heap[at]?.dueMs ?? Number.POSITIVE_INFINITY;
}

function swap<T>(heap: Entry<T>[], a: number, b: number): void {
  const [first, second] = [heap[a], heap[b]];
  if (first === undefined || second === undefined) return;
  heap[a] = second;
  heap[b] = first;
}
