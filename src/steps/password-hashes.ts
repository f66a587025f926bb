/**
 * bcrypt hashes of passwords that are being recorded. Separate because a hash is begun in one step, beside
 * CREATE DATABASE, and needed in another, maybe of a later reconcile: it must not be computed twice.
 */
import { hashPassword, isGenerated } from '../clients/passwords.ts';
import { type ConnectionSecret, passwordOf, secretVersion } from '../desired/connection-secret.ts';

/** A slow hash makes guessing slow; 256 random bits are not guessed at any speed, and a fleet's worth of hashes takes time. */
const LOWEST_COST = 4;

/** Far more than tenants are being provisioned at once; what falls out is computed again. */
const REMEMBERED = 1_000;

export class PasswordHashes {
  readonly #cost: number;
  readonly #hashes = new Map<string, Promise<string>>();

  /** @param cost bcrypt's, the base-2 logarithm of its rounds, for passwords that a person has chosen */
  constructor(cost: number) {
    this.#cost = cost;
  }

  /** The hash of the password in the Secret as it is; begun at the first call. Throws where there is no usable password. */
  hash(secret: ConnectionSecret): Promise<string> {
    const version = secretVersion(secret);
    const known = this.#hashes.get(version);
    if (known !== undefined) return known;
    const password = passwordOf(secret) ?? '';
    const begun = hashPassword(password, isGenerated(password) ? LOWEST_COST : this.#cost);
    // Whoever awaits it gets the error; that nobody may be awaiting it yet is no reason to end the process.
    begun.catch(() => this.#hashes.delete(version));
    this.#hashes.set(version, begun);
    this.#forgetOldest();
    return begun;
  }

  #forgetOldest(): void {
    if (this.#hashes.size <= REMEMBERED) return;
    const [oldest] = this.#hashes.keys();
    if (oldest !== undefined) this.#hashes.delete(oldest);
  }
}
