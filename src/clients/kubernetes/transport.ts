/*
 * One HTTP exchange with the API server: credentials, the fence, the deadline, and what failures mean. Separate from
 * the verbs so that each of these is in one place and no verb can forget one.
 */
import { performance } from 'node:perf_hooks';
import { errors as undiciErrors, request as undiciRequest } from 'undici';
import { systemClock } from '../../runtime/clock.ts';
import { Deadline, orAborted } from '../../runtime/deadline.ts';
import { Unavailable } from '../../runtime/unavailable.ts';
import type { Access, Connection } from './connection.ts';
import { errorOfResponse } from './error-response.ts';

export interface Exchange {
  /** As the API server's audit log names it: get, list, watch, create, apply, patch, update, delete. */
  readonly verb: string;
  /** The plural, for metrics. */
  readonly resource: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With query. */
  readonly path: string;
  readonly accept?: string | undefined;
  readonly contentType?: string | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface TransportOptions {
  readonly connection: Connection;
  readonly userAgent: string;
  /** Called just before each request that is not a GET; what it throws ends the call. */
  readonly assertWritable: () => void;
  /** For a whole call with its answer; of a watch only until its headers are there. */
  readonly requestTimeoutMs?: number | undefined;
  /** `code` is the HTTP status, or '<error>' when there was no answer (rest_client_requests_total). */
  readonly onCall?: ((verb: string, resource: string, code: string, seconds: number) => void) | undefined;
  /** The API server's Warning header: a field that it does not know, a deprecated API. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

type Response = Awaited<ReturnType<typeof undiciRequest>>;

export class Transport {
  readonly #options: TransportOptions;
  readonly #requestTimeoutMs: number;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
  }

  /** The whole answer as JSON (undefined when it has no body). */
  async json<T>(exchange: Exchange): Promise<T> {
    using deadline = this.#deadline(exchange);
    const response = await this.#send(exchange, deadline.signal);
    const text = await this.#guarded(exchange, deadline.signal, response.body.text());
    return parse<T>(exchange, text);
  }

  /** The answer's chunks as they come; the deadline counts until the first headers, then only the signal ends it. */
  async *stream(exchange: Exchange): AsyncGenerator<Uint8Array, void> {
    const abort = new AbortController();
    const response = await this.#open(exchange, abort);
    const onAbort = (): void => abort.abort(exchange.signal?.reason);
    exchange.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      if (exchange.signal?.aborted === true) onAbort();
      for await (const chunk of response.body) yield chunk as Uint8Array;
    } catch (error) {
      throw this.#failure(exchange, exchange.signal, error);
    } finally {
      exchange.signal?.removeEventListener('abort', onAbort);
      response.body.destroy();
    }
  }

  async #open(exchange: Exchange, abort: AbortController): Promise<Response> {
    using deadline = this.#deadline(exchange);
    const onDeadline = (): void => abort.abort(deadline.signal.reason);
    deadline.signal.addEventListener('abort', onDeadline, { once: true });
    try {
      return await this.#send(exchange, abort.signal);
    } finally {
      deadline.signal.removeEventListener('abort', onDeadline);
    }
  }

  #deadline(exchange: Exchange): Deadline {
    return new Deadline(exchange.signal, {
      clock: systemClock,
      afterMs: this.#requestTimeoutMs,
      what: `${exchange.method} ${exchange.path}`,
    });
  }

  async #send(exchange: Exchange, signal: AbortSignal): Promise<Response> {
    const startedMs = performance.now();
    let code = '<error>';
    try {
      const access = await this.#guarded(exchange, signal, this.#options.connection.access());
      if (exchange.method !== 'GET') this.#options.assertWritable();
      const response = await this.#guarded(exchange, signal, undiciRequest(...this.#request(access, exchange, signal)));
      code = String(response.statusCode);
      this.#warn(response);
      if (response.statusCode < 400) return response;
      throw await this.#refusal(exchange, signal, response);
    } finally {
      this.#options.onCall?.(exchange.verb, exchange.resource, code, (performance.now() - startedMs) / 1000);
    }
  }

  #request(access: Access, exchange: Exchange, signal: AbortSignal): Parameters<typeof undiciRequest> {
    const { body, method, path } = exchange;
    const headers = {
      ...access.headers,
      accept: exchange.accept ?? 'application/json',
      'user-agent': this.#options.userAgent,
      ...(body === undefined ? {} : { 'content-type': exchange.contentType ?? 'application/json' }),
    };
    const dispatcher = exchange.verb === 'watch' ? access.dispatchers.watches : access.dispatchers.requests;
    const payload = body === undefined ? null : JSON.stringify(body);
    return [`${access.server}${path}`, { dispatcher, method, headers, signal, body: payload }];
  }

  async #refusal(exchange: Exchange, signal: AbortSignal, response: Response): Promise<Error> {
    const body = await this.#guarded(exchange, signal, response.body.text());
    if (response.statusCode === 401) this.#options.connection.forgetCredentials();
    return errorOfResponse(describe(exchange), {
      code: response.statusCode,
      body,
      retryAfter: single(response.headers['retry-after']),
    });
  }

  #warn(response: Response): void {
    const header = response.headers['warning'];
    if (header === undefined || this.#options.onWarning === undefined) return;
    for (const line of [header].flat()) {
      for (const [, text = ''] of line.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)) this.#options.onWarning(unquoted(text));
    }
  }

  /** Ends with the signal even when what is waited for does not (an exec plugin, a stuck body). */
  async #guarded<T>(exchange: Exchange, signal: AbortSignal, work: Promise<T>): Promise<T> {
    try {
      return await orAborted(work, signal);
    } catch (error) {
      throw this.#failure(exchange, exchange.signal, error);
    }
  }

  /** The caller's own abort stays what it is; all else that kept an answer from coming is Unavailable. */
  #failure(exchange: Exchange, callers: AbortSignal | undefined, error: unknown): unknown {
    if (callers?.aborted === true) return callers.reason;
    if (error instanceof undiciErrors.InvalidArgumentError) return error;
    const why = error instanceof Error ? error.message : String(error);
    return new Unavailable(`${describe(exchange)}: ${why}`, { system: 'kubernetes', cause: error });
  }
}

function parse<T>(exchange: Exchange, text: string): T {
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T;
  } catch (error) {
    throw new Unavailable(`${describe(exchange)}: the answer is not JSON`, { system: 'kubernetes', cause: error });
  }
}

function describe(exchange: Exchange): string {
  return `${exchange.method} ${exchange.path.split('?', 1)[0]}`;
}

/** RFC 9110 quoted-string. */
function unquoted(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
