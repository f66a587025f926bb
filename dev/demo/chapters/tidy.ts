// In a cluster that was there before, the demo takes away what it has applied, while the operator still runs to see to it: every tenant
// with its database, the retained one included, then releases, plans and the server. What install.yaml and application.yaml brought stays.

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { DeletionPolicy, type StudioTenant } from '../../../src/api/studio-tenant.ts';
import type { Store } from '../../../src/runtime/store.ts';
import { POSTGRES_SERVER, SCHEMA_RELEASE, STUDIO_TENANT, TENANT_PLAN } from '../../../src/api/resources.ts';
import { heading, type Chapter } from '../demo.ts';
import { readSamples } from '../samples.ts';
import type { Manifest } from '../manifests.ts';
import { isSettled } from '../tenant-rows.ts';
import { waitFor } from '../tenants.ts';

/** In use as long as there is a tenant. */
const AFTER_TENANTS: readonly string[] = [SCHEMA_RELEASE.kind, TENANT_PLAN.kind, POSTGRES_SERVER.kind];
const SETTLE_TIMEOUT_MS = 180_000;

export const tidyChapter: Chapter = async (demo) => {
  if (demo.environment.way !== 'existing') return;
  const { terminal, cluster, tenants } = demo;
  heading(terminal, 'Taking away what was applied');
  const samples = [...(await readSamples()).values()].flat();
  const ofKind = (kind: string): readonly Manifest[] => samples.filter((sample) => sample.kind === kind);
  const own = ofKind(STUDIO_TENANT.kind);
  for (const manifest of own) await cluster.apply(erasable(manifest));
  // A retained one must have come back before its deletion can mean its data.
  await waitFor(demo, SETTLE_TIMEOUT_MS, () => own.every((manifest) => hasSettled(tenants, manifest)));
  for (const manifest of [...own, ...AFTER_TENANTS.flatMap(ofKind)]) {
    terminal.line(`  ${manifest.kind}/${manifest.metadata.name}`);
    await cluster.remove(manifest);
  }
  terminal.line('  To remove the rest: kubectl delete -f manifests/application.yaml -f manifests/install.yaml');
};

const hasSettled = (tenants: Store<StudioTenant>, { metadata }: Manifest): boolean => {
  const found = tenants.get(`${metadata.namespace}/${metadata.name}`);
  return found !== undefined && isSettled(found);
};

const erasable = (manifest: Manifest): Manifest => ({
  ...manifest,
  metadata: { ...manifest.metadata, annotations: { [ANNOTATION.confirmDeletion]: manifest.metadata.name } },
  spec: { ...(manifest['spec'] as object), deletionPolicy: DeletionPolicy.Delete },
});
