// Passwords are real bcrypt: what it ignores would otherwise let two passwords share a hash.

import { describe, expect, test } from 'vitest';
import { generatePassword, hashPassword, passwordMatches } from '../../../src/clients/passwords.ts';

/** The lowest cost that bcrypt takes: what is tested does not depend on it. */
const CHEAP = 4;

describe('generatePassword', () => {
  test('gives 32 bytes in an alphabet that needs no escaping anywhere', () => {
    const password = generatePassword();
    expect(password).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(password, 'base64url')).toHaveLength(32);
  });

  test('never gives the same twice', () => {
    expect(new Set(Array.from({ length: 1000 }, generatePassword)).size).toBe(1000);
  });
});

describe('hashPassword', () => {
  test('hashes with cost 10 unless told otherwise', async () => {
    expect(await hashPassword('secret')).toMatch(/^\$2b\$10\$[./A-Za-z0-9]{53}$/);
  });

  test('salts: two hashes of one password differ, and both match it alone', async () => {
    const hashes = await Promise.all([hashPassword('secret', CHEAP), hashPassword('secret', CHEAP)]);
    expect(hashes[0]).not.toBe(hashes[1]);
    for (const hash of hashes) {
      expect(await passwordMatches('secret', hash)).toBe(true);
      expect(await passwordMatches('Secret', hash)).toBe(false);
    }
  });

  test('tells two passwords of 72 bytes apart by their last byte', async () => {
    const hash = await hashPassword(`${'x'.repeat(71)}a`, CHEAP);
    expect(await passwordMatches(`${'x'.repeat(71)}a`, hash)).toBe(true);
    expect(await passwordMatches(`${'x'.repeat(71)}b`, hash)).toBe(false);
  });

  test.each([
    ['empty', ''],
    ['longer than 72 bytes', 'x'.repeat(73)],
    ['longer than 72 bytes in UTF-8 though not in characters', 'é'.repeat(37)],
    ['one with a zero byte', 'a\0b'],
  ])('refuses a password that is %s', async (_what, password) => {
    await expect(hashPassword(password, CHEAP)).rejects.toBeInstanceOf(RangeError);
  });

  test('leaves the event loop free', async () => {
    const order: string[] = [];
    const hashed = hashPassword('secret').then(() => order.push('hashed'));
    await new Promise<void>((resolve) => setImmediate(resolve));
    order.push('another turn of the loop');
    await hashed;
    expect(order).toEqual(['another turn of the loop', 'hashed']);
  });
});

describe('passwordMatches', () => {
  test('never matches what cannot have been hashed, though bcrypt would ignore the difference', async () => {
    const hash = await hashPassword('x'.repeat(72), CHEAP);
    expect(await passwordMatches('x'.repeat(73), hash)).toBe(false);
  });

  test('does not match what is no hash', async () => {
    expect(await passwordMatches('secret', 'secret')).toBe(false);
  });
});
