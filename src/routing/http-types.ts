/*
 * The little that routing uses of a request and its response. node:http, node:http2 (compatibility API) and Express all
 * fit. Separate so that public types name no framework.
 */
import type { RequestTenant } from './request-tenant.ts';

export interface RoutedRequest {
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** Set by the middleware before it goes on. */
  tenant?: RequestTenant;
}

export interface RoutedResponse {
  readonly headersSent: boolean;
  readonly statusCode: number;
  getHeader(name: string): unknown;
  removeHeader(name: string): unknown;
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  end(): unknown;
  end(body: string | Buffer): unknown;
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** Goes on with the request; with an argument: hands on an error that is not routing's to answer. */
export type Next = (error?: unknown) => void;

/** A request that the middleware has let through. */
export type WithTenant<Request extends RoutedRequest> = Request & { readonly tenant: RequestTenant };
