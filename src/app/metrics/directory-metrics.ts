/*
 * How well this process knows the tenants, read from the directory's own numbers. Separate because it is about the master
 * database alone: tenants that are known go on being served without it.
 */
import type { Registry } from 'prom-client';

import { collectedCounter, collectedGauge, type Sample } from '../../metrics/collected.ts';
import type { DirectoryStats } from '../../routing/index.ts';

export function registerDirectoryMetrics(registry: Registry, stats: () => DirectoryStats): void {
  registerGauges(registry, stats);
  collectedCounter(registry, {
    name: 'studio_app_directory_answers_total',
    help: 'Hosts looked up: known, asked for, or known but not to be verified because the master database was away.',
    labels: ['from'],
    samples: () => {
      const { hits, misses, stale } = stats();
      return Object.entries({ memory: hits, master: misses, stale }).map(([from, count]): Sample => [{ from }, count]);
    },
  });
  const counter = (name: string, help: string, value: (now: DirectoryStats) => number): void =>
    collectedCounter(registry, { name, help, labels: [], samples: () => [[{}, value(stats())]] });
  counter('studio_app_directory_queries_total', 'Queries to the master database, each for many hosts.', ({ queries }) => queries);
  counter('studio_app_directory_changes_total', 'Changes of tenants that were heard of.', ({ changes }) => changes);
}

function registerGauges(registry: Registry, stats: () => DirectoryStats): void {
  const gauge = (name: string, help: string, value: (now: DirectoryStats) => number): void =>
    collectedGauge(registry, { name, help, labels: [], samples: () => [[{}, value(stats())]] });
  gauge('studio_app_directory_master_up', '1 while the master database answered when it was asked last.', (now) =>
    now.isMasterAnswering ? 1 : 0,
  );
  gauge('studio_app_directory_listening', '1 while changes of tenants are heard of.', (now) => (now.isListening ? 1 : 0));
  gauge('studio_app_directory_waiting', 'Hosts that are being asked for.', ({ waiting }) => waiting);
  collectedGauge(registry, {
    name: 'studio_app_directory_hosts',
    help: "Hosts in memory: tenants', and those that are nobody's.",
    labels: ['kind'],
    samples: () => {
      const { known, unknown } = stats();
      return Object.entries({ tenant: known, nobody: unknown }).map(([kind, count]): Sample => [{ kind }, count]);
    },
  });
}
