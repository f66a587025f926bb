// The namespaces of the operator and of tenants: do they keep pods restricted? Pure. Migration Jobs run images that releases name.
import type { Metadata } from '../kubernetes/objects.ts';
import { type Finding, ok, warn } from './finding.ts';

export interface Namespace {
  readonly metadata: Metadata;
}

const ENFORCE = 'pod-security.kubernetes.io/enforce';
const GOOD = new Set(['restricted', 'baseline']);

export function checkPodSecurity(namespaces: readonly Namespace[]): readonly Finding[] {
  const loose = namespaces.filter(({ metadata }) => !GOOD.has(metadata.labels?.[ENFORCE] ?? ''));
  if (loose.length === 0) return [ok('pod security', `enforced in ${namespaces.map(({ metadata }) => metadata.name).join(', ')}`)];
  return loose.map(({ metadata }) =>
    warn(
      'pod security',
      `namespace ${metadata.name} lets any pod in`,
      `The operator and its Jobs are restricted, so: kubectl label namespace ${metadata.name} ${ENFORCE}=restricted`,
    ),
  );
}
