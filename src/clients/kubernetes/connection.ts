/*
 * One pool of connections to the API server, and what each request must carry to be let in. Separate because
 * client-node opens a new TLS connection for every request (five times the CPU); here they are shared until the CA or
 * the client certificate changes. The token file is read again every minute, and at once after a 401.
 */
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import { loadKubeConfig } from './kube-config.ts';
import type { KubeConfigSource } from './kube-config.ts';

export interface Access {
  /** Scheme, host and base path, without a slash at the end. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatchers: Dispatchers;
}

/** Watches hold a connection each for minutes, one per kind and namespace: in one bounded pool they would starve the rest. */
export interface Dispatchers {
  readonly requests: Dispatcher;
  readonly watches: Dispatcher;
}

interface Pool {
  readonly key: string;
  readonly dispatchers: Dispatchers;
}

/** Of requests at once; more wait in line. Watches are bounded by what is watched. */
const CONNECTIONS = 32;

/** The TLS half of what client-node fills in. */
type Tls = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'>;

export class Connection {
  readonly #source: KubeConfigSource;
  #config: KubeConfig | undefined;
  #pool: Pool | undefined;

  /** Reads the configuration at once, so that a wrong one is an error at start and not at the first call. */
  constructor(source: KubeConfigSource) {
    this.#source = source;
    this.#config = loadKubeConfig(source);
  }

  /** May run an exec plugin or read files; throws what those throw. */
  async access(): Promise<Access> {
    this.#config ??= loadKubeConfig(this.#source);
    const config = this.#config;
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig names no cluster');
    return {
      server: cluster.server.replace(/\/+$/, ''),
      headers: headersOf(options),
      dispatchers: this.#dispatchers(tlsOf(options), cluster.proxyUrl),
    };
  }

  /** The credentials were refused: read them anew for the next request. */
  forgetCredentials(): void {
    this.#config = undefined;
  }

  /** Ends all connections; requests in flight fail. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await Promise.all([pool?.dispatchers.requests.destroy(), pool?.dispatchers.watches.destroy()]);
  }

  #dispatchers(tls: Tls, proxyUrl: string | undefined): Dispatchers {
    const key = JSON.stringify([proxyUrl, ...Object.values(tls).map(String)]);
    if (this.#pool?.key === key) return this.#pool.dispatchers;
    // Graceful: requests in flight finish, watches live on until their server ends them.
    void this.#pool?.dispatchers.requests.close();
    void this.#pool?.dispatchers.watches.close();
    const dispatchers = { requests: newDispatcher(tls, proxyUrl, CONNECTIONS), watches: newDispatcher(tls, proxyUrl, null) };
    this.#pool = { key, dispatchers };
    return dispatchers;
  }
}

/**
 * HTTP/1.1: with HTTP/2 a GOAWAY in the middle of a request made requests hang. No bodyTimeout: a quiet watch is not a
 * dead one (the reflector has its own guards), and every other call has a deadline.
 */
function newDispatcher(tls: Tls, proxyUrl: string | undefined, connections: number | null): Dispatcher {
  const pool = { allowH2: false, connections, keepAliveTimeout: 30_000, headersTimeout: 60_000, bodyTimeout: 0 };
  const connect = { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 };
  if (proxyUrl === undefined) return new Agent({ ...pool, connect });
  if (!proxyUrl.startsWith('http')) throw new Error(`proxy-url must be http or https, got ${proxyUrl}`);
  return new ProxyAgent({ ...pool, uri: proxyUrl, requestTls: connect });
}

function tlsOf(options: RequestOptions): Tls {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const all = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== null));
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  // A token file may end in a line break, which no header may carry.
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = String(value).trim();
  if (typeof options.auth === 'string') {
    headers['authorization'] ??= `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}
