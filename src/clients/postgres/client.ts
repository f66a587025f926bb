/*
 * One connection. Separate because two things must hold for every one of them: a broken one never ends the process
 * (pg emits 'error', and without a listener that is fatal), and a password is proven by SCRAM or not at all.
 */
import pg from 'pg';
import { refuseToReveal } from '../../routing/scram-client.ts';
import { type ConnectionTarget, connectionOptions } from './connection.ts';
import { connectionFailure } from './failure.ts';

/** What pg calls its wire connection; its types leave it out. */
interface WireConnection {
  readonly stream: { destroy(): void };
}

export class WeakAuthentication extends Error {
  override readonly name = 'WeakAuthentication';
}

export class ScramClient extends pg.Client {
  constructor(config: pg.ClientConfig, password: string) {
    super({ ...config, password: () => password });
    this.on('error', () => undefined);
    // Whether the certificate was verified or not: the operator's servers have to know SCRAM.
    refuseToReveal(
      this,
      (method) => new WeakAuthentication(`the server asks for a ${method} password; only SCRAM and certificates are used`),
    );
  }
}

/** Of the operator itself, with its start-up options. */
export class PinnedClient extends ScramClient {
  constructor(target: ConnectionTarget) {
    super(connectionOptions(target), target.password);
  }
}

/** Opens a connection of its own; the caller ends it. Throws Unavailable when there is no answer. */
export async function openClient(target: ConnectionTarget): Promise<pg.Client> {
  const client = new PinnedClient(target);
  try {
    await client.connect();
  } catch (error) {
    void client.end().catch(() => undefined);
    throw connectionFailure(error, target);
  }
  return client;
}

/** A server that does not say goodbye would be waited for as long as TCP tries, a quarter of an hour. */
const GOODBYE_MS = 5_000;

/** Resolves when the session has ended, or will not be waited for. A broken one is gone anyway. */
export async function closeClient(client: pg.Client): Promise<void> {
  const impatience = setTimeout(() => wireOf(client).stream.destroy(), GOODBYE_MS);
  try {
    await client.end().catch(() => undefined);
  } finally {
    clearTimeout(impatience);
  }
}

function wireOf(client: pg.Client): WireConnection {
  return (client as unknown as { readonly connection: WireConnection }).connection;
}
