// Plain requests to the API server, answered with status code and body whatever they are.
// Separate from the clients because these tests are about the answers: refusals, tables, dry runs.
import { request } from 'node:https';
import { adminKubeConfig } from '../../support/kube.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
}

export interface ApiAnswer {
  readonly code: number;
  // oxlint-disable-next-line no-explicit-any -- answers are of every kind
  readonly body: any;
}

export const MERGE_PATCH = 'application/merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

export async function call({
  method,
  path,
  body,
  contentType = 'application/json',
  accept = 'application/json',
}: ApiRequest): Promise<ApiAnswer> {
  const config = adminKubeConfig();
  const server = config.getCurrentCluster()?.server;
  const options = { method, headers: { accept, 'content-type': contentType } };
  await config.applyToHTTPSOptions(options);
  const [code, text] = await new Promise<[number, string]>((resolve, reject) => {
    const sent = request(new URL(path, server), options, (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
      response.on('error', reject).on('end', () => resolve([response.statusCode ?? 0, received]));
    });
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
  // A path that is not served (yet) is answered in plain text.
  return { code, body: code === 404 && !text.startsWith('{') ? { message: text } : JSON.parse(text) };
}

/** The body of an answer that must be a success. */
export async function succeed(request_: ApiRequest): Promise<ApiAnswer['body']> {
  const { code, body } = await call(request_);
  if (code >= 300) throw new Error(`${request_.method} ${request_.path} answered ${code}: ${body.message}`);
  return body;
}
