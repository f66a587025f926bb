// A request to a tenant's address, and the curl command that is the same request. Separate because the demo prints the one and sends the
// other: curl and browsers take every name under `localhost` to 127.0.0.1 by themselves, which a system's resolver need not do.

import http from 'node:http';
import { text } from 'node:stream/consumers';

export interface HttpRequest {
  readonly url: string;
  /** Sent as JSON by POST; GET without it. */
  readonly json?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

const HOST = '127.0.0.1';
const TIMEOUT_MS = 15_000;

/** Whatever host the URL names, at its port of this machine. Rejects when nobody answers. */
export const send = async ({ url, json, headers = {} }: HttpRequest): Promise<HttpAnswer> => {
  const { port, host, pathname, search } = new URL(url);
  const body = json === undefined ? undefined : JSON.stringify(json);
  const request = http.request({
    host: HOST,
    port,
    path: pathname + search,
    method: body === undefined ? 'GET' : 'POST',
    headers: { host, accept: '*/*', ...headers, ...(body === undefined ? {} : jsonHeaders(body)) },
    agent: false,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  request.end(body);
  const response = await answered;
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
};

const jsonHeaders = (body: string): Readonly<Record<string, string>> => ({
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(body)),
});

/** For any POSIX shell, in parts that a line may be broken between. A host that is not under `localhost` is told where it is. */
export const curlCommand = ({ url, json, headers = {} }: HttpRequest): readonly string[] => {
  const { hostname, port } = new URL(url);
  const resolve = hostname.endsWith('.localhost') ? [] : [`--resolve ${hostname}:${port}:${HOST}`];
  const given = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const body = json === undefined ? [] : [`--json ${quoted(JSON.stringify(json))}`];
  return ['curl -i', ...resolve, ...given, ...body, url];
};

const quoted = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`;
