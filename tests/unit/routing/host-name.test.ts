// Every form a Host header can have, and that none of them does harm.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHostName, plainBaseDomain } from '../../../src/routing/host-name.ts';

const BASE = 'platform.example';
const parse = (host: string) => parseHostName(host, BASE);
const LABEL_63 = 'x'.repeat(63);
const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

describe('a host under the base domain', () => {
  test.each([
    ['as it is', 'my-studio.platform.example', 'my-studio'],
    ['with a port', 'my-studio.platform.example:8443', 'my-studio'],
    ['with an empty port', 'my-studio.platform.example:', 'my-studio'],
    ['in any case', 'My-Studio.PLATFORM.Example', 'my-studio'],
    ['with the dot of the root', 'my-studio.platform.example.', 'my-studio'],
    ['with the dot of the root and a port', 'my-studio.platform.example.:80', 'my-studio'],
    ['with a label of 63 characters', `${LABEL_63}.platform.example`, LABEL_63],
    ['with a label of digits', '123.platform.example', '123'],
    ['with a label of one character', 'x.platform.example', 'x'],
    ['international, as punycode', 'xn--mnchen-3ya.platform.example', 'xn--mnchen-3ya'],
    ['international, as Unicode', 'münchen.platform.example', 'xn--mnchen-3ya'],
    ['international, in upper case', 'MÜNCHEN.platform.example', 'xn--mnchen-3ya'],
    ['international, decomposed', 'münchen.platform.example', 'xn--mnchen-3ya'],
    ['international, as the bytes of UTF-8', latin1('münchen.platform.example'), 'xn--mnchen-3ya'],
    ['international beyond Latin-1, as the bytes of UTF-8', latin1('東京.platform.example:80'), 'xn--1lqs71d'],
    ['with full-width letters and dots', 'ａｂｃ。platform.example', 'abc'],
  ])('names a tenant %s', (_how, host, key) => {
    expect(parse(host)).toEqual({ kind: 'tenant', key });
  });

  test.each(['a.b.platform.example', 'www.my-studio.platform.example:443', `${'a.'.repeat(100)}platform.example`])(
    'with more than one label is nested: %s',
    (host) => {
      expect(parse(host)).toEqual({ kind: 'none', why: 'nested' });
    },
  );
});

test.each(['platform.example', 'PLATFORM.example:80', 'platform.example.', 'platform.example.:443'])(
  '%s is the platform itself',
  (host) => {
    expect(parse(host)).toEqual({ kind: 'platform' });
  },
);

test.each([
  ['booking.my-studio.example', 'booking.my-studio.example'],
  ['Booking.My-Studio.Example.:443', 'booking.my-studio.example'],
  ['not-platform.example', 'not-platform.example'],
  ['xplatform.example', 'xplatform.example'],
  ['platform.example.org', 'platform.example.org'],
  ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
  [`${`${'x'.repeat(62)}.`.repeat(4).slice(0, -1)}a`, `${`${'x'.repeat(62)}.`.repeat(4).slice(0, -1)}a`],
])('%s may be a custom domain', (host, key) => {
  expect(parse(host)).toEqual({ kind: 'tenant', key });
});

test.each([
  '127.0.0.1',
  '127.0.0.1:8080',
  '10.0.0.1.',
  '1.2.3',
  '2130706433',
  '0x7f000001',
  '127.0.0.0x1',
  '[::1]',
  '[::1]:8080',
  '[2001:db8::1]:',
  '[::ffff:127.0.0.1]',
  '１２７.０.０.１',
])('%s is an address', (host) => {
  expect(parse(host)).toEqual({ kind: 'none', why: 'address' });
});

test.each(['localhost', 'LOCALHOST:3000', 'studio-app', 'example.'])('%s is unqualified', (host) => {
  expect(parse(host)).toEqual({ kind: 'none', why: 'unqualified' });
});

test.each([
  ['nothing', ''],
  ['a dot', '.'],
  ['a port alone', ':80'],
  ['two dots at the end', 'my-studio.platform.example..'],
  ['two dots at the end of an international name', 'b\u00FCcher.example..'],
  ['an empty label', 'my-studio..platform.example'],
  ['a dot at the start', '.platform.example'],
  ['an underscore', 'my_studio.platform.example'],
  ['a wildcard', '*.platform.example'],
  ['a hyphen at the start', '-x.platform.example'],
  ['a hyphen at the end', 'x-.platform.example'],
  ['a label of 64 characters', `x${LABEL_63}.platform.example`],
  ['a last label of 64 characters', `platform.x${LABEL_63}`],
  ['254 characters', 'x.'.repeat(126) + 'xx'],
  ['a kilobyte of Unicode', `${'ü'.repeat(1100)}.platform.example`],
  ['a zero byte', 'my-studio\0.platform.example'],
  ['a line feed', 'my-studio.platform.example\n'],
  ['a tab', 'my\tstudio.platform.example'],
  ['a space', 'my studio.platform.example'],
  ['a space at the start', ' my-studio.platform.example'],
  ['a user', 'admin@my-studio.platform.example'],
  ['a path', 'my-studio.platform.example/x'],
  ['a percent sign', 'my%2Dstudio.platform.example'],
  ['a percent sign and Unicode', 'mü%2Dstudio.platform.example'],
  ['a port that is none', 'my-studio.platform.example:http'],
  ['a port of six digits', 'my-studio.platform.example:800000'],
  ['two ports', 'my-studio.platform.example:80:80'],
  ['a bare IPv6 address', '::1'],
  ['a bracket that does not end', '[::1'],
  ['brackets around no address', '[my-studio.platform.example]'],
  ['something after an address', '[::1]x'],
  ['two hosts', 'a.platform.example,b.platform.example'],
  ['a lone surrogate', '\uD800.platform.example'],
  ['bytes that are no UTF-8 and no letters', '\u0080\u0081.platform.example'],
])('%s is malformed', (_what, host) => {
  expect(parse(host)).toEqual({ kind: 'none', why: 'malformed' });
});

test('whatever is sent, it never throws, and a key is a plain name that means itself', () => {
  const labels = fc.string({ unit: fc.constantFrom(...Array.from('aAzZ09-._:[]ü東ß。 \0%@')), maxLength: 80 });
  const hosts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 1200 }),
    fc.domain(),
    labels,
    labels.map((label) => `${label}.${BASE}`),
    labels.map((label) => latin1(`${label}.${BASE}`)),
  );
  fc.assert(
    fc.property(hosts, (host) => {
      const name = parse(host);
      if (name.kind !== 'tenant') return;
      expect(name.key).toMatch(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      expect(name.key.length).toBeLessThanOrEqual(253);
      expect(name.key.endsWith(`.${BASE}`)).toBe(false);
      expect(parse(name.key.includes('.') ? name.key : `${name.key}.${BASE}`)).toEqual(name);
    }),
    { numRuns: 20_000 },
  );
});

test('case, port and the dot of the root never change what is asked for', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  const port = fc.option(fc.nat({ max: 65_535 }), { nil: undefined });
  fc.assert(
    fc.property(label, port, fc.boolean(), fc.boolean(), (key, port, isUpper, hasRoot) => {
      const name = `${key}.${BASE}${hasRoot ? '.' : ''}${port === undefined ? '' : `:${port}`}`;
      expect(parse(isUpper ? name.toUpperCase() : name)).toEqual({ kind: 'tenant', key });
    }),
  );
});

test('a base domain is taken however it is written, and refused when it is none', () => {
  expect(plainBaseDomain('Platform.Example.')).toBe('platform.example');
  expect(plainBaseDomain('münchen.example')).toBe('xn--mnchen-3ya.example');
  for (const wrong of ['', 'platform.example:80', '*.example', '127.0.0.1']) expect(() => plainBaseDomain(wrong)).toThrow(RangeError);
});
