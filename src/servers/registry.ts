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
import { openServer, type OpenServer, serverProblem } from './open-server.ts';
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
  opened: Promise<OpenServer> | undefined;
  /** A connection has failed since the server last answered. */
  isSuspect: boolean;
  /** Refused until then, with this. */
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
    entry.refusal = undefined;
    try {
      const open = await this.#open(server);
      const facts = open.sessions.facts.within(maxAgeMs) ?? (await this.#inspect(open));
      const problem = serverProblem(facts, this.#options.installationId());
      if (problem === undefined) return { kind: 'ready', facts, identity: open.identity };
      await this.#close(name, entry);
      const error = new ServerNotReady(problem.reason, problem.message);
      entry.refusal = { error, untilMs: Number.POSITIVE_INFINITY };
      return { kind: 'notReady', error };
    } catch (error) {
      if (error instanceof ServerNotReady) return { kind: 'notReady', error };
      throw error;
    }
  }

  async clientTls(name: string): Promise<ClientTls> {
    const server = this.#object(name);
    const opened = await this.#entry(server).opened?.catch(() => undefined);
    const { mode, ca } = opened?.tls ?? (await tlsOptions(this.#secrets(), server));
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
    if (known !== undefined) void this.#close(metadata.name, known);
    const entry: Entry = { key, opened: undefined, isSuspect: false, refusal: undefined };
    this.#entries.set(metadata.name, entry);
    return entry;
  }

  /** All that come while it is being opened, or asked whether it is there again, wait for the same attempt. */
  async #open(server: PostgresServer): Promise<OpenServer> {
    const entry = this.#entry(server);
    if (entry.refusal !== undefined && performance.now() < entry.refusal.untilMs) throw entry.refusal.error;
    entry.refusal = undefined;
    if (entry.opened !== undefined && entry.isSuspect) entry.opened = this.#again(server, entry, entry.opened);
    entry.opened ??= this.#openAnew(server, entry);
    return entry.opened;
  }

  async #openAnew(server: PostgresServer, entry: Entry): Promise<OpenServer> {
    entry.isSuspect = false;
    try {
      return await openServer(server, {
        ...this.#secrets(),
        applicationName: this.#options.applicationName,
        installation: this.#options.installationId(),
        createConcurrency: this.#options.config.createConcurrency,
        assertWritable: this.#options.assertWritable,
        onStatement: (statement) => this.#options.onStatement?.(server.metadata.name, statement),
        onFailure: () => {
          entry.isSuspect = true;
        },
      });
    } catch (error) {
      throw this.#refused(entry, error);
    }
  }

  /** An open server that has failed to answer: the same sessions if it is back, new ones if it refuses us now. */
  async #again(server: PostgresServer, entry: Entry, opened: Promise<OpenServer>): Promise<OpenServer> {
    entry.isSuspect = false;
    const open = await opened;
    try {
      await open.sessions.control.query({ text: 'SELECT', kind: 'ping' });
      return open;
    } catch (error) {
      if (error instanceof Unavailable) {
        const refused = this.#refused(entry, error);
        // Kept: when it answers again nothing need be opened anew.
        entry.opened = opened;
        entry.isSuspect = true;
        throw refused;
      }
      await this.#end(server.metadata.name, open);
      return this.#openAnew(server, entry);
    }
  }

  #refused(entry: Entry, error: unknown): unknown {
    entry.opened = undefined;
    if (error instanceof Unavailable || error instanceof ServerNotReady) {
      entry.refusal = { error, untilMs: performance.now() + REFUSAL_MS };
    }
    return error;
  }

  async #inspect({ sessions }: OpenServer) {
    const facts = await inspectServer((sql) => sessions.control.query(sql), this.#options.installationId());
    sessions.facts.note(facts);
    return facts;
  }

  async #close(name: string, entry: Entry): Promise<void> {
    const opened = entry.opened;
    entry.opened = undefined;
    const open = await opened?.catch(() => undefined);
    if (open !== undefined) await this.#end(name, open);
  }

  async #end(name: string, { sessions }: OpenServer): Promise<void> {
    await sessions.end().catch((error: unknown) => this.#options.log.warn({ server: name, err: error }, 'sessions did not close'));
  }

  #secrets(): SecretSource {
    return { kubernetes: this.#options.kubernetes, operatorNamespace: this.#options.config.operatorNamespace };
  }
}
