/*
 * pg's client that proves its password by SCRAM. Separate because it holds for tenants' databases as well as for the
 * master database: in clear or as MD5 a password is given only to a server whose certificate was verified. Anybody who
 * answers at the address could ask for it.
 */
import pg from 'pg';

/** What pg calls its wire connection; its types leave most of it out. */
interface Wire {
  readonly stream: { destroy(error: Error): void };
  on(event: string, listener: () => void): void;
}

/** Both would show the password, or what is as good as it. */
const REVEALING = { authenticationCleartextPassword: 'cleartext', authenticationMD5Password: 'md5' } as const;
type Revealing = (typeof REVEALING)[keyof typeof REVEALING];

const IN_WORDS: Readonly<Record<Revealing, string>> = { cleartext: 'clear text', md5: 'MD5' };

/** To be called before `connect`. Instead of giving the password to a server that asks so, logging in fails with what `refusal` makes. */
export function refuseToReveal(client: pg.Client, refusal: (method: Revealing) => Error): void {
  for (const [event, method] of Object.entries(REVEALING)) {
    // Before pg's own listeners, which are added by connect().
    wireOf(client).on(event, () => {
      const error = refusal(method);
      // Whatever it was: pg keeps what a function has returned, and a server may begin with SCRAM and then ask in another way.
      (client as { password?: unknown }).password = () => {
        throw error;
      };
    });
  }
}

export class ScramClient extends pg.Client {
  constructor(config: pg.ClientConfig = {}) {
    super(config);
    if (isVerifying(config.ssl)) return;
    refuseToReveal(this, (method) => {
      const error = new Error(`the server asks for the password as ${IN_WORDS[method]}; without a verified certificate only SCRAM is used`);
      // A pool would forget the connection, and leave it open.
      wireOf(this).stream.destroy(error);
      return error;
    });
  }
}

const wireOf = (client: pg.Client): Wire => (client as unknown as { readonly connection: Wire }).connection;

const isVerifying = (ssl: pg.ClientConfig['ssl']): boolean => typeof ssl === 'object' && ssl.rejectUnauthorized === true;
