// Whose word about the host counts.

import { describe, expect, test } from 'vitest';
import { trustedPeers } from '../../../src/routing/trusted-peers.ts';

describe('trusted peers', () => {
  test('are nobody unless configured', () => {
    expect(trustedPeers([])('127.0.0.1')).toBe(false);
  });

  test.each([
    ['10.1.2.3', true],
    ['11.1.2.3', false],
    ['::ffff:10.1.2.3', true],
    ['::ffff:11.1.2.3', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8::9', true],
    ['2001:db9::9', false],
    ['fe80::1%eth0', true],
    ['not an address', false],
    ['', false],
    [undefined, false],
  ])('%s: %s', (peer, expected) => {
    const isTrusted = trustedPeers(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', 'fe80::/10']);
    expect([isTrusted(peer), isTrusted(peer)]).toEqual([expected, expected]);
  });

  test('may be everybody, when that is said', () => {
    expect(trustedPeers(['0.0.0.0/0'])('203.0.113.9')).toBe(true);
  });

  test('stay right after a thousand others have asked', () => {
    const isTrusted = trustedPeers(['10.0.0.0/8']);
    const others = Array.from({ length: 3_000 }, (_, n) => `172.16.${n >> 8}.${n & 255}`);
    expect(others.filter((peer) => isTrusted(peer))).toEqual([]);
    expect(isTrusted('10.0.0.1')).toBe(true);
  });

  test.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '::1/129', '', '10.0.0.0/1e1'])(
    'that are misspelt are refused at the start: %j',
    (network) => {
      expect(() => trustedPeers([network])).toThrow(TypeError);
    },
  );
});
