// The pod runner with a Deployment on a real API server: what its controller, and whoever waits for it, is told of pods that run for ever.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operatorImage } from '../../../dev/pod-runner/images.ts';
import { startPodRunner, type PodRunner } from '../../../dev/pod-runner/pod-runner.ts';
import { eventually } from '../../support/eventually.ts';
import {
  adminKubeConfig,
  applyObject,
  freshNamespace,
  listObjects,
  readObject,
  type AnyObject,
  type TestNamespace,
} from '../../support/kube.ts';

const IMAGE = 'studio-operator:test';

/** Writes its port to a file, and answers: as whom the API server knows it; whether it is ready; by its end. */
const SERVER = String.raw`
  const { createServer } = require('node:http');
  const { request } = require('node:https');
  const { readFileSync, writeFileSync } = require('node:fs');
  const { parse } = require('yaml');
  const { clusters: [{ cluster }], users: [{ user }] } = parse(readFileSync(process.env.KUBECONFIG, 'utf8'));
  const whoAmI = (done) => {
    const url = cluster.server + '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const headers = { authorization: 'Bearer ' + user.token, 'content-type': 'application/json' };
    const ca = Buffer.from(cluster['certificate-authority-data'], 'base64');
    const call = request(url, { method: 'POST', headers, ca }, async (answer) => done((await answer.toArray()).join('')));
    call.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }));
  };
  let ready = true;
  createServer(({ url }, response) => {
    if (url === '/end') process.exit(3);
    if (url === '/unready') ready = false;
    response.statusCode = ready ? 200 : 503;
    if (url === '/who') whoAmI((text) => response.end(text));
    else response.end();
  }).listen(Number(process.env.LISTEN_PORT), process.env.LISTEN_HOST, () => writeFileSync(process.env.PORT_FILE, process.env.LISTEN_PORT));`;

let namespace: TestNamespace;
let runner: PodRunner;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'studio-pods-'));
  namespace = await freshNamespace('deployment');
  runner = await startPodRunner({
    kubeConfig: adminKubeConfig(),
    images: { [IMAGE]: operatorImage() },
    runsNamespace: (name) => name === namespace.name,
  });
  await applyObject(deployment(1));
  await available(1);
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
  await runner.stop();
  await rm(directory, { recursive: true });
});

const labels = { app: 'server' };

function deployment(replicas: number): AnyObject {
  const container = {
    name: 'main',
    image: IMAGE,
    command: ['node', '-e', SERVER],
    ports: [{ name: 'http', containerPort: 8080 }],
    env: [{ name: 'PORT_FILE', value: portFile() }],
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
  };
  const spec = { terminationGracePeriodSeconds: 1, containers: [container] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'server', namespace: namespace.name },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function portFile(): string {
  return path.join(directory, 'port');
}

async function ask(url: string): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${await readFile(portFile(), 'utf8')}${url}`)).text();
}

async function available(replicas: number): Promise<void> {
  await eventually(async () => ((await readObject(deployment(1)))?.['status']?.availableReplicas ?? 0) === replicas);
}

const containerOf = async (): Promise<AnyObject> =>
  (await listObjects('v1', 'Pod', namespace.name))[0]?.['status'].containerStatuses?.[0] ?? {};

test('acts as its ServiceAccount', async () => {
  expect(JSON.parse(await ask('/who')).status.userInfo.username).toBe(`system:serviceaccount:${namespace.name}:default`);
});

test('is available when its probe says so, and not when it does not', async () => {
  await ask('/unready');
  await available(0);
  expect(await containerOf()).toMatchObject({ ready: false, restartCount: 0, state: { running: {} } });
});

test('is started again when it ends, and says how it ended', async () => {
  await expect(ask('/end')).rejects.toThrow();
  await available(1);
  expect(await containerOf()).toMatchObject({ ready: true, restartCount: 1, lastState: { terminated: { exitCode: 3, reason: 'Error' } } });
});

test('ends when the Deployment has no replicas any more', async () => {
  await applyObject(deployment(0));
  await eventually(async () => (await listObjects('v1', 'Pod', namespace.name)).length === 0);
  await expect(ask('/readyz')).rejects.toThrow();
});
