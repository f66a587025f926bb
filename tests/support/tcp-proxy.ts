/**
 * An address in front of a server that can fall silent: connections stay open and are accepted, and nothing is answered.
 * Separate from taking a server away, which refuses connections at once: a dead network does not.
 */
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Nothing more in either direction, also on new connections. */
  freeze(): void;
  /** What was held back arrives now. */
  thaw(): void;
  /** Ends every connection at once, without a word of the server's. New ones are taken. */
  cut(): void;
}

const HOST = '127.0.0.1';

/** On a port that the kernel chose. */
export async function startTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    // Either end's death is the other's.
    socket.on('error', () => other.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
    socket.on('data', (data) => other.write(data));
    // Listening for data has set it going.
    if (isFrozen) socket.pause();
  };
  const server = createServer((near) => {
    const far = createConnection(target);
    keep(near, far);
    keep(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: HOST,
    port: (server.address() as AddressInfo).port,
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
