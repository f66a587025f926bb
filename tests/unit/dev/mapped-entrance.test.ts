// The entrance of a cluster with an Ingress controller of its own: waited for, whatever it answers.

import http from 'node:http';
import { expect, test } from 'vitest';
import { mappedEntrance } from '../../../dev/cluster/mapped-entrance.ts';
import { reservePort } from '../../../dev/free-port.ts';

test('is open once anything answers there, a 404 too, and not while connections are only taken', async () => {
  const reserved = await reservePort(); // takes connections and closes them, as a container's port does before its server is there
  let isOpen = false;
  const { port } = reserved;
  const opening = mappedEntrance({ httpPort: port })
    .open({ apply: never, writeServiceAccountKubeconfig: never })
    .then(() => (isOpen = true));
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
  expect(isOpen).toBe(false);
  await reserved.release();
  const controller = http.createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => controller.listen(port, '127.0.0.1', resolve));
  try {
    await opening;
  } finally {
    controller.closeAllConnections();
    controller.close();
  }
  expect(isOpen).toBe(true);
});

const never = async (): Promise<void> => await Promise.reject(new Error('nothing is to be written into the cluster'));
