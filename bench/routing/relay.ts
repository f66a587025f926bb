// Stands between routing and the master database and can fall silent: connections stay open and nothing comes through, as when a network
// is cut. Separate from a server that is stopped, which says so and refuses.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Stoppable } from '../../dev/cluster/started-parts.ts';

export interface Relay extends Stoppable {
  readonly port: number;
  /** New connections are accepted, and wait. */
  fallSilent(): void;
  /** Goes on with what has waited. */
  speak(): void;
}

export const startRelay = async (target: { readonly host: string; readonly port: number }): Promise<Relay> => {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    return socket;
  };
  const server = createServer((near) => {
    const far = keep(connect(target));
    keep(near).on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => near.write(chunk));
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
    if (isSilent) for (const socket of [near, far]) socket.pause();
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  return {
    port: (server.address() as AddressInfo).port,
    fallSilent: () => {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    speak: () => {
      isSilent = false;
      for (const socket of sockets) socket.resume();
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
