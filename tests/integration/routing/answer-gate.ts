// An address in front of a server that can hold answers back: questions pass, and what the server says to them waits at the gate. Makes
// "the answer was on its way when ..." a state that a test can be in, in place of a matter of luck.

import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

export interface AnswerGate extends AsyncDisposable {
  /** The same URL by way of the gate. */
  through(url: string): string;
  /** Holds back what the server says on the connections that are open now, all but the first. */
  hold(): void;
  /** How often the server has said something that is held back. */
  readonly held: number;
  release(): void;
}

export async function startAnswerGate(target: { readonly host: string; readonly port: number }): Promise<AnswerGate> {
  const sockets: Socket[] = [];
  const open = new Set<Socket>();
  let held: (() => void)[] = [];
  let heldBack = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection(target);
    sockets.push(near, far);
    open.add(far);
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => {
      if (heldBack.has(far)) held.push(() => near.write(data));
      else near.write(data);
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        open.delete(far);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    through(url) {
      const changed = new URL(url);
      changed.port = String((server.address() as AddressInfo).port);
      return changed.href;
    },
    hold() {
      heldBack = new Set([...open].slice(1));
    },
    get held() {
      return held.length;
    },
    release() {
      heldBack = new Set();
      for (const pass of held) pass();
      held = [];
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
