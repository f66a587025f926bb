// A server that pretends to be PostgreSQL and wants the password itself, and keeps what it hears. Separate because a real server
// cannot be made to listen for it.

import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { startUpMessage } from './start-up-message.ts';

export interface PasswordAskingServer extends AsyncDisposable {
  readonly port: number;
  readonly startUps: readonly Readonly<Record<string, string>>[];
  /** All that came after the start-up messages. */
  heard(): string;
}

const CLEARTEXT = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
const MD5 = Buffer.from([0x52, 0, 0, 0, 12, 0, 0, 0, 5, 1, 2, 3, 4]);
const SCRAM = Buffer.from('R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0', 'latin1');

/** Each is sent when something has come. */
const QUESTIONS = {
  cleartext: [CLEARTEXT],
  md5: [MD5],
  'cleartext after SCRAM': [SCRAM, CLEARTEXT],
  'md5 after SCRAM': [SCRAM, MD5],
} as const;

export type PasswordMethod = keyof typeof QUESTIONS;

export const passwordAskingServer = async (method: PasswordMethod): Promise<PasswordAskingServer> => {
  const startUps: Readonly<Record<string, string>>[] = [];
  let heard = '';
  const server = createServer((socket) => {
    const left: Buffer[] = [...QUESTIONS[method]];
    const askNext = (): void => {
      const question = left.shift();
      if (question !== undefined) socket.write(question);
    };
    let begun = false;
    socket.on('error', () => undefined); // how they hang up is their business
    socket.on('data', (bytes) => {
      if (begun) {
        heard += bytes.toString('latin1');
        askNext();
        return;
      }
      const message = startUpMessage(bytes);
      if (message === undefined) return;
      begun = true;
      startUps.push(message.parameters);
      askNext();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    startUps,
    heard: () => heard,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
};
