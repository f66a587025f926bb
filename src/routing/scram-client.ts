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
const REVEALING = { authenticationCleartextPassword: 'clear text', authenticationMD5Password: 'MD5' } as const;

export class ScramClient extends pg.Client {
  constructor(config: pg.ClientConfig = {}) {
    super(config);
    if (isVerifying(config.ssl)) return;
    const { connection } = this as unknown as { readonly connection: Wire };
    for (const [event, method] of Object.entries(REVEALING)) {
      // Before pg's own listeners, which are added by connect().
      connection.on(event, () => {
        const error = new Error(`the server asks for the password as ${method}; without a verified certificate only SCRAM is used`);
        // Whatever it was: pg keeps what a function has returned, and a server may begin with SCRAM and then ask in another way.
        (this as { password?: unknown }).password = () => {
          throw error;
        };
        // A pool would forget the connection, and leave it open.
        connection.stream.destroy(error);
      });
    }
  }
}

const isVerifying = (ssl: pg.ClientConfig['ssl']): boolean => typeof ssl === 'object' && ssl.rejectUnauthorized === true;
