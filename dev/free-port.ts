// Ports that nobody uses at this moment. Separate because every server that cannot be told to choose for itself needs one.

import net from 'node:net';

export interface ReservedPort {
  readonly port: number;
  /** Gives it to whoever listens next: the server that it was for, a moment later. */
  release(): Promise<void>;
}

/** On 127.0.0.1, chosen by the kernel. Somebody else may take it before it is used: then try again with another. */
export const freePort = async (): Promise<number> => {
  const reserved = await reservePort();
  await reserved.release();
  return reserved.port;
};

/** A port that is told to others before its server can start. Until it is released, connections to it are closed at once. */
export const reservePort = async (): Promise<ReservedPort> => {
  const server = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  server.unref(); // kept for others, it keeps nobody alive
  return {
    port,
    release: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
