// The command that stands for a request: what a person pastes must be the request that was sent.

import { spawnSync } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { curlCommand, send, type HttpRequest } from '../../../dev/demo/http-request.ts';

const ARGUMENTS = String.raw`for each in "$@"; do printf '%s\n' "$each"; done`;

/** What a shell makes of the command, but for the program's name. */
const asShellReads = (request: HttpRequest): readonly string[] => {
  const { stdout } = spawnSync('/bin/sh', ['-c', `${curlCommand(request).join(' ').replace(/^curl/, 'set --')}; ${ARGUMENTS}`]);
  return stdout.toString().trimEnd().split('\n');
};

describe('the curl command of a request', () => {
  it('is the address alone for a GET of a host under localhost', () => {
    expect(asShellReads({ url: 'http://my-studio.platform.localhost:8000/sessions' })).toEqual([
      '-i',
      'http://my-studio.platform.localhost:8000/sessions',
    ]);
  });

  it('tells where any other host is', () => {
    expect(asShellReads({ url: 'http://booking.my-studio.example:8000/' })).toContain('booking.my-studio.example:8000:127.0.0.1');
  });

  it('carries headers and a body through the shell as they are', () => {
    const json = { title: `It's "5 o'clock" & $HOME \`id\`` };
    const read = asShellReads({ url: 'http://a.platform.localhost:1/', headers: { 'x-note': "it's" }, json });
    expect(read).toEqual(['-i', '-H', "x-note: it's", '--json', JSON.stringify(json), 'http://a.platform.localhost:1/']);
  });
});

describe('a request', () => {
  const seen: { request: IncomingMessage; body: string }[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    seen.push({ request, body: await text(request) });
    response.writeHead(201, { 'retry-after': '5' }).end('made');
  };
  const server = createServer((request, response) => void answer(request, response));
  beforeAll(async () => await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => server.close());

  it('goes to this machine whatever host it names, with that host and its JSON', async () => {
    const { port } = server.address() as AddressInfo;
    const sent = await send({ url: `http://my-studio.example:${port}/sessions?a=b`, json: { title: 'x' } });
    expect(sent).toMatchObject({ status: 201, body: 'made', headers: { 'retry-after': '5' } });
    const { request, body } = seen[0] ?? {};
    expect(request).toMatchObject({ method: 'POST', url: '/sessions?a=b' });
    expect(request?.headers).toMatchObject({ host: `my-studio.example:${port}`, 'content-type': 'application/json' });
    expect(body).toBe('{"title":"x"}');
  });
});
