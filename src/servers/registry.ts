/*
 * The registry of servers: opened once, shared by all tenants, watched for trouble. Separate from opening one. A server
 * that does not answer costs its tenants nothing but a refusal: one attempt at a time, and a pause after each that failed.
 */
import type { Logger } from 'pino';
import type { PostgresServer } from '../api/postgres-server.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import type { StatementMetric } from '../clients/postgres/statement.ts';
import type { Store } from '../runtime/store.ts';
import { Unavailable } from '../runtime/unavailable.ts';
import { tlsOptions, type SecretSource } from './credentials.ts';
import { inspectServer } from './inspection.ts';
import { openServer, type OpenServer, type OpenServerOptions, serverProblem } from './open-server.ts';
import { ServerNotReady } from './server-not-ready.ts';
import type { ServerSessions } from './server-sessions.ts';
import type { ClientTls, Servers, ServerState } from './servers.ts';

export interface ServersOptions {
  readonly kubernetes: Kubernetes;
  readonly caches: { readonly servers: Store<PostgresServer> };
  readonly config: { readonly operatorNamespace: string; readonly createConcurrency: number };
  /** Throws Unavailable while it is not known yet. */
  readonly installationId: () => string;
  readonly applicationName: string;
  readonly assertWritable: () => void;
  readonly onStatement?: (server: string, statement: StatementMetric) => void;
  readonly log: Logger;
}

interface Entry {
  /** Of which object, at which generation: another one is opened anew. */
  readonly key: string;
  open: OpenServer | undefined;
  /** A connection has failed since the server last answered. */
  isSuspect: boolean;
  /** One at a time, for all that ask. */
  attempt: Promise<OpenServer> | undefined;
  /** What the last attempt came to. Asked again after `untilMs`, and until that attempt has ended, this is the answer. */
  refusal: { readonly error: Unavailable | ServerNotReady; readonly untilMs: number } | undefined;
}

/** How long a failure answers for the server, so that its tenants do not queue up behind timeouts. */
const REFUSAL_MS = 5_000;

export function createServers(options: ServersOptions): Servers {
  return new ServerRegistry(options);
}

class ServerRegistry implements Servers {
  readonly #options: ServersOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: ServersOptions) {
    this.#options = options;
  }

  async get(name: string): Promise<ServerSessions> {
    return (await this.#open(this.#object(name))).sessions;
  }

  async state(name: string, maxAgeMs: number): Promise<ServerState> {
    const server = this.#object(name);
    const entry = this.#entry(server);
    // Asked on purpose: what was refused a moment ago is tried again.
    if (entry.refusal !== undefined) entry.refusal = { ...entry.refusal, untilMs: 0 };
    try {
      const open = await this.#open(server);
      const facts = open.sessions.facts.within(maxAgeMs) ?? (await this.#inspect(open));
      const problem = serverProblem(facts, this.#options.installationId());
      if (problem === undefined) return { kind: 'ready', facts, identity: open.identity };
      const error = new ServerNotReady(problem.reason, problem.message);
      entry.refusal = { error, untilMs: Number.POSITIVE_INFINITY };
      this.#leave(name, entry);
      return { kind: 'notReady', error };
    } catch (error) {
      if (error instanceof ServerNotReady) return { kind: 'notReady', error };
      throw error;
    }
  }

  async clientTls(name: string): Promise<ClientTls> {
    const server = this.#object(name);
    const { mode, ca } = this.#entry(server).open?.tls ?? (await tlsOptions(this.#secrets(), server));
    return ca === undefined ? { sslmode: mode } : { sslmode: mode, ca };
  }

  async forget(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    await this.#close(name, entry);
  }

  async end(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((name) => this.forget(name)));
  }

  #object(name: string): PostgresServer {
    const server = this.#options.caches.servers.get(name);
    if (server === undefined) throw new ServerNotReady('ServerNotFound', `There is no PostgresServer "${name}".`);
    return server;
  }

  #entry({ metadata }: PostgresServer): Entry {
    const key = `${metadata.uid}/${metadata.generation}`;
    const known = this.#entries.get(metadata.name);
    if (known?.key === key) return known;
    if (known !== undefined) this.#leave(metadata.name, known);
    const entry: Entry = { key, open: undefined, isSuspect: false, attempt: undefined, refusal: undefined };
    this.#entries.set(metadata.name, entry);
    return entry;
  }

  /**
   * Who comes first waits for the attempt, and so do all others while nothing is known. Once it has failed they are
   * refused at once, also while it is tried again: a dead server must not hold the workers that other servers need.
   */
  async #open(server: PostgresServer): Promise<OpenServer> {
    const entry = this.#entry(server);
    const { refusal } = entry;
    if (refusal !== undefined && (entry.attempt !== undefined || performance.now() < refusal.untilMs)) throw refusal.error;
    if (entry.open !== undefined && !entry.isSuspect) return entry.open;
    entry.attempt ??= this.#attempt(server, entry).finally(() => {
      entry.attempt = undefined;
    });
    return entry.attempt;
  }

  async #attempt(server: PostgresServer, entry: Entry): Promise<OpenServer> {
    const { name } = server.metadata;
    try {
      const open = (await this.#again(name, entry)) ?? (await openServer(server, this.#openOptions(name, entry)));
      entry.open = open;
      entry.refusal = undefined;
      // Forgotten or replaced meanwhile: nobody else would close it.
      if (this.#entries.get(name) !== entry) this.#leave(name, entry);
      return open;
    } catch (error) {
      if (error instanceof Unavailable || error instanceof ServerNotReady) {
        entry.refusal = { error, untilMs: performance.now() + REFUSAL_MS };
      }
      throw error;
    }
  }

  /** An open server that has failed to answer: the same sessions if it is back, undefined if it refuses us now. */
  async #again(name: string, entry: Entry): Promise<OpenServer | undefined> {
    if (entry.open === undefined) return undefined;
    entry.isSuspect = false;
    try {
      await entry.open.sessions.control.query({ text: 'SELECT', kind: 'ping' });
      return entry.open;
    } catch (error) {
      if (error instanceof Unavailable) {
        entry.isSuspect = true;
        throw error;
      }
      this.#leave(name, entry);
      return undefined;
    }
  }

  #openOptions(name: string, entry: Entry): OpenServerOptions {
    const { applicationName, installationId, assertWritable, config, onStatement } = this.#options;
    return {
      ...this.#secrets(),
      applicationName,
      assertWritable,
      installation: installationId(),
      createConcurrency: config.createConcurrency,
      onStatement: (statement) => onStatement?.(name, statement),
      onFailure: () => {
        entry.isSuspect = true;
      },
    };
  }

  async #inspect({ sessions }: OpenServer) {
    const facts = await inspectServer((sql) => sessions.control.query(sql), this.#options.installationId());
    sessions.facts.note(facts);
    return facts;
  }

  /** Not waited for: a statement under way may take minutes (DROP DATABASE), and all of the server's tenants would wait with it. */
  #leave(name: string, entry: Entry): void {
    void this.#close(name, entry);
  }

  async #close(name: string, entry: Entry): Promise<void> {
    const { open } = entry;
    entry.open = undefined;
    try {
      await open?.sessions.end();
    } catch (error) {
      this.#options.log.warn({ server: name, err: error }, 'sessions did not close');
    }
  }

  #secrets(): SecretSource {
    return { kubernetes: this.#options.kubernetes, operatorNamespace: this.#options.config.operatorNamespace };
  }
}
