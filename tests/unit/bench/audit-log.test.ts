// Counting from the API server's audit log. The lines were written by kube-apiserver 1.36.3, shortened to what is looked at.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countByWhat, isLeaseRenewal, isWrite, readAuditLog, type ApiRequest } from '../../../bench/audit-log.ts';

const OPERATOR = 'system:serviceaccount:studio-system:studio-operator';
const line = (verb: string, user: string, objectRef: object, rest: object = {}): string =>
  JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    stage: 'ResponseComplete',
    verb,
    user: { username: user, groups: ['system:authenticated'] },
    objectRef,
    responseStatus: { metadata: {}, code: 200 },
    requestReceivedTimestamp: '2026-11-23T15:57:25.084796Z',
    ...rest,
  });

const TENANT = { resource: 'studiotenants', namespace: 'studio-tenants', name: 'my-studio', apiGroup: 'studio-platform.io' };
const LINES = [
  line('patch', OPERATOR, { ...TENANT, subresource: 'status' }),
  line('patch', OPERATOR, { ...TENANT, subresource: 'status' }),
  line('patch', OPERATOR, TENANT),
  line('update', OPERATOR, { resource: 'leases', namespace: 'studio-system', name: 'studio-operator' }),
  line('watch', OPERATOR, { resource: 'jobs' }, { stage: 'ResponseStarted' }),
  line('get', OPERATOR, { resource: 'secrets', namespace: 'studio-system', name: 'postgres-main-admin' }),
  line(
    'create',
    'admin',
    { resource: 'configmaps', namespace: 'one', name: 'made' },
    {
      responseStatus: { status: 'Failure', reason: 'AlreadyExists', code: 409 },
    },
  ),
  '{"kind":"Event","stage":"ResponseComp', // the server is writing this one
];

describe('the audit log of an API server', () => {
  let directory: string;
  let requests: ApiRequest[];

  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'audit-log-'));
    const file = path.join(directory, 'audit.log');
    await writeFile(file, LINES.join('\n'));
    requests = await Array.fromAsync(readAuditLog(file));
  });
  afterAll(async () => await rm(directory, { recursive: true }));

  it('counts answered requests, whole lines and each once', () => {
    expect(requests).toHaveLength(6);
  });

  it('tells writes from reads, and the heartbeat from work', () => {
    const writes = requests.filter((request) => request.user === OPERATOR && isWrite(request));
    expect(writes).toHaveLength(4);
    expect(writes.filter(isLeaseRenewal)).toHaveLength(1);
  });

  it('names what was written with its subresource, the most frequent first', () => {
    const ours = requests.filter(({ user, verb }) => user === OPERATOR && verb === 'patch');
    expect(Object.entries(countByWhat(ours))).toEqual([
      ['patch studiotenants/status', 2],
      ['patch studiotenants', 1],
    ]);
  });

  it('knows object, time and answer', () => {
    expect(requests.at(-1)).toEqual({
      atMs: Date.parse('2026-11-23T15:57:25.084Z'),
      user: 'admin',
      verb: 'create',
      resource: 'configmaps',
      object: 'one/made',
      code: 409,
    });
  });
});
