/**
 * The statuses just written, until the cache has heard of them. Separate because a reconcile that follows another at
 * once would otherwise compare with an older status: say the same thing twice, or count a first time again.
 */
import type { StudioTenant, StudioTenantStatus } from '../../api/studio-tenant.ts';

/** The cache is behind for milliseconds; more tenants than this are not written in that time. */
const REMEMBERED = 500;

interface Written {
  /** resourceVersion of the object that the status was written onto. */
  readonly onto: string;
  readonly status: StudioTenantStatus;
}

export class WrittenStatuses {
  readonly #byUid = new Map<string, Written>();

  remember({ metadata }: StudioTenant, status: StudioTenantStatus): void {
    this.#byUid.delete(metadata.uid);
    this.#byUid.set(metadata.uid, { onto: metadata.resourceVersion, status });
    if (this.#byUid.size <= REMEMBERED) return;
    const [oldest] = this.#byUid.keys();
    if (oldest !== undefined) this.#byUid.delete(oldest);
  }

  /** The object with the status that was written onto this very version of it, if one was. */
  onto(cached: StudioTenant): StudioTenant {
    const { uid, resourceVersion } = cached.metadata;
    const written = this.#byUid.get(uid);
    return written?.onto === resourceVersion ? { ...cached, status: written.status } : cached;
  }
}
