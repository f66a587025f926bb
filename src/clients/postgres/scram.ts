/*
 * SCRAM verifiers made here, so that a password never travels in a statement and never stands in a server's log.
 * Separate because it is arithmetic of RFC 5802 and knows no connection.
 */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/** PostgreSQL's own default; more makes every login slower, and a random password needs no slow hash. */
const ITERATIONS = 4096;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/** A malformed verifier is silently taken as a plain password by the server, so it is checked before it is sent. */
const VERIFIER = /^SCRAM-SHA-256\$[1-9][0-9]*:[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/;

const derive = promisify(pbkdf2);

/** What CREATE ROLE ... PASSWORD takes instead of the password. */
export async function scramVerifier(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const salted = await derive(password.normalize('NFKC'), salt, ITERATIONS, KEY_BYTES, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return checkedVerifier(`SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`);
}

/** Returns its argument; throws RangeError, without repeating it, for anything that is not a verifier. */
export function checkedVerifier(verifier: string): string {
  if (!VERIFIER.test(verifier)) throw new RangeError('this is not a SCRAM-SHA-256 verifier');
  return verifier;
}

const hmac = (key: Buffer, message: string): Buffer => createHmac('sha256', key).update(message).digest();
