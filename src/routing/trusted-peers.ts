/*
 * Whose X-Forwarded-Host counts: peers whose address is in the networks that the configuration names. Separate because
 * it is the only state behind finding a request's host.
 */
import { BlockList, isIP } from 'node:net';

/** Addresses are few (the proxies'); this is a bound for a server that is open to everybody. */
const MAX_REMEMBERED = 1_000;

/**
 * `networks`: addresses or CIDRs, e.g. `10.0.0.0/8`, `::1`. Throws TypeError for anything else: a proxy that is
 * misspelt must not go unnoticed. An IPv4 address that came in over IPv6 (`::ffff:10.0.0.1`) counts as itself.
 */
export const trustedPeers = (networks: readonly string[]): ((peer: string | undefined) => boolean) => {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const network of networks) addNetwork(list, network);
  const known = new Map<string, boolean>();
  return (peer) => {
    if (peer === undefined) return false;
    const remembered = known.get(peer);
    if (remembered !== undefined) return remembered;
    const trusted = contains(list, peer);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(peer, trusted);
    return trusted;
  };
};

const addNetwork = (list: BlockList, network: string): void => {
  const [address = '', prefix] = network.split('/', 2);
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : prefixLength(prefix);
  if (family === 0 || length > bits || network.split('/').length > 2) {
    throw new TypeError(`trustedProxies: ${JSON.stringify(network)} is neither an IP address nor a CIDR such as 10.0.0.0/8`);
  }
  list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
};

const prefixLength = (text: string): number => (/^\d{1,3}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY);

const contains = (list: BlockList, peer: string): boolean => {
  // Link-local addresses carry their interface: fe80::1%eth0.
  const address = peer.split('%', 1)[0] ?? '';
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
};
