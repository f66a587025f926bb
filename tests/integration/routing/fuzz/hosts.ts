// Hosts that nobody should send: real ones with something changed, and things that never were hosts. As Latin-1 text, a character a byte.

import type { Random } from './random.ts';

const bytes = (text: string): string => Buffer.from(text).toString('latin1');
const at = (text: string, index: number, change: (character: string) => string): string =>
  text.slice(0, index) + change(text[index] ?? '') + text.slice(index + 1);

const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'а',
  c: 'с',
  e: 'е',
  i: 'і',
  o: 'ο',
  p: 'р',
  s: 'ѕ',
  x: 'х',
  y: 'у',
  d: 'ԁ',
  l: 'ӏ',
  t: 'т',
};
const fullWidth = (character: string): string =>
  /[!-~]/.test(character) ? String.fromCodePoint((character.codePointAt(0) ?? 0) + 0xfe_e0) : character;
/** Dots that are none, letters that vanish, and letters that become two. */
const STRANGE = [
  '\u3002',
  '\uFF0E',
  '\u2024',
  '\u00AD',
  '\u200B',
  '\u200D',
  '\u2060',
  '\uFEFF',
  '\u0130',
  '\u00DF',
  '\u212A',
  '\u017F',
  '\u0301',
  '\u202E',
  '\uD83D\uDE00',
];
const PUNCTUATION = [
  '_',
  '-',
  '--',
  '.',
  '..',
  '@',
  ',',
  ';',
  '/',
  '\\',
  '?',
  '#',
  '%',
  '%2e',
  '%00',
  ' ',
  '\t',
  '*',
  '[',
  ']',
  ':',
  '::',
  "'",
  '"',
  '<b>',
  '{{',
  '$(',
  '&&',
];

type Change = (host: string, random: Random, other: string) => string;

/** What a client may do to a host without asking for another. */
export const HARMLESS: readonly Change[] = [
  (host) => host.toUpperCase(),
  (host, random) =>
    host
      .split('')
      .map((letter) => (random.once(2) ? letter.toUpperCase() : letter))
      .join(''),
  (host, random) => `${host}:${random.below(65_536)}`,
  (host) => `${host}:`,
  (host) => `${host}.`,
  (host, random) => `${host.toUpperCase()}.:${random.pick(['80', '443', '0080', '8080'])}`,
  (host) => ` \t${host}\t `,
];

const HARMFUL: readonly Change[] = [
  (host, random) => at(host, random.below(host.length), () => ''),
  (host, random) => at(host, random.below(host.length), (letter) => letter + letter),
  (host, random) => at(host, random.below(host.length), (letter) => bytes(LOOKALIKES[letter] ?? 'ı')),
  (host, random) => at(host, random.below(host.length), (letter) => bytes(fullWidth(letter))),
  (host) => bytes(host.split('').map(fullWidth).join('')),
  (host, random) => at(host, random.below(host.length), (letter) => letter + bytes(random.pick(STRANGE))),
  (host, random) => at(host, random.below(host.length), (letter) => letter + random.pick(PUNCTUATION)),
  (host, random) => at(host, random.below(host.length), (letter) => `%${(letter.codePointAt(0) ?? 0).toString(16)}`),
  (host, random) => at(host, random.below(host.length), (letter) => letter + String.fromCodePoint(random.below(256))),
  (host, random) => at(host, random.below(host.length), (letter) => letter + String.fromCodePoint(random.below(32))),
  (host, random) => `${randomLabel(random)}.${host}`,
  (host, random) => `${host}.${randomLabel(random)}`,
  (host, random) => host.replace('.', `.${randomLabel(random)}.`),
  (host, _, other) => host + other,
  (host, _, other) => `${host},${other}`,
  (host, _, other) => `${host}, ${other}`,
  (host, _, other) => `${host}@${other}`,
  (host, _, other) => `${host}/${other}`,
  (host, _, other) => `${host} ${other}`,
  (host, _, other) => `${host}:${other}`,
  (host, _, other) => `${host}\0${other}`,
  (host) => `${host}..`,
  (host) => `.${host}`,
  (host) => `http://${host}`,
  (host, random) => `${host}:${random.pick(['-1', '+80', '80a', '99999', '65536', '080:80', bytes('８０'), ' 80', '1e3', '000000080'])}`,
  (host) => `[${host}]`,
  (host, random) => `xn--${host}${random.once(2) ? '' : '-'}`,
  (host, random) => `${'a'.repeat(random.below(80))}${host}`,
  (host, random) => host.repeat(1 + random.below(40)),
];

const randomLabel = (random: Random): string => random.below(36 ** 6).toString(36);
const randomBytes = (random: Random, length: number): string => String.fromCodePoint(...Array.from({ length }, () => random.below(256)));

const MADE_UP: readonly ((random: Random, base: string) => string)[] = [
  () => '',
  (random) => randomBytes(random, random.below(60)),
  (random) => bytes(String.fromCodePoint(...Array.from({ length: 1 + random.below(30) }, () => random.below(0xd7_ff)))),
  (random, base) => `${randomLabel(random)}.${base}`,
  (random, base) => `${randomLabel(random)}-${randomLabel(random)}.${base}`,
  (random) => `${randomLabel(random)}.test`,
  (random, base) => `xn--${randomLabel(random)}.${base}`,
  (random, base) => `xn--${randomLabel(random)}-${randomLabel(random)}.${base}.`,
  (random) => Array.from({ length: 4 }, () => random.below(300)).join('.'),
  (random) => `[${Array.from({ length: 1 + random.below(9) }, () => random.below(65_536).toString(16)).join(':')}]:${random.below(70_000)}`,
  (random) => `[::${random.pick(['1', 'ffff:10.0.0.1', '1%25eth0', ''])}${random.pick([']', '', ']]', ']:80', ']x'])}`,
  (random) =>
    random.pick([
      'localhost',
      '0',
      '0x7f.1',
      '127.1',
      '017700000001',
      '2130706433',
      '.',
      '..',
      ':',
      ':80',
      '*',
      '-',
      '_',
      '[]',
      '@',
      'xn--',
      'constructor',
      '__proto__',
      'null',
      'undefined',
    ]),
  (random, base) =>
    random.pick([
      base,
      `${base}.`,
      `.${base}`,
      `..${base}`,
      `x${base}`,
      `${base}:80`,
      `*.${base}`,
      `www.${base}`,
      `__proto__.${base}`,
      `constructor.${base}`,
      base.slice(1),
    ]),
  (random, base) => `${'a'.repeat(1 + random.below(70))}.${base}`,
  (random, base) => `${`${randomLabel(random)}.`.repeat(1 + random.below(50))}${base}`,
  (random) => 'a'.repeat(1 + random.below(20_000)),
  (random, base) => `${'1'.repeat(random.below(5_000))}.${base}`,
  (random) => bytes('ü'.repeat(1 + random.below(2_000))),
  (random, base) => `';DROP TABLE organizations;--${randomLabel(random)}.${base}`,
];

/** A real host, changed in a way that a client may; it still asks for the same tenant. */
export const harmlessHost = (hosts: readonly string[], random: Random): string => {
  const host = random.pick(hosts);
  return random.once(4) ? host : random.pick(HARMLESS)(host, random, host);
};

/** Anything else. Carries no line break: after one, it would be no longer a host but another header. */
export const strangeHost = (hosts: readonly string[], base: string, random: Random): string => {
  let host = random.once(3) ? random.pick(MADE_UP)(random, base) : random.pick(HARMFUL)(random.pick(hosts), random, random.pick(hosts));
  while (random.once(4)) host = random.pick(random.once(2) ? HARMFUL : HARMLESS)(host, random, random.pick(hosts));
  return host.slice(0, 40_000).replaceAll(/[\r\n]/g, '');
};
