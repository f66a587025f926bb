/**
 * The statuses just written, until the cache has heard of them. Separate because a reconcile that follows another at
 * once would otherwise compare with an older status: say the same thing twice, count a first time again, or leave what
 * was written in between because the older one says what it has come to.
 */
import type { StudioTenant, StudioTenantStatus } from '../../api/studio-tenant.ts';

/** The cache is behind for milliseconds; more tenants than this are not written in that time. */
const REMEMBERED = 500;

interface Written {
  readonly resourceVersion: string;
  readonly status: StudioTenantStatus;
}

export class WrittenStatuses {
  readonly #byUid = new Map<string, Written>();

  /** @param written the object as the API server returned it, with the resourceVersion of the write */
  remember({ metadata: { uid, resourceVersion }, status }: StudioTenant): void {
    this.#byUid.delete(uid);
    if (status !== undefined) this.#byUid.set(uid, { resourceVersion, status });
    if (this.#byUid.size <= REMEMBERED) return;
    const [oldest] = this.#byUid.keys();
    if (oldest !== undefined) this.#byUid.delete(oldest);
  }

  /** The cached object, with the status that was written last where the cache is older than that. */
  onto(cached: StudioTenant): StudioTenant {
    const written = this.#byUid.get(cached.metadata.uid);
    return written !== undefined && isOlder(cached, written) ? { ...cached, status: written.status } : cached;
  }
}

/** Versions of one resource are numbers that grow, which Kubernetes has promised since 1.35 and has always been so with etcd. */
function isOlder({ metadata }: StudioTenant, { resourceVersion }: Written): boolean {
  return Number(metadata.resourceVersion) < Number(resourceVersion);
}
