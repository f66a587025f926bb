// A port that nobody uses at this moment. Separate because every server that cannot be told to choose for itself needs one.

import net from 'node:net';

/** On 127.0.0.1, chosen by the kernel. Somebody else may take it before it is used: then try again with another. */
export const freePort = async (): Promise<number> => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};
