// Requests as clients send them, and as no client would: by node:http with a Host of one's own, and as bytes on a socket.

import http, { type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Question {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request on a connection of its own. */
export const ask = (port: number, host: string, { path = '/', method = 'GET', headers = {} }: Question = {}): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers: { Host: host, ...headers }, setHost: false, agent: false };
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });

export const askJson = async (
  port: number,
  host: string,
  question?: Question,
): Promise<{ readonly status: number; readonly body: unknown }> => {
  const { status, body } = await ask(port, host, question);
  return { status, body: JSON.parse(body) as unknown };
};

/** Sends bytes, and gives what came back until the server closed the connection. The request must ask for that. */
export const sendBytes = (port: number, bytes: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true }, () => socket.write(bytes));
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (received += text));
    socket.on('end', () => {
      socket.end();
      resolve(received);
    });
    socket.on('error', reject);
  });

/** The status of a raw GET with these header lines, each as Latin-1 text. */
export const rawStatus = async (port: number, lines: readonly string[], target = '/', version = '1.1'): Promise<number> => {
  const head = [`GET ${target} HTTP/${version}`, ...lines, 'Connection: close', '', ''].join('\r\n');
  return Number((await sendBytes(port, Buffer.from(head, 'latin1'))).split(' ')[1]);
};
