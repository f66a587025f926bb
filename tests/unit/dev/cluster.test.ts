// What decides about a cluster before anything is started, and what is applied for an operator in a Deployment.

import { describe, expect, test } from 'vitest';
import { deployedApplicationObjects } from '../../../dev/cluster/application-deployment.ts';
import { clusterArguments, UsageError } from '../../../dev/cluster/arguments.ts';
import { asSeenInCluster, chooseStrategy, type DatabaseAccess } from '../../../dev/cluster/environment.ts';
import { operatorObjects } from '../../../dev/cluster/operator-deployment.ts';
import { allStarted, StartedParts } from '../../../dev/cluster/started-parts.ts';

const URL_OF_SERVER = 'postgresql://admin:secret@pg.example:5433/postgres';

describe('the arguments of a cluster', () => {
  test('are taken out, whatever else there is', () => {
    const args = [
      '--once',
      '--context',
      'mine',
      '--image=r/o:1',
      '--postgres-url',
      URL_OF_SERVER,
      '--ingress-port',
      '8080',
      '--tenants',
      '5',
    ];
    expect(clusterArguments(args)).toEqual({
      existing: { context: 'mine', image: 'r/o:1', postgresUrl: URL_OF_SERVER, ingressPort: 8080 },
      rest: ['--once', '--tenants', '5'],
    });
  });

  test('are absent unless one of them is given', () => {
    expect(clusterArguments(['--once'])).toEqual({ existing: undefined, rest: ['--once'] });
  });

  test.each([
    [['--context', 'mine'], '--context needs --image'],
    [['--context', 'mine', '--image', 'r/o:1'], '--postgres-url'],
    [['--image', 'r/o:1'], 'belong to --context'],
    [['--context', 'mine', '--image', 'r/o:1', '--postgres-url', 'pg.example'], 'no postgresql:// URL'],
    [['--ingress-port', '80'], 'belong to --context'],
    [['--context', 'mine', '--image', 'r/o:1', '--postgres-url', URL_OF_SERVER, '--ingress-port', '0'], 'is no port'],
    [['--context'], 'belong to --context'],
  ])('are refused with a sentence when one is missing: %j', (args, sentence) => {
    expect(() => clusterArguments(args)).toThrow(UsageError);
    expect(() => clusterArguments(args)).toThrow(sentence);
  });
});

const access: DatabaseAccess = {
  here: { host: 'localhost', port: 40_001 },
  inCluster: { host: '172.18.0.3', port: 5432 },
  adminUrl: 'postgresql://studio_admin:a@localhost:40001/postgres',
  masterUrl: 'postgresql://studio_master:m@localhost:40001/studio_platform_master',
};

test('a connection string is rewritten to the address that pods use, and nothing else of it', () => {
  expect(asSeenInCluster(access.masterUrl, access)).toBe('postgresql://studio_master:m@172.18.0.3:5432/studio_platform_master');
});

test('the Deployment and the Jobs that it makes run the image of this cluster', () => {
  const [secret, configMap, deployment] = operatorObjects({ image: 'r/o:1', postgres: access }, { BASE_DOMAIN: 'platform.localhost' });
  expect(secret).toMatchObject({ kind: 'Secret', stringData: { url: asSeenInCluster(access.masterUrl, access) } });
  expect(configMap).toMatchObject({ kind: 'ConfigMap', data: { BASE_DOMAIN: 'platform.localhost' } });
  const container = { image: 'r/o:1', env: expect.arrayContaining([{ name: 'OPERATOR_IMAGE', value: 'r/o:1' }]) };
  expect(deployment).toMatchObject({ kind: 'Deployment', spec: { template: { spec: { containers: [container] } } } });
});

test('the application is deployed with its own login and the image of this cluster', () => {
  const masterUrl = 'postgresql://studio_app:p@localhost:40001/studio_platform_master';
  const settings = { BASE_DOMAIN: 'platform.localhost' };
  const objects = deployedApplicationObjects({ image: 'r/o:1', postgres: access }, { masterUrl, settings });
  expect(objects).toContainEqual(expect.objectContaining({ kind: 'Secret', stringData: { url: asSeenInCluster(masterUrl, access) } }));
  expect(objects).toContainEqual(expect.objectContaining({ kind: 'ConfigMap', data: settings }));
  const container = { image: 'r/o:1', command: ['app'] };
  expect(objects.at(-1)).toMatchObject({ kind: 'Deployment', spec: { template: { spec: { containers: [container] } } } });
});

test('nobody is taken to a cluster that they did not name', async () => {
  const strategy = await chooseStrategy({ context: 'no-such-context', image: 'r/o:1', postgresUrl: URL_OF_SERVER, ingressPort: undefined });
  await expect(strategy.start({})).rejects.toThrow('there is no context "no-such-context"');
});

describe('what was started', () => {
  const part = (name: string, stopped: string[], failure?: Error) => ({
    stop: async () => {
      stopped.push(name);
      if (failure !== undefined) throw failure;
    },
  });

  test('is stopped newest first, also when one of the stops fails', async () => {
    const stopped: string[] = [];
    const parts = new StartedParts();
    parts.add(part('network', stopped));
    parts.add(part('server', stopped, new Error('stuck')));
    parts.add(part('cluster', stopped));
    await expect(parts.stop()).rejects.toThrow(AggregateError);
    expect(stopped).toEqual(['cluster', 'server', 'network']);
  });

  test('is stopped when a later start fails, after all starts have come to an end', async () => {
    const stopped: string[] = [];
    const parts = new StartedParts();
    const slow = Promise.withResolvers<void>();
    const start = parts.orStop(
      async () =>
        await allStarted(
          Promise.reject(new Error('no cluster')),
          slow.promise.then(() => parts.add(part('late server', stopped))),
        ),
    );
    slow.resolve();
    await expect(start).rejects.toThrow('no cluster');
    expect(stopped).toEqual(['late server']);
  });
});
