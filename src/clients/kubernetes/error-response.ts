/*
 * From an HTTP answer that is not a success to the error that callers match on. Separate from errors.ts so that those
 * who match need not know how the answer looked.
 */
import { Unavailable } from '../../runtime/unavailable.ts';
import { KubernetesError } from './errors.ts';
import type { StatusCause } from './errors.ts';

/** metav1.Status, as far as it is used. */
interface Status {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly StatusCause[]; readonly retryAfterSeconds?: number };
}

export interface FailedResponse {
  readonly code: number;
  readonly body: string;
  /** The Retry-After header: seconds or an HTTP date. */
  readonly retryAfter?: string | undefined;
}

/** A gateway without a server behind it, or a server without its storage: it says nothing about the request. */
const AWAY = new Set([502, 503, 504]);

/** @param what what was being done, e.g. `GET /api/v1/pods` */
export function errorOfResponse(what: string, response: FailedResponse): KubernetesError | Unavailable {
  const status = parseStatus(response.body);
  const retryAfterMs = retryAfterOf(response.retryAfter) ?? seconds(status.details?.retryAfterSeconds);
  const message = `${what}: ${response.code} ${status.message ?? firstLine(response.body)}`;
  if (AWAY.has(response.code)) return new Unavailable(message, { system: 'kubernetes', retryAfterMs });
  return errorOfStatus(message, response.code, { ...status, retryAfterMs });
}

/** Of the Status inside an ERROR event of a watch. */
export function errorOfEvent(what: string, object: unknown): KubernetesError {
  const status = asStatus(object);
  const code = isRecord(object) && typeof object['code'] === 'number' ? object['code'] : 500;
  const message = `${what}: ERROR event ${code} ${status.message ?? ''}`.trimEnd();
  return errorOfStatus(message, code, { ...status, retryAfterMs: seconds(status.details?.retryAfterSeconds) });
}

function errorOfStatus(message: string, code: number, status: Status & { readonly retryAfterMs: number | undefined }): KubernetesError {
  return new KubernetesError(message, {
    code,
    reason: status.reason ?? '',
    causes: status.details?.causes ?? [],
    retryAfterMs: status.retryAfterMs,
  });
}

function parseStatus(body: string): Status {
  try {
    return asStatus(JSON.parse(body));
  } catch {
    return {}; // a proxy's page, or plain text: the message then shows its first line
  }
}

function asStatus(value: unknown): Status {
  return isRecord(value) && value['kind'] === 'Status' ? value : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function retryAfterOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const until = Date.parse(header);
  return Number.isNaN(until) ? undefined : Math.max(0, until - Date.now());
}

function seconds(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * 1000;
}

function firstLine(body: string): string {
  return body.split('\n', 1)[0]?.slice(0, 200) ?? '';
}
