/** What doctor concludes from what it found. */
import { describe, expect, it } from 'vitest';

import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { checkDefinitions, type Definition } from '../../../src/plugin/doctor/definitions.ts';
import { checkFleet } from '../../../src/plugin/doctor/fleet-health.ts';
import { checkOperator, type Deployment, type OperatorFacts } from '../../../src/plugin/doctor/operator-health.ts';
import { checkPodSecurity } from '../../../src/plugin/doctor/pod-security.ts';
import { isRenewed, type Lease } from '../../../src/plugin/doctor/lease.ts';
import { runScripted } from '../../support/scripted-session.ts';
import { checkVersions } from '../../../src/plugin/doctor/versions.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');

const status = { conditions: [{ type: 'Established', status: 'True' }] };
const definitions = customResourceDefinitions().map((definition) => Object.assign(definition, { status })) as unknown as Definition[];

describe('definitions', () => {
  it('of this version are well', () => {
    expect(checkDefinitions(definitions).map(({ level }) => level)).toEqual(['ok']);
  });

  it('that are missing, on their way out or older are told apart', () => {
    const [first, second, third] = definitions;
    const older = structuredClone(third) as unknown as {
      spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: { properties: Record<string, unknown> } } } } }[] };
    };
    const fields = older.spec.versions[0]?.schema.openAPIV3Schema.properties.spec.properties ?? {};
    const gone = Object.keys(fields)[0] ?? '';
    delete fields[gone];
    const leaving = { ...second, metadata: { ...second?.metadata, deletionTimestamp: '2030-01-01T00:00:00Z' } };

    const found = checkDefinitions([first, leaving, older] as unknown as Definition[]);

    expect(found.map(({ level }) => level).toSorted()).toEqual(['fail', 'fail', 'warn']);
    expect(found.map(({ message }) => message).join('\n')).toContain('is being deleted');
    expect(found.map(({ message }) => message).join('\n')).toContain('is not installed');
    expect(found.map(({ message }) => message).join('\n')).toContain(`is older than this plugin: it lacks spec.${gone}`);
  });
});

describe('the operator', () => {
  const deployment = (change: object = {}): Deployment => ({
    metadata: { name: 'studio-operator', labels: { 'helm.sh/chart': 'studio-operator-0.1.0', 'app.kubernetes.io/version': '0.1.0' } },
    spec: { replicas: 2, template: { spec: { containers: [{ image: 'registry.example/studio-operator:0.1.0' }] } } },
    status: { readyReplicas: 2, updatedReplicas: 2 },
    ...change,
  });
  const facts = (change: Partial<OperatorFacts> = {}): OperatorFacts => ({
    namespace: 'studio-system',
    deployments: [deployment()],
    leases: [
      { metadata: { name: 'studio-operator' }, spec: { holderIdentity: 'a', renewTime: '2029-12-31T23:59:55Z', leaseDurationSeconds: 15 } },
    ],
    pods: [],
    isRenewed: false,
    version: '0.1.0',
    nowMs: NOW,
    ...change,
  });
  const levels = (change: Partial<OperatorFacts>): readonly string[] =>
    checkOperator(facts(change)).map(({ check, level }) => `${level} ${check}`);

  it('that runs, leads and is of this version is well', () => {
    expect(levels({})).toEqual(['ok operator', 'ok leader', 'ok version']);
  });

  it('is not well without replicas, a leader or the right version', () => {
    expect(levels({ deployments: [deployment({ status: { readyReplicas: 0 } })] })[0]).toBe('fail operator');
    expect(levels({ deployments: [deployment({ status: { readyReplicas: 1 } })] })[0]).toBe('warn operator');
    expect(levels({ leases: [] })[1]).toBe('fail leader');
    expect(levels({ nowMs: NOW + 60_000 })[1]).toBe('fail leader');
    expect(levels({ version: '0.2.0' })[2]).toBe('warn version');
    expect(levels({ deployments: [], leases: [] })).toEqual(['fail operator', 'fail leader']);
    expect(levels({ deployments: [] })).toEqual(['warn operator', 'ok leader']);
  });

  it('that renews its Lease is not called dead because of the clock here', () => {
    for (const nowMs of [NOW + 60_000, NOW - 60_000]) {
      const [, leader] = checkOperator(facts({ nowMs, isRenewed: true }));
      expect([leader?.level, leader?.message]).toEqual(['warn', expect.stringContaining("this machine's clock says otherwise")]);
    }
    expect(levels({ nowMs: NOW - 60_000 })[1]).toBe('fail leader');
  });

  it('has its Lease looked at again where the clock here says that it ran out', async () => {
    const lease = (renewTime: string): Lease => ({
      metadata: { name: 'studio-operator' },
      spec: { holderIdentity: 'a', renewTime, leaseDurationSeconds: 1 },
    });

    expect(await isRenewed(lease('2029-12-31T23:59:55Z'), async () => lease('2029-12-31T23:59:57Z'))).toBe(true);
    expect(await isRenewed(lease('2029-12-31T23:59:55Z'), async () => lease('2029-12-31T23:59:55Z'))).toBe(false);
  });

  it('whose image cannot be pulled says so', () => {
    const pod = {
      metadata: { name: 'p' },
      status: { containerStatuses: [{ name: 'operator', state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } }] },
    };

    expect(checkOperator(facts({ pods: [pod] })).map(({ message }) => message)).toContain('pod p: ImagePullBackOff no such image');
  });
});

describe('the rest', () => {
  it('wants Kubernetes 1.33, and a kubectl that is near it', () => {
    const levels = (server: string, client: string): readonly string[] =>
      checkVersions({ serverVersion: { gitVersion: server }, clientVersion: { gitVersion: client } }).map(({ level }) => level);

    expect(levels('v1.33.1+k3s1', 'v1.34.0')).toEqual(['ok']);
    expect(levels('v1.32.9', 'v1.33.0')).toEqual(['fail']);
    expect(levels('v1.36.0', 'v1.33.0')).toEqual(['ok', 'warn']);
  });

  it('wants servers with room, and every status of the newest spec', () => {
    const server = {
      metadata: { name: 'main' },
      spec: { capacity: { maxDatabases: 10 } },
      status: { version: '18.4', databases: 10, conditions: [{ type: 'Ready', status: 'True' }] },
    };
    const tenant = {
      metadata: { name: 'yoga', namespace: 'studios', generation: 3 },
      spec: {},
      status: { observedGeneration: 2, conditions: [] },
    };
    const said = checkFleet({ servers: [server], releases: [], tenants: [tenant], gaps: [] }).map(
      ({ level, message }) => `${level} ${message}`,
    );

    expect(said).toContain('warn main: PostgreSQL 18.4, 10 of 10 databases: nearly full');
    expect(said).toContain('warn no server takes new tenants');
    expect(said).toContain('warn 1 status behind the spec: studios/yoga');
  });

  it('names what was asked of tenants by annotation and not acted on', () => {
    const tenant = {
      metadata: { name: 'yoga', namespace: 'studios', generation: 1, annotations: { 'studio-platform.io/suspend': 'leak' } },
      spec: {},
      status: { observedGeneration: 1, phase: 'Ready', conditions: [{ type: 'Ready', status: 'True', reason: 'InSync' }] },
    };
    const said = checkFleet({ tenants: [tenant], gaps: [] })
      .filter(({ check }) => check === 'in step')
      .map(({ level, message }) => `${level} ${message}`);

    expect(said).toEqual(['warn a suspension, resumption or deletion of studios/yoga has not been acted on']);
  });

  it.each([
    [30, true],
    [31, false],
  ])('asks for %i namespaces of tenants by name: %s', async (count, isByName) => {
    const names = Array.from({ length: count - 1 }, (_, i) => `studio-${i}`);
    const asked: (readonly string[])[] = [];
    const tenants = names.map((namespace) => ({ metadata: { name: 'yoga', namespace }, spec: {} }));
    const namespaces = [...names, 'studio-system', 'other'].map((name) => ({ metadata: { name } }));
    const { out } = await runScripted(['doctor'], {
      text: (words) => {
        if (words[1] === 'namespaces') asked.push(words);
        if (words[0] === 'version')
          return JSON.stringify({ serverVersion: { gitVersion: 'v1.34.0' }, clientVersion: { gitVersion: 'v1.34.0' } });
        const items: Readonly<Record<string, readonly object[]>> = { 'studiotenants.studio-platform.io': tenants, namespaces };
        return JSON.stringify({ items: items[words[1] ?? ''] ?? [] });
      },
    });

    expect(asked.map((words) => words.includes('studio-0'))).toEqual([isByName]);
    expect(out.match(/lets any pod in/g)).toHaveLength(count);
  });

  it('wants namespaces that keep pods restricted', () => {
    const namespace = (name: string, enforce: string) => ({
      metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': enforce } },
    });

    expect(
      checkPodSecurity([namespace('a', 'restricted'), namespace('b', 'privileged')]).map(({ level, message }) => [level, message]),
    ).toEqual([['warn', 'namespace b lets any pod in']]);
  });
});
