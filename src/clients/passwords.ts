/**
 * Passwords of tenants: made at random, and hashed with bcrypt for the proof that the master database keeps.
 * Separate because it is the only place that knows bcrypt. Hashing runs in libuv's thread pool, never on the loop.
 */
import { randomBytes } from 'node:crypto';
import bcrypt from 'bcrypt';

const PASSWORD_BYTES = 32;

/** bcrypt ignores every byte after this one, so that two longer passwords could share a hash. */
const MAX_BYTES = 72;

/** The base-2 logarithm of bcrypt's rounds. The password is random: more would buy nothing. */
const DEFAULT_HASH_COST = 10;

/** 32 random bytes in base64url: 43 characters that need no escaping in a URL, a Secret or SQL. */
export function generatePassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

/** Whether a password is as long and of the characters that `generatePassword` makes; no person types one like it. */
export function isGenerated(password: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(password);
}

/** Whether bcrypt can tell this password from every other one: 1 to 72 bytes, no zero byte. */
function isHashable(password: string): boolean {
  return password !== '' && !password.includes('\0') && Buffer.byteLength(password) <= MAX_BYTES;
}

/**
 * Hashes with a salt of its own: hashing twice gives two hashes, compare with `passwordMatches`.
 * Throws RangeError for a password that is empty, longer than 72 bytes, or holds a zero byte.
 */
export async function hashPassword(password: string, cost: number = DEFAULT_HASH_COST): Promise<string> {
  if (!isHashable(password)) throw new RangeError('a password to be hashed has 1 to 72 bytes and no zero byte');
  return bcrypt.hash(password, cost);
}

/** Whether the hash was made of this password. False, without hashing, for one that cannot have been hashed. */
export async function passwordMatches(password: string, hash: string): Promise<boolean> {
  return isHashable(password) && bcrypt.compare(password, hash);
}
