/** The dashboards' JSON, as Grafana wants it: without a Grafana to look at, what it would stumble over is looked for here. */
import { describe, expect, it } from 'vitest';

import { createMetrics } from '../../../src/metrics.ts';
import { createApplicationMetrics } from '../../../src/app/metrics/application-metrics.ts';
import { type Dashboard, dashboards, type Panel } from '../../support/dashboards.ts';

const all = [...dashboards()];
const panels = all.flatMap(([name, dashboard]) => dashboard.panels.map((panel) => ({ name, panel, title: `${name} / ${panel.title}` })));
const asking = panels.filter(({ panel }) => panel.type !== 'row');
const variablesIn = (text: string): readonly string[] => [...text.matchAll(/\$\{?(\w+)\}?/g)].map(([, name = '']) => name);

function overlap(a: Panel['gridPos'], b: Panel['gridPos']): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** Names of all series that the programs can report, and that Prometheus makes itself. */
function knownSeries(): ReadonlySet<string> {
  const operator = createMetrics();
  operator.observeFleet({ tenants: () => [], servers: () => [], releases: () => [] });
  const application = createApplicationMetrics();
  // Nobody asks for values here, only for names.
  application.observeRouting({} as never);
  const described = [...operator.registry.getMetricsAsArray(), ...application.registry.getMetricsAsArray()];
  const series = described.flatMap(({ name, type }) =>
    String(type) === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
  );
  return new Set([...series, 'ALERTS']);
}

describe('the dashboards', () => {
  it('are four: the fleet, one tenant, servers and migrations', () => {
    expect(all.map(([name]) => name).toSorted()).toEqual(['fleet', 'migrations', 'servers', 'tenant']);
    expect(new Set(all.map(([, { uid }]) => uid)).size).toBe(4);
    expect(new Set(all.map(([, { title }]) => title)).size).toBe(4);
  });

  it.each(all)('%s says what it is for, by a schema that Grafana 10 knows, with a data source to choose', (_name, dashboard: Dashboard) => {
    expect(dashboard.schemaVersion).toBe(39);
    expect(dashboard.description).toMatch(/\.$/);
    expect(dashboard).not.toHaveProperty('id');
    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  it.each(all)('%s puts no panel onto another, or over the edge', (_name, { panels: own }) => {
    const places = own.map(({ gridPos }) => gridPos);

    expect(places.filter(({ x, w }) => x < 0 || x + w > 24)).toEqual([]);
    expect(places.filter((one, index) => places.slice(index + 1).some((other) => overlap(one, other)))).toEqual([]);
  });

  it.each(all)('%s uses variables that it has', (_name, { templating, panels: own }) => {
    const known = new Set(['__rate_interval', ...templating.list.map(({ name }) => name)]);
    const used = [
      ...own.flatMap(({ title, targets = [] }) => [title, ...targets.map(({ expr }) => expr)]),
      ...templating.list.map(({ definition = '' }) => definition),
    ];

    expect(used.flatMap(variablesIn).filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(asking)('$title asks the chosen data source, has a unit, and says what it shows', ({ panel }) => {
    const chosen = { type: 'prometheus', uid: '${datasource}' };

    expect(panel.description).toMatch(/.{15,}\.$/);
    expect(panel.fieldConfig?.defaults.unit).toBeTruthy();
    expect(panel.datasource).toEqual(chosen);
    expect(panel.targets?.length).toBeGreaterThan(0);
    for (const { datasource, expr } of panel.targets ?? []) {
      expect(datasource).toEqual(chosen);
      expect(expr).not.toBe('');
    }
    expect(new Set(panel.targets?.map(({ refId }) => refId)).size).toBe(panel.targets?.length);
  });

  it('ask for series that there are', () => {
    const known = knownSeries();
    const asked = asking
      .flatMap(({ panel }) => panel.targets ?? [])
      .flatMap(
        ({ expr }) =>
          expr.match(/\b(?:studio|rest_client|workqueue|controller_runtime|leader_election|process|nodejs|reflector)_\w+|\bALERTS\b/g) ??
          [],
      );

    expect(asked.length).toBeGreaterThan(80);
    expect([...new Set(asked)].filter((name) => !known.has(name))).toEqual([]);
  });
});
