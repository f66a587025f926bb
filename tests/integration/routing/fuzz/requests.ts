// One fuzzed request: which hosts it names and where, and the bytes that say so.

import { harmlessHost, strangeHost } from './hosts.ts';
import type { Random } from './random.ts';

export interface FuzzedRequest {
  /** Host headers, usually one. */
  readonly hosts: readonly string[];
  /** X-Forwarded-Host headers. */
  readonly forwarded: readonly string[];
  /** The host in an absolute target. */
  readonly target: string | undefined;
  /** It goes to the server that trusts its peer's X-Forwarded-Host. */
  readonly trusts: boolean;
  /** Nothing about it is wrong: its tenant must be served. */
  readonly isHarmless: boolean;
  /** The server may end the connection over it, so it is sent after all others were answered. */
  readonly isHostile: boolean;
  readonly bytes: Buffer;
}

export interface FuzzedNames {
  readonly hosts: readonly string[];
  readonly base: string;
}

const ACCEPTS = ['', 'Accept: text/html\r\n', 'Accept: application/json\r\n', 'Accept: */*;q=0.1, text/html\r\n'];
/** More in one header, or bytes that are in none, end the connection. */
const MAX_CALM_LENGTH = 4_000;
const isControl = (byte: number): boolean => (byte < 0x20 && byte !== 0x09) || byte === 0x7f;

export const fuzzedRequest = ({ hosts, base }: FuzzedNames, random: Random): FuzzedRequest => {
  const isHarmless = random.once(5);
  const strange = (): string => strangeHost(hosts, base, random);
  const sent = isHarmless ? [harmlessHost(hosts, random)] : random.once(40) ? [] : [strange()];
  const trusts = random.once(4);
  if (!isHarmless && random.once(40)) sent.push(random.once(2) ? strange() : random.pick(hosts));
  const target = !isHarmless && random.once(30) ? random.pick([strange(), random.pick(hosts), sent[0] ?? '']) : undefined;
  // Where nobody is trusted, somebody else's host beside a harmless one must change nothing.
  const forwarded = random.once(3) && !(isHarmless && trusts) ? [random.once(2) ? random.pick(hosts) : strange()] : [];
  if (forwarded.length > 0 && random.once(10)) forwarded.push(random.pick(hosts));
  const head = [
    `${random.pick(['GET', 'GET', 'POST'])} ${target === undefined ? '/' : `http://${target}/`} HTTP/1.1`,
    ...sent.map((host) => `${random.pick(['Host', 'host', 'HOST'])}: ${host}`),
    ...forwarded.map((host) => `X-Forwarded-Host: ${host}`),
    `Content-Length: 0`,
  ].join('\r\n');
  const text = `${head}\r\n${random.pick(ACCEPTS)}\r\n`;
  const named = [...sent, ...forwarded].join('');
  const isHostile =
    target !== undefined || sent.length === 0 || named.length > MAX_CALM_LENGTH || Buffer.from(named, 'latin1').some(isControl);
  return { hosts: sent, forwarded, target, trusts, isHarmless, isHostile, bytes: Buffer.from(text, 'latin1') };
};
