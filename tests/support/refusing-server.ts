// A server that stands in for PostgreSQL and lets nobody in, after a while. Separate because a real one answers too quickly to see who
// tries at the same time.

import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { startUpMessage } from './start-up-message.ts';

export interface RefusingServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Attempts that began after the first refusal. */
  readonly laterAttempts: () => number;
  /** The most of these that were under way at once. */
  readonly atOnce: () => number;
}

const HOST = '127.0.0.1';
/** So that those who begin together have all begun. */
const FIRST_REFUSAL_AFTER_MS = 1_000;
const REFUSAL_AFTER_MS = 200;

const FIELDS = Buffer.from('SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0');
const LENGTH = Buffer.alloc(4);
LENGTH.writeInt32BE(FIELDS.length + 4);
const REFUSAL = Buffer.concat([Buffer.from('E'), LENGTH, FIELDS]);

/** On a port that the kernel chose. */
export const startRefusingServer = async (): Promise<RefusingServer> => {
  let hasRefused = false;
  let later = 0;
  let underWay = 0;
  let most = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // how they hang up is their business
    socket.once('data', (bytes) => {
      if (startUpMessage(bytes) === undefined) return;
      const isLater = hasRefused;
      if (isLater) {
        later += 1;
        underWay += 1;
        most = Math.max(most, underWay);
      }
      setTimeout(
        () => {
          hasRefused = true;
          if (isLater) underWay -= 1;
          socket.end(REFUSAL);
        },
        isLater ? REFUSAL_AFTER_MS : FIRST_REFUSAL_AFTER_MS,
      );
    });
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  return {
    host: HOST,
    port: (server.address() as AddressInfo).port,
    laterAttempts: () => later,
    atOnce: () => most,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
};
