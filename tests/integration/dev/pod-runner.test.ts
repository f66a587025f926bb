// The pod runner against a real API server and Job controller: what a Job, its pod and an operator see must be what a kubelet would show.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BEHAVIOUR_ANNOTATION } from '../../../dev/pod-runner/behaviour.ts';
import { operatorImage } from '../../../dev/pod-runner/images.ts';
import { startPodRunner, type PodRunner } from '../../../dev/pod-runner/pod-runner.ts';
import { eventually } from '../../support/eventually.ts';
import {
  adminKubeConfig,
  applyObject,
  deleteObject,
  freshNamespace,
  listObjects,
  type AnyObject,
  type TestNamespace,
} from '../../support/kube.ts';

const IMAGE = 'studio-operator:test';

let namespace: TestNamespace;
let runner: PodRunner;

beforeAll(async () => {
  namespace = await freshNamespace('pods');
  runner = await startPodRunner({
    kubeConfig: adminKubeConfig(),
    images: { [IMAGE]: operatorImage() },
    runsNamespace: (name) => name === namespace.name,
  });
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
  await runner.stop();
});

interface PodParts {
  readonly container?: Readonly<Record<string, unknown>>;
  readonly pod?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const aJob = async (name: string, { container = {}, pod = {}, annotations = {} }: PodParts = {}): Promise<AnyObject> =>
  await applyObject({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: namespace.name },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { annotations },
        spec: {
          restartPolicy: 'Never',
          enableServiceLinks: false,
          ...pod,
          containers: [{ name: 'main', image: IMAGE, terminationMessagePolicy: 'FallbackToLogsOnError', ...container }],
        },
      },
    },
  });

const podOf = async (job: string): Promise<AnyObject | undefined> =>
  (await listObjects('v1', 'Pod', namespace.name)).find((pod) => String(pod.metadata['generateName']).startsWith(`${job}-`));

const podWhen = async (job: string, condition: (pod: AnyObject) => boolean): Promise<AnyObject> =>
  await eventually(async () => {
    const pod = await podOf(job);
    return pod !== undefined && condition(pod) && pod;
  });

const jobCondition = async (name: string, type: string): Promise<AnyObject> =>
  await eventually(async () => {
    const job = (await listObjects('batch/v1', 'Job', namespace.name)).find((candidate) => candidate.metadata.name === name);
    return job?.['status'].conditions?.some(
      (condition: { type: string; status: string }) => condition.type === type && condition.status === 'True',
    )
      ? job
      : undefined;
  });

const state = (pod: AnyObject) => pod['status'].containerStatuses?.[0]?.state ?? {};
const print = (variable: string) => ({ command: ['sh', '-c', `echo "$${variable}"; exit 1`] });

describe('a pod that can start', () => {
  test('completes its Job when the command succeeds', async () => {
    await aJob('good', { container: { command: ['node', '-e', 'process.exit(0)'] } });
    await jobCondition('good', 'Complete');
    const pod = await podWhen('good', (found) => found['status'].phase === 'Succeeded');
    expect(state(pod).terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(pod['spec'].nodeName).toBe('pod-runner');
  });

  test('fails its Job with the exit code and the end of the log', async () => {
    await aJob('bad', { container: { command: ['sh', '-c', 'echo first; echo "no such table" >&2; exit 7'] } });
    await jobCondition('bad', 'Failed');
    const pod = await podWhen('bad', (found) => found['status'].phase === 'Failed');
    expect(state(pod).terminated).toMatchObject({ exitCode: 7, reason: 'Error', message: 'first\nno such table\n' });
  });

  test('gets the environment of its pod and nothing of this process', async () => {
    process.env['LEAKED_FROM_THE_RUNNER'] = 'yes';
    const container = { command: ['sh', '-c', 'env; exit 1'], env: [{ name: 'GREETING', value: 'hello $(NOBODY)' }] };
    await aJob('env', { container, pod: { automountServiceAccountToken: false } });
    const pod = await podWhen('env', (found) => found['status'].phase === 'Failed');
    const names = String(state(pod).terminated.message)
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(state(pod).terminated.message).toContain('GREETING=hello $(NOBODY)');
    expect(names).not.toContain('LEAKED_FROM_THE_RUNNER');
    expect(names).not.toContain('KUBECONFIG');
  });

  test('reads a mounted Secret through a path in its environment', async () => {
    await applyObject({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'tls', namespace: namespace.name },
      stringData: { 'ca.crt': 'PEM' },
    });
    await aJob('mount', {
      pod: { volumes: [{ name: 'tls', secret: { secretName: 'tls' } }] },
      container: {
        command: ['sh', '-c', 'cat "$CA"; cat /etc/our-tls/ca.crt; exit 1'],
        env: [{ name: 'CA', value: '/etc/our-tls/ca.crt' }],
        volumeMounts: [{ name: 'tls', mountPath: '/etc/our-tls' }],
      },
    });
    const pod = await podWhen('mount', (found) => found['status'].phase === 'Failed');
    expect(state(pod).terminated.message).toBe('PEMPEM');
  });

  test('is ended at its own deadline', async () => {
    await aJob('late', {
      pod: { activeDeadlineSeconds: 1, terminationGracePeriodSeconds: 0 },
      annotations: { [BEHAVIOUR_ANNOTATION]: 'hang' },
    });
    const pod = await podWhen('late', (found) => found['status'].phase === 'Failed');
    expect(pod['status'].reason).toBe('DeadlineExceeded');
    await jobCondition('late', 'Failed');
  });

  test('is told to end when it is deleted, killed when it does not, and then gone', async () => {
    await aJob('stubborn', {
      pod: { terminationGracePeriodSeconds: 1 },
      container: { command: ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'] },
    });
    const pod = await podWhen('stubborn', (found) => found['status'].phase === 'Running');
    await deleteObject({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'stubborn', namespace: namespace.name } });
    await eventually(async () => (await podOf('stubborn')) === undefined);
    expect(pod['status'].conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  });
});

describe('a pod that cannot start', () => {
  test('waits with ErrImagePull, then ImagePullBackOff, for an image that is not there', async () => {
    await aJob('no-image', { container: { image: 'nobody/nothing:1' } });
    await podWhen('no-image', (pod) => ['ErrImagePull', 'ImagePullBackOff'].includes(state(pod).waiting?.reason));
    const pod = await podWhen('no-image', (found) => state(found).waiting?.reason === 'ImagePullBackOff');
    expect(pod['status'].phase).toBe('Pending');
  });

  test('waits for a missing Secret and starts once it is there', async () => {
    const env = [{ name: 'WORD', valueFrom: { secretKeyRef: { name: 'later', key: 'word' } } }];
    await aJob('no-secret', { container: { ...print('WORD'), env } });
    const waiting = await podWhen('no-secret', (pod) => state(pod).waiting?.reason === 'CreateContainerConfigError');
    expect(state(waiting).waiting.message).toBe('secret "later" not found');
    await applyObject({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'later', namespace: namespace.name },
      stringData: { word: 'now' },
    });
    const pod = await podWhen('no-secret', (found) => found['status'].phase === 'Failed');
    expect(state(pod).terminated.message).toBe('now\n');
  });

  test('stays Pending without a node when it is unschedulable, and can be deleted', async () => {
    await aJob('no-node', { annotations: { [BEHAVIOUR_ANNOTATION]: 'unschedulable: 0/3 nodes are available' } });
    const pod = await podWhen('no-node', (found) => found['status'].conditions?.[0]?.reason === 'Unschedulable');
    expect(pod['status'].conditions[0].message).toBe('0/3 nodes are available');
    await deleteObject({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'no-node', namespace: namespace.name } });
    await eventually(async () => (await podOf('no-node')) === undefined);
  });
});
