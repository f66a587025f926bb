// One request with a Host header of its own. Separate because answers are looked at one by one as well as by the thousand.

import { request, type Agent } from 'node:http';
import { text } from 'node:stream/consumers';

export interface GetRequest {
  readonly port: number;
  readonly host: string;
}

export interface GetResponse {
  /** 0: no answer, or not all of it; the body says why. */
  readonly status: number;
  readonly body: string;
}

export const PATH = '/sessions';

/** Resolves after the last byte; never rejects. */
export const got = async ({ port, host }: GetRequest, agent?: Agent): Promise<GetResponse> => {
  const { promise, resolve } = Promise.withResolvers<GetResponse>();
  const none = (error: unknown): void => resolve({ status: 0, body: String(error) });
  const asking = request({ port, host: '127.0.0.1', path: PATH, headers: { host }, ...(agent && { agent }) }, (response) => {
    void text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), none);
  });
  asking.once('error', none);
  asking.end();
  return await promise;
};
