// What is shared between requests, and when it is made anew. Nothing is connected to here.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Connection } from '../../../../src/clients/kubernetes/connection.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'connection-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function kubeconfig(name: string, cluster: object, user: object = {}): Promise<string> {
  const path = join(directory, `${name}.json`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: `https://${name}.example:6443/base/`, ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

test('requests share one pool until the CA changes', async () => {
  const ca = join(directory, 'ca.crt');
  await writeFile(ca, 'first');
  const connection = new Connection({ path: await kubeconfig('rotating', { 'certificate-authority': ca }) });
  const [first, second] = [await connection.access(), await connection.access()];
  expect(second.dispatchers).toBe(first.dispatchers);
  await writeFile(ca, 'second');
  const third = await connection.access();
  expect(third.dispatchers).not.toBe(first.dispatchers);
  await connection.close();
});

test('the address keeps its base path and loses the slash at its end', async () => {
  const connection = new Connection({ path: await kubeconfig('based', {}) });
  expect((await connection.access()).server).toBe('https://based.example:6443/base');
  await connection.close();
});

test('credentials become headers: a token, a name and password, an impersonation', async () => {
  const headersFor = async (name: string, user: object): Promise<unknown> => {
    const connection = new Connection({ path: await kubeconfig(name, {}, user) });
    const { headers } = await connection.access();
    await connection.close();
    return headers;
  };
  expect(await headersFor('token', { token: 'abc\n' })).toEqual({ authorization: 'Bearer abc' });
  expect(await headersFor('basic', { username: 'me', password: 'secret' })).toEqual({ authorization: 'Basic bWU6c2VjcmV0' });
  expect(await headersFor('as', { token: 'abc', as: 'other' })).toMatchObject({ 'impersonate-user': 'other' });
});

test('several files are merged, and a context chooses among them', async () => {
  const path = [await kubeconfig('one', {}), await kubeconfig('two', {})].join(delimiter);
  const servers = await Promise.all([undefined, 'two'].map(async (context) => (await new Connection({ path, context }).access()).server));
  expect(servers).toEqual(['https://one.example:6443/base', 'https://two.example:6443/base']);
});

test('a configuration that names no server is an error at once', async () => {
  expect(() => new Connection({ path: join(directory, 'missing.json') })).toThrow('ENOENT');
  const path = await kubeconfig('known', {});
  expect(() => new Connection({ path, context: 'unknown' })).toThrow('names no cluster for the context "unknown"');
  const wrong = await kubeconfig('wrong', { server: 'nowhere' });
  expect(() => new Connection({ path: wrong })).toThrow('is no address');
  expect(() => new Connection({})).toThrow('not in a pod, and no kubeconfig was given');
});

test('a proxy is used when it is http, and refused when it is not', async () => {
  const http = new Connection({ path: await kubeconfig('proxied', { 'proxy-url': 'http://proxy.example:3128' }) });
  expect((await http.access()).dispatchers.requests.constructor.name).toBe('ProxyAgent');
  await http.close();
  const socks = new Connection({ path: await kubeconfig('socks', { 'proxy-url': 'socks5://proxy.example' }) });
  await expect(socks.access()).rejects.toThrow('proxy-url must be http or https');
});
