/**
 * How far each SchemaRelease has come. Separate because it is what somebody watches while a release goes out, and its numbers
 * are the release's own status.
 */
import type { Registry } from 'prom-client';

import type { SchemaRelease } from '../api/schema-release.ts';
import { collectedGauge, type Sample } from './collected.ts';

const STATES = ['pending', 'running', 'done', 'failed'] as const;

/** @param releases undefined while they are not known yet */
export function registerReleaseSeries(registry: Registry, releases: () => readonly SchemaRelease[] | undefined): void {
  const perRelease = (name: string, help: string, value: (release: SchemaRelease) => number): void =>
    collectedGauge(registry, {
      name,
      help,
      labels: ['release'],
      samples: () => (releases() ?? []).map((release): Sample => [{ release: release.metadata.name }, value(release)]),
    });
  collectedGauge(registry, {
    name: 'studio_release_tenants',
    help: 'Tenants by how far a SchemaRelease has come with them.',
    labels: ['release', 'state'],
    samples: () => (releases() ?? []).flatMap(statesOf),
  });
  perRelease('studio_release_version', 'The version of a SchemaRelease; the highest is the newest.', ({ spec }) => spec.version);
  perRelease('studio_release_halted', '1 for a SchemaRelease that too many tenants failed on.', ({ status }) =>
    status?.halted === true ? 1 : 0,
  );
  perRelease('studio_release_paused', '1 for a SchemaRelease that is paused.', ({ spec }) => (spec.paused ? 1 : 0));
}

function statesOf({ metadata, status }: SchemaRelease): readonly Sample[] {
  return STATES.map((state) => [{ release: metadata.name, state }, status?.[state] ?? 0]);
}
