/*
 * Asks the server to stop working on a statement. Separate because it is a connection of its own that carries one
 * message: closing ours is not enough, the server would find out only when it has something to send.
 */
import { connect, type Socket } from 'node:net';
import tls from 'node:tls';
import type { Access } from './access.ts';
import { sslOptions } from '../ssl-options.ts';

export interface Session {
  readonly processId: number;
  readonly secretKey: number;
}

const CANCEL_REQUEST_CODE = 80_877_102;
const SSL_REQUEST_CODE = 80_877_103;
const TIMEOUT_MS = 1_000;

/**
 * Resolves when the other side has hung up, which means that it took the message (a pooler forgets it when we hang up
 * first), or when it could not be brought there: then the statement ends when it ends.
 */
export async function cancelStatement(access: Access, session: Session): Promise<void> {
  const ssl = sslOptions(access.credentials.sslmode ?? 'disable', access.credentials.ca);
  await new Promise<void>((resolve) => {
    const socket = access.host.startsWith('/') ? connect(`${access.host}/.s.PGSQL.${access.port}`) : connect(access.port, access.host);
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => undefined); // 'close' follows, and that is all there is to know
    socket.once('close', () => resolve());
    socket.once('connect', () => {
      if (ssl === false) socket.write(cancelRequest(session));
      else encrypted(socket, { ...ssl, host: access.host }, (secure) => secure.write(cancelRequest(session)));
    });
    socket.resume();
  });
}

/** The key that goes with the message is as good as a password for cancelling: it is not sent in the clear. */
function encrypted(socket: Socket, options: tls.ConnectionOptions, use: (secure: Socket) => void): void {
  socket.write(integers(8, SSL_REQUEST_CODE));
  socket.once('data', (answer) => {
    if (answer.toString('latin1') !== 'S') {
      socket.destroy();
      return;
    }
    const secure = tls.connect({ ...options, socket }, () => use(secure));
    secure.on('error', () => socket.destroy());
    secure.resume();
  });
}

const cancelRequest = ({ processId, secretKey }: Session): Buffer => integers(16, CANCEL_REQUEST_CODE, processId, secretKey);

function integers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeInt32BE(value, index * 4);
  return bytes;
}
