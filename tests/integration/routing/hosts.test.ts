// Every form in which a host can be asked for, by real requests: as clients write it, as attackers would, and through proxies.

import type { Server } from 'node:http';
import http2 from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantRouting } from '../../../src/routing/index.ts';
import { ask, askJson, rawStatus } from './ask.ts';
import { BASE_DOMAIN, listen, startWorld, type World } from './routing-world.ts';
import { expressServer, http2Server, plainServer } from './servers.ts';

const ONE = `one.${BASE_DOMAIN}`;
const TWO = `two.${BASE_DOMAIN}`;

let world: World;
let routing: TenantRouting;
let server: Awaited<ReturnType<typeof listen>>;
beforeAll(async () => {
  world = await startWorld();
  routing = world.routing();
  server = await listen(plainServer(routing));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

/** Who answered, or the status. */
const whoAnswers = async (host: string, headers: Readonly<Record<string, string>> = {}, port = server.port): Promise<unknown> => {
  const { status, body } = await askJson(port, host, { headers });
  return status === 200 ? (body as { readonly subdomain: string }).subdomain : status;
};

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

describe('a Host header', () => {
  test.each([
    ['as it is', ONE, 'one'],
    ['with a port', `${ONE}:8080`, 'one'],
    ['with an empty port', `${ONE}:`, 'one'],
    ['in capitals', ONE.toUpperCase(), 'one'],
    ['with the dot of the root', `${ONE}.`, 'one'],
    ['with the dot of the root and a port', `${ONE}.:443`, 'one'],
    ['of a custom domain', 'booking.one.test', 'one'],
    ['of a custom domain in any case, with a port', 'Booking.One.TEST:81', 'one'],
    ['of an international domain as punycode', 'xn--bcher-kva.test', 'one'],
    ['of an international domain as UTF-8', utf8('bücher.test'), 'one'],
    ['of an international domain in capitals', utf8('BÜCHER.test'), 'one'],
    ['of an international domain as Latin-1', 'b\u00FCcher.test', 'one'],
    ['of another tenant', TWO, 'two'],
    ['with two dots at the end', `${ONE}..`, 400],
    ['with a port that is none', `${ONE}:http`, 400],
    ['with two ports', `${ONE}:80:81`, 400],
    ['with user information', `${ONE}@${TWO}`, 400],
    ['with a path', `${ONE}/x`, 400],
    ['with a label too many', `a.${ONE}`, 404],
    ['with an empty label', `.${ONE}`, 400],
    ['with an underscore', `o_ne.${BASE_DOMAIN}`, 400],
    ['percent-encoded', `%6fne.${BASE_DOMAIN}`, 400],
    ['with a comma', `${ONE},${TWO}`, 400],
    ['with a space inside', `${ONE} ${TWO}`, 400],
    ['of a label of 64 letters', `${'a'.repeat(64)}.${BASE_DOMAIN}`, 400],
    ['of 254 characters', `${'a.'.repeat(125)}test`, 400],
    ['of an IPv4 address', '127.0.0.1', 404],
    ['of an IPv4 address with a port', '127.0.0.1:80', 404],
    ['of an IPv4 address as a number', '2130706433', 404],
    ['of an IPv6 address', '[::1]', 404],
    ['of an IPv6 address with a port', '[::1]:8080', 404],
    ['of an IPv6 address without brackets', '::1', 400],
    ['of the bare base domain', BASE_DOMAIN, 404],
    ['of a name that ends like the base domain', `one.not${BASE_DOMAIN}`, 404],
    ['of a name without dots', 'localhost', 404],
    ['of a letter that looks alike', utf8(`\u03BFne.${BASE_DOMAIN}`), 404],
    ['of full-width letters, which mean the same', utf8(`\uFF4F\uFF4E\uFF45.${BASE_DOMAIN}`), 'one'],
    ['that is empty', '', 400],
  ])('%s', async (_, host, expected) => {
    expect(await whoAnswers(host)).toBe(expected);
  });

  test.each([
    ['sent twice', [`Host: ${ONE}`, `Host: ${TWO}`], 400],
    ['sent twice, the same', [`Host: ${ONE}`, `host: ${ONE}`], 400],
    ['not sent', [], 400],
  ])('%s is refused', async (_, lines, status) => {
    expect(await rawStatus(server.port, lines)).toBe(status);
  });

  test('that HTTP/1.0 may leave out is refused all the same', async () => {
    expect(await rawStatus(server.port, [], '/', '1.0')).toBe(400);
    expect(await rawStatus(server.port, [`Host: ${ONE}`], '/', '1.0')).toBe(200);
  });

  test('of control bytes never reaches anybody', async () => {
    for (const byte of ['\0', '\x01', '\x0B', '\x7F', '\t']) {
      expect(await rawStatus(server.port, [`Host: on${byte}e.${BASE_DOMAIN}`])).toBe(400);
    }
  });
});

describe('a target that names a host', () => {
  test.each([
    [`http://${ONE}/sessions`, 200],
    [`http://${ONE.toUpperCase()}`, 200],
    [`http://${TWO}/sessions`, 400],
    [`http://${ONE}@${TWO}/`, 400],
    [`//${TWO}/sessions`, 200],
  ])('%s beside a Host of one: %i', async (target, status) => {
    expect(await rawStatus(server.port, [`Host: ${ONE}`], target)).toBe(status);
  });
});

describe.each([
  ['plain node:http', plainServer],
  ['Express', expressServer],
])('X-Forwarded-Host on %s', (_, serverOf: (routing: TenantRouting) => Server) => {
  test('from a peer that nobody named changes nothing', async () => {
    await using open = await listen(serverOf(world.routing({ trustedProxies: ['10.0.0.0/8', '::1'] })));
    expect(await whoAnswers(ONE, { 'X-Forwarded-Host': TWO }, open.port)).toBe('one');
    expect(await whoAnswers(`nobody.${BASE_DOMAIN}`, { 'X-Forwarded-Host': TWO }, open.port)).toBe(404);
  });

  test('from a trusted proxy is the host', async () => {
    await using behind = await listen(serverOf(world.routing({ trustedProxies: ['127.0.0.0/8'] })));
    expect(await whoAnswers('inner.test', { 'X-Forwarded-Host': TWO }, behind.port)).toBe('two');
    expect(await whoAnswers(ONE, {}, behind.port)).toBe('one');
    expect(await whoAnswers(ONE, { 'X-Forwarded-Host': `${ONE}, ${TWO}` }, behind.port)).toBe(400);
    expect(await whoAnswers(ONE, { 'X-Forwarded-Host': '' }, behind.port)).toBe(400);
    expect(await rawStatus(behind.port, [`Host: ${ONE}`, `X-Forwarded-Host: ${ONE}`, `X-Forwarded-Host: ${TWO}`])).toBe(400);
    expect(await rawStatus(behind.port, [`Host: ${ONE}`, `Host: ${TWO}`, `X-Forwarded-Host: ${ONE}`])).toBe(400);
  });
});

describe('HTTP/2', () => {
  const askHttp2 = (port: number, headers: http2.OutgoingHttpHeaders): Promise<{ readonly status: number; readonly body: string }> =>
    new Promise((resolve, reject) => {
      const session = http2.connect(`http://127.0.0.1:${port}`);
      session.on('error', reject);
      const stream = session.request(headers);
      let status = 0;
      let body = '';
      stream.on('response', (sent) => (status = sent[':status'] ?? 0));
      stream.setEncoding('utf8').on('data', (text: string) => (body += text));
      stream.on('error', reject);
      stream.on('end', () => session.close(() => resolve({ status, body })));
      stream.end();
    });

  test('names the host by :authority, and by no other beside it', async () => {
    const h2 = http2Server(routing);
    await new Promise<void>((resolve) => void h2.listen(0, '127.0.0.1', resolve));
    const { port } = h2.address() as { readonly port: number };
    try {
      const served = await askHttp2(port, { ':authority': `${ONE}:443` });
      expect(served.status).toBe(200);
      expect(JSON.parse(served.body)).toMatchObject({ subdomain: 'one', current: 'one', sessions: ["one's session"] });
      expect((await askHttp2(port, { ':authority': ONE, host: TWO })).status).toBe(400);
      expect((await askHttp2(port, { ':authority': ONE, host: ONE })).status).toBe(200);
      const paused = await askHttp2(port, { ':authority': `paused.${BASE_DOMAIN}`, accept: 'text/html' });
      expect(paused).toMatchObject({ status: 403, body: expect.stringContaining('This studio is paused') });
      expect(await askHttp2(port, { ':authority': `paused.${BASE_DOMAIN}`, ':method': 'HEAD' })).toEqual({ status: 403, body: '' });
    } finally {
      await new Promise<void>((resolve) => void h2.close(() => resolve()));
    }
  });
});

test('the host of a request does not depend on the connection it comes over', async () => {
  const { Agent } = await import('node:http');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { request } = await import('node:http');
  const next = (host: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: server.port, agent, headers: { Host: host }, setHost: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => resolve(body));
      });
      sent.on('error', reject);
      sent.end();
    });
  for (const [host, subdomain] of [
    [ONE, 'one'],
    [TWO, 'two'],
    [ONE, 'one'],
  ] as const) {
    expect(JSON.parse(await next(host))).toMatchObject({ subdomain });
  }
  agent.destroy();
  expect((await ask(server.port, ONE)).status).toBe(200);
});
