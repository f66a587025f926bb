/*
 * What a Host header asks for: a tenant's name, the platform itself, or nothing that could be either. Pure, and separate
 * because it decides what is looked up at all: what cannot be a tenant's name never reaches the master database.
 */
import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';

export type HostName =
  /** `key`: the label under the base domain, or a whole custom domain; only the latter has a dot. Lower case, ASCII. */
  | { readonly kind: 'tenant'; readonly key: string }
  /** The bare base domain. */
  | { readonly kind: 'platform' }
  | { readonly kind: 'none'; readonly why: NoHostName };

/**
 * `malformed`: no host name at all. `address`: an IP address. `nested`: more than one label under the base domain.
 * `unqualified`: a name without a dot, such as `localhost`.
 */
export type NoHostName = 'malformed' | 'address' | 'nested' | 'unqualified';

/** RFC 1035, 2.3.4; without the dot of the root. */
const MAX_NAME_LENGTH = 253;
/** Labels of 1 to 63 of a-z, 0-9 and inner hyphens. A label ends at a dot in one way only: nothing is tried twice for long. */
const PLAIN_NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const DOT = 46;
/** A name of 253 characters with its port, each character sent as up to four bytes. Anything longer is not read at all. */
const MAX_HOST_LENGTH = 4 * MAX_NAME_LENGTH + 6;

const PLATFORM: HostName = { kind: 'platform' };
const MALFORMED: HostName = { kind: 'none', why: 'malformed' };
const ADDRESS: HostName = { kind: 'none', why: 'address' };
const NESTED: HostName = { kind: 'none', why: 'nested' };
const UNQUALIFIED: HostName = { kind: 'none', why: 'unqualified' };

/**
 * Reads `host` as it may stand in a Host header: with a port, in any case, with the dot of the root, international names
 * as punycode or as themselves. `baseDomain` is a plain name: lower case, ASCII, no dot at its end. Never throws; its
 * time grows with the length of `host`, which is cut off at about a kilobyte.
 */
export function parseHostName(host: string, baseDomain: string): HostName {
  if (host.length > MAX_HOST_LENGTH) return MALFORMED;
  if (host.startsWith('[')) return isBracketedAddress(host) ? ADDRESS : MALFORMED;
  const name = withoutPort(host);
  if (name === undefined) return MALFORMED;
  const plain = plainName(name);
  if (plain === undefined) return MALFORMED;
  return placed(plain, baseDomain);
}

/** `platform.com` as `parseHostName` wants it, from any way to write it. Throws RangeError when it is no domain. */
export function plainBaseDomain(baseDomain: string): string {
  const plain = plainName(baseDomain);
  if (plain === undefined || isAddress(plain)) throw new RangeError(`"${baseDomain}" is no base domain`);
  return plain;
}

function placed(name: string, baseDomain: string): HostName {
  if (name === baseDomain) return PLATFORM;
  const dot = name.length - baseDomain.length - 1;
  if (dot > 0 && name.charCodeAt(dot) === DOT && name.endsWith(baseDomain)) {
    // A custom domain is never under the base domain, so more labels cannot be one either.
    return name.lastIndexOf('.', dot - 1) === -1 ? { kind: 'tenant', key: name.slice(0, dot) } : NESTED;
  }
  if (isAddress(name)) return ADDRESS;
  return name.includes('.') ? { kind: 'tenant', key: name } : UNQUALIFIED;
}

/** RFC 3986, 3.2.3: the port may be empty. Undefined: what follows the colon is no port. */
function withoutPort(host: string): string | undefined {
  const colon = host.indexOf(':');
  if (colon === -1) return host;
  return /^\d{0,5}$/.test(host.slice(colon + 1)) ? host.slice(0, colon) : undefined;
}

const withoutRoot = (name: string): string => (name.endsWith('.') ? name.slice(0, -1) : name);

function isBracketedAddress(host: string): boolean {
  const end = host.indexOf(']');
  return isIPv6(host.slice(1, end)) && /^(?::\d{0,5})?$/.test(host.slice(end + 1));
}

/** As URLs have it: what ends in a number is meant as an IPv4 address, however it is written. */
function isAddress(name: string): boolean {
  return /^(?:\d+|0x[0-9a-f]*)$/.test(name.slice(name.lastIndexOf('.') + 1));
}

/** In lower case and ASCII, without the dot of the root; undefined when it is no host name. */
function plainName(name: string): string | undefined {
  const lower = withoutRoot(name.toLowerCase());
  if (isPlain(lower)) return lower;
  // What converts names takes URLs apart as well: it would undo %2E and drop tabs.
  if (isAscii(name) || OTHER_THAN_NAMES.test(name)) return undefined;
  // An empty string for what cannot be converted.
  const ascii = withoutRoot(domainToASCII(asSent(name)));
  return isPlain(ascii) ? ascii : undefined;
}

/** ASCII that no name has. */
const OTHER_THAN_NAMES = /[\0-,/:-@[-`{-\x7f]/;

const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length;

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const LATIN_1_END = 0xff;

/** node:http reads headers as Latin-1: what was sent as UTF-8 is put together again. */
function asSent(name: string): string {
  for (let index = 0; index < name.length; index += 1) if (name.charCodeAt(index) > LATIN_1_END) return name;
  try {
    return UTF_8.decode(Buffer.from(name, 'latin1'));
  } catch {
    return name; // not UTF-8, so it is what it looks like
  }
}

const isPlain = (name: string): boolean => name.length <= MAX_NAME_LENGTH && PLAIN_NAME.test(name);
