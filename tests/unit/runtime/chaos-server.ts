/*
 * An HTTP server that answers lists and watches as it is told, which a real API server cannot be made to: resets,
 * silence, half a line, 410 in both forms. Separate because only the tests of failures use it; everything else runs
 * against the real one.
 */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What to do with one request. Leaving the answer open is an answer too. */
export type Answer = (response: ServerResponse, query: URLSearchParams) => void;

export interface ChaosObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export function anObject(name: string, resourceVersion: number): ChaosObject {
  const metadata = { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: String(resourceVersion), generation: 1 };
  return { apiVersion: 'studio-platform.io/v1alpha1', kind: 'StudioTenant', metadata: { ...metadata, managedFields: [{}] } };
}

export const listOf =
  (resourceVersion: number, names: readonly string[], next = ''): Answer =>
  (response) => {
    const items = names.map((name) => anObject(name, resourceVersion));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ metadata: { resourceVersion: String(resourceVersion), continue: next }, items }));
  };

export const status =
  (code: number, reason: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `${reason}, it says` }));
  };

export const events =
  (lines: readonly unknown[], then: (response: ServerResponse) => void = () => undefined): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const line of lines) response.write(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`);
    // What was written must be on its way before the connection may break.
    setImmediate(() => setImmediate(() => then(response)));
  };

export const bookmark = (resourceVersion: number): unknown => ({
  type: 'BOOKMARK',
  object: { kind: 'StudioTenant', metadata: { resourceVersion: String(resourceVersion) } },
});

export const reset = (response: ServerResponse): void => void response.socket?.resetAndDestroy();
export const end = (response: ServerResponse): void => void response.end();
export const silence: Answer = () => undefined;

export class ChaosServer implements AsyncDisposable {
  /** `L`, `L next-token`, `L all` (without a limit), `W 100`, in the order in which they came. */
  readonly requests: string[] = [];
  readonly tokens: (string | undefined)[] = [];
  readonly #answers: Answer[];
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #directory = '';

  private constructor(answers: readonly Answer[]) {
    this.#answers = [...answers];
  }

  /** Gives the answers in turn, whatever is asked; when they have run out, it stays silent. */
  static async start(answers: readonly Answer[]): Promise<ChaosServer> {
    const server = new ChaosServer(answers);
    await server.listen(0);
    server.#directory = await mkdtemp(join(tmpdir(), 'chaos-'));
    await server.writeToken('first-token');
    await writeFile(server.kubeconfigPath, JSON.stringify(server.#kubeconfig()));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get kubeconfigPath(): string {
    return join(this.#directory, 'kubeconfig');
  }

  get tokenPath(): string {
    return join(this.#directory, 'token');
  }

  /** At once, as kubelet does it: nobody reads half a token. */
  async writeToken(token: string): Promise<void> {
    await writeFile(`${this.tokenPath}.new`, token);
    await rename(`${this.tokenPath}.new`, this.tokenPath);
  }

  answer(...answers: readonly Answer[]): void {
    this.#answers.push(...answers);
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  /** Refuses connections from now on, and cuts those there are. */
  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://chaos');
    this.requests.push(nameOf(url.searchParams));
    this.tokens.push(request.headers.authorization);
    (this.#answers.shift() ?? silence)(response, url.searchParams);
  }

  #kubeconfig(): unknown {
    const server = `http://127.0.0.1:${this.port}`;
    return {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'chaos',
      clusters: [{ name: 'chaos', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'chaos', user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile: this.tokenPath } } } }],
      contexts: [{ name: 'chaos', context: { cluster: 'chaos', user: 'chaos' } }],
    };
  }
}

function nameOf(query: URLSearchParams): string {
  if (query.has('watch')) return `W ${query.get('resourceVersion')}`;
  if (!query.has('limit')) return 'L all';
  return `L ${query.get('continue') ?? ''}`.trimEnd();
}
