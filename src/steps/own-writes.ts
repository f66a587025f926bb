/**
 * Which versions of owned objects are the operator's own doing. Separate because two sides meet here: the steps, which
 * write, and the triggers, which would otherwise wake a tenant for what its own reconcile has just written.
 */
import type { KubernetesObject } from '../api/object-meta.ts';

/** A version is asked for within a second of being written; this many are written in far more. */
const REMEMBERED = 5_000;

export class OwnWrites {
  readonly #versions = new Set<string>();

  note({ metadata }: KubernetesObject): void {
    this.#versions.add(`${metadata.uid}/${metadata.resourceVersion}`);
    if (this.#versions.size <= REMEMBERED) return;
    const [oldest] = this.#versions;
    if (oldest !== undefined) this.#versions.delete(oldest);
  }

  has({ metadata }: KubernetesObject): boolean {
    return this.#versions.has(`${metadata.uid}/${metadata.resourceVersion}`);
  }
}
