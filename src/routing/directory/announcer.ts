/*
 * Tells others what the directory has seen. Separate because others' mistakes must not become the directory's: what a
 * hook or a listener throws ends as a warning of the process, and the directory goes on.
 */
import { outsideRequests } from '../current-tenant.ts';
import { guarded, warn } from '../guarded.ts';
import type { DirectoryHooks } from './directory.ts';

type ChangeListener = (organizationId: number | undefined) => void;

export class Announcer {
  readonly #hooks: DirectoryHooks;
  readonly #listeners = new Set<ChangeListener>();
  readonly #outside = outsideRequests();

  constructor(hooks: DirectoryHooks) {
    this.#hooks = hooks;
  }

  hook<K extends keyof DirectoryHooks>(name: K, ...details: Parameters<NonNullable<DirectoryHooks[K]>>): void {
    const hook = this.#hooks[name] as ((...given: typeof details) => void) | undefined;
    if (hook !== undefined) guarded(() => this.#outside(() => hook(...details)), warn);
  }

  change(organizationId: number | undefined): void {
    for (const listener of this.#listeners) guarded(() => this.#outside(() => listener(organizationId)), warn);
  }

  /** Returns the way to stop. */
  onChange(listener: ChangeListener): () => void {
    // A function of its own, because one listener may be given twice.
    const own: ChangeListener = (organizationId) => listener(organizationId);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }
}
