/*
 * The one host name that a request asks for, from its headers and its peer. Separate because everything about a tenant
 * hangs on it: whatever is doubtful (two hosts, none, a list) is no host at all.
 */
import type { RoutedRequest } from './http-types.ts';

/** Told to nobody but hooks. */
export type HostProblem = 'no-host' | 'several-hosts' | 'target-differs' | 'several-forwarded-hosts';

/** The host as sent (any case, with its port), or why there is none. */
export type RequestHost =
  | { readonly host: string; readonly problem?: undefined }
  | { readonly host?: undefined; readonly problem: HostProblem };

interface HostHeaders {
  /** HTTP/1 Host. */
  host: string | undefined;
  /** HTTP/2 :authority. */
  authority: string | undefined;
  forwarded: string | undefined;
  severalHosts: boolean;
  severalForwarded: boolean;
}

const problem = (problem: HostProblem): RequestHost => ({ problem });

/** RFC 9112, 3.2: more than one Host, or a target that names another, is refused. `isTrusted` is asked only where X-Forwarded-Host was sent. */
export const requestHost = (request: RoutedRequest, isTrusted: (peer: string | undefined) => boolean): RequestHost => {
  const headers = hostHeaders(request.rawHeaders);
  const asked = headers.authority ?? headers.host;
  if (asked === undefined) return problem('no-host');
  if (headers.severalHosts || !agrees(headers.host, asked)) return problem('several-hosts');
  if (!agrees(targetAuthority(request.url), asked)) return problem('target-differs');
  const { forwarded } = headers;
  if (forwarded === undefined || !isTrusted(request.socket.remoteAddress)) return { host: asked };
  return headers.severalForwarded || forwarded.includes(',') ? problem('several-forwarded-hosts') : { host: forwarded.trim() };
};

/** From the raw headers: `headers.host` keeps the first of several without a word. */
const hostHeaders = (raw: readonly string[]): HostHeaders => {
  const found: HostHeaders = { host: undefined, authority: undefined, forwarded: undefined, severalHosts: false, severalForwarded: false };
  for (let index = 0; index < raw.length; index += 2) {
    const kind = kindOf(raw[index] ?? '');
    if (kind === undefined) continue;
    if (found[kind] === undefined) found[kind] = raw[index + 1] ?? '';
    else if (kind === 'forwarded') found.severalForwarded = true;
    else found.severalHosts = true;
  }
  return found;
};

/** Lengths first: this runs for every header of every request. */
const kindOf = (name: string): 'host' | 'authority' | 'forwarded' | undefined => {
  if (name.length === 4) return name.toLowerCase() === 'host' ? 'host' : undefined;
  if (name.length === 10) return name === ':authority' ? 'authority' : undefined;
  return name.length === 16 && name.toLowerCase() === 'x-forwarded-host' ? 'forwarded' : undefined;
};

/** Where the target names a host (`GET http://host/path`); the usual ones name none. What cannot be read agrees with nothing. */
const targetAuthority = (url: string | undefined): string | undefined => {
  if (url === undefined || url === '' || url.startsWith('/') || url === '*') return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1] ?? '';
};

const agrees = (other: string | undefined, asked: string): boolean =>
  other === undefined || other === asked || other.toLowerCase() === asked.toLowerCase();
