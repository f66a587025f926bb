// The pure parts of the pod runner: what a container's environment, command line and paths become.

import { describe, expect, test } from 'vitest';
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { annotatedBehaviour, BEHAVIOUR_ANNOTATION } from '../../../dev/pod-runner/behaviour.ts';
import { ConfigError, containerEnvironment, expand, type Referenced } from '../../../dev/pod-runner/container-environment.ts';
import { commandLine, operatorImage } from '../../../dev/pod-runner/images.ts';
import { localPaths } from '../../../dev/pod-runner/volumes.ts';

const KUBERNETES = {
  metadata: { namespace: 'default', name: 'kubernetes' },
  spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, protocol: 'TCP' }] },
};
const WEB = { metadata: { namespace: 'here', name: 'my-web' }, spec: { clusterIP: '10.96.0.7', ports: [{ port: 80 }] } };

const referenced: Referenced = {
  secrets: new Map([['login', { data: { password: Buffer.from('geheim').toString('base64') } }]]),
  configMaps: new Map([['settings', { data: { A: '1', B: '2' } }]]),
  services: [KUBERNETES, WEB],
};

const aPod = (spec: object = {}): V1Pod => ({
  metadata: { name: 'p-1', namespace: 'here', labels: { color: 'red' } },
  spec: { containers: [], enableServiceLinks: false, ...spec },
});

const environmentOf = (container: Partial<V1Container>, pod = aPod()) =>
  containerEnvironment(pod, { name: 'main', ...container }, referenced);

const API_SERVER = {
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
  KUBERNETES_SERVICE_PORT: '443',
  KUBERNETES_SERVICE_PORT_HTTPS: '443',
  KUBERNETES_PORT: 'tcp://10.96.0.1:443',
  KUBERNETES_PORT_443_TCP: 'tcp://10.96.0.1:443',
  KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
  KUBERNETES_PORT_443_TCP_PORT: '443',
  KUBERNETES_PORT_443_TCP_ADDR: '10.96.0.1',
};

describe('the environment of a container', () => {
  test('holds the API server and nothing of ours', () => {
    expect(environmentOf({})).toEqual(API_SERVER);
  });

  test('names the services of the namespace unless the pod does not want links', () => {
    expect(environmentOf({}, aPod({ enableServiceLinks: true }))).toMatchObject({
      MY_WEB_SERVICE_HOST: '10.96.0.7',
      MY_WEB_SERVICE_PORT: '80',
    });
    expect(environmentOf({})).not.toHaveProperty('MY_WEB_SERVICE_HOST');
  });

  test('takes values from Secrets, ConfigMaps and the pod itself', () => {
    const env = [
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'COLOR', valueFrom: { fieldRef: { fieldPath: "metadata.labels['color']" } } },
    ];
    const values = environmentOf({ env, envFrom: [{ prefix: 'X_', configMapRef: { name: 'settings' } }] });
    expect(values).toEqual({ ...API_SERVER, PASSWORD: 'geheim', POD: 'p-1', COLOR: 'red', X_A: '1', X_B: '2' });
  });

  test('expands what stands before a variable, and only that', () => {
    const env = [
      { name: 'URL', value: 'postgresql://$(USER)' },
      { name: 'USER', value: 'u' },
      { name: 'LATER', value: '$(USER) $$(USER)' },
    ];
    expect(environmentOf({ env })).toMatchObject({ URL: 'postgresql://$(USER)', LATER: 'u $(USER)' });
  });

  test('is refused when a Secret or a key is missing, unless it is optional', () => {
    const from = (secretKeyRef: { name: string; key: string; optional?: boolean }) => ({
      env: [{ name: 'X', valueFrom: { secretKeyRef } }],
    });
    expect(() => environmentOf(from({ name: 'none', key: 'k' }))).toThrow(ConfigError);
    expect(() => environmentOf(from({ name: 'login', key: 'k' }))).toThrow(ConfigError);
    expect(environmentOf(from({ name: 'none', key: 'k', optional: true }))).toEqual(API_SERVER);
  });
});

test('an unknown reference stays as it is written', () => {
  expect(expand('$(NOBODY) $1', {})).toBe('$(NOBODY) $1');
});

describe('the command line', () => {
  const image = operatorImage('/repository');

  test('maps the first word to a local program', () => {
    expect(commandLine(image, ['migrate'], ['--verbose'])).toEqual([process.execPath, '/repository/src/migrate.ts', '--verbose']);
  });

  test('is the entry point when a container names no command', () => {
    expect(commandLine(image, [], [])?.at(1)).toBe('/repository/src/main.ts');
  });

  test('is unknown when the image has no such program', () => {
    expect(commandLine(image, ['flyway'], [])).toBeUndefined();
  });
});

test('paths below a mount are rewritten to where the files are, and no others', () => {
  const mounts = { paths: new Map([['/etc/tls', '/tmp/x/tls']]) };
  expect(localPaths('a=/etc/tls/ca.crt&b=/etc/tls', mounts)).toBe('a=/tmp/x/tls/ca.crt&b=/tmp/x/tls');
  expect(localPaths('/etc/tlsx /my/etc/tls.d', mounts)).toBe('/etc/tlsx /my/etc/tls.d');
});

test('a behaviour that nobody knows is an error, not a normal run', () => {
  const annotated = (value: string) => annotatedBehaviour({ metadata: { annotations: { [BEHAVIOUR_ANNOTATION]: value } } });
  expect(annotated('fail: 3 no such table')).toEqual({ kind: 'fail', exitCode: 3, message: 'no such table' });
  expect(annotated('unschedulable: no room')).toEqual({ kind: 'unschedulable', message: 'no room' });
  expect(() => annotated('hnag')).toThrow('hnag');
});
