// A port that nobody listens on just now. Between choosing and binding another program may take it, so whoever binds tries again.

import net from 'node:net';

export const freePort = async (host = '127.0.0.1'): Promise<number> => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};
