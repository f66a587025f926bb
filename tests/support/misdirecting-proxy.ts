// Stands before PostgreSQL and sends who asks for one database to another, as a pooler with a wrong line in its configuration does.
// Separate because no real part of the tests can be made to do so.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { startUpBytes, startUpMessage } from './start-up-message.ts';

export interface MisdirectingProxy extends AsyncDisposable {
  readonly port: number;
}

export const misdirectingProxy = async ({
  port,
  from,
  to,
}: {
  readonly port: number;
  readonly from: string;
  readonly to: string;
}): Promise<MisdirectingProxy> => {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined); // either side may hang up as it likes
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.once('data', (bytes) => {
      const message = startUpMessage(bytes);
      if (message === undefined) throw new Error('the start-up message came in pieces');
      const database = message.parameters['database'] === from ? to : (message.parameters['database'] ?? '');
      upstream.write(startUpBytes({ ...message.parameters, database }));
      client.pipe(upstream);
      upstream.pipe(client);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
