/**
 * Step 1: our finalizer is on the object before anything outside Kubernetes exists, so that nothing can be left behind.
 * By JSON Patch with a test, not by server-side apply: another manager may co-own the list.
 */
import { FINALIZER } from '../api/group.ts';
import type { Resource } from '../api/resources.ts';
import type { KubernetesObject } from '../api/object-meta.ts';
import { STUDIO_TENANT } from '../api/resources.ts';
import type { JsonPatchOperation, Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import { defineStep, StepName } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

export const finalizer = defineStep<TenantWork, boolean, undefined>({
  name: StepName.Finalizer,
  condition: undefined,
  observe: async (work) => work.hasFinalizer,
  diff: (_work, present) => (present ? { kind: 'inSync' } : { kind: 'outOfSync', change: undefined }),
  async apply(work) {
    await addFinalizer(work.dependencies.kubernetes, STUDIO_TENANT, work.tenant);
    work.hasFinalizer = true;
  },
});

/** Throws KubernetesError (a conflict) when the object was written meanwhile; the next reconcile sees it anew. */
export async function addFinalizer(kubernetes: Kubernetes, resource: Resource, object: KubernetesObject): Promise<void> {
  const { finalizers, resourceVersion } = object.metadata;
  const add: JsonPatchOperation =
    finalizers === undefined
      ? { op: 'add', path: '/metadata/finalizers', value: [FINALIZER] }
      : { op: 'add', path: '/metadata/finalizers/-', value: FINALIZER };
  await kubernetes.jsonPatch(resource, object.metadata, [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, add]);
}

/** Safe to repeat: an object without our finalizer, or gone, is left as it is. */
export async function removeFinalizer(kubernetes: Kubernetes, resource: Resource, object: KubernetesObject): Promise<void> {
  const live = await kubernetes.get<KubernetesObject>(resource, object.metadata);
  if (live === undefined || live.metadata.uid !== object.metadata.uid) return;
  const index = (live.metadata.finalizers ?? []).indexOf(FINALIZER);
  if (index < 0) return;
  await kubernetes.jsonPatch(resource, live.metadata, [
    { op: 'test', path: `/metadata/finalizers/${index}`, value: FINALIZER },
    { op: 'test', path: '/metadata/uid', value: live.metadata.uid },
    { op: 'remove', path: `/metadata/finalizers/${index}` },
  ]);
}
