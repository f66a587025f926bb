/*
 * One connection to the master database on which every wait has an end. Separate because the driver's own timeouts leave
 * a session behind that is still waiting: here a server that does not answer loses its socket.
 */
import { Socket } from 'node:net';
import { ScramClient } from '../scram-client.ts';
import type { MasterAddress } from './master-address.ts';

export interface SessionOptions {
  readonly applicationName: string;
  /** For connecting, and for each statement. */
  readonly timeoutMs: number;
}

/** There was no answer in time: asking again would wait as long again. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

const KEEP_ALIVE_AFTER_MS = 10_000;

/** Rejects when there is no session in time. */
export async function openMasterSession(address: MasterAddress, options: SessionOptions): Promise<MasterSession> {
  const session = new MasterSession(address, options);
  await session.connect();
  return session;
}

export class MasterSession {
  /** When it is over, for whatever reason. */
  readonly lost: Promise<Error>;
  readonly #client: ScramClient;
  readonly #socket = new Socket();
  readonly #timeoutMs: number;
  #isOver = false;

  constructor(address: MasterAddress, { applicationName, timeoutMs }: SessionOptions) {
    this.#timeoutMs = timeoutMs;
    const client = new ScramClient({
      ...address,
      application_name: applicationName,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      stream: () => this.#socket,
    });
    this.#client = client;
    this.lost = new Promise((resolve) => {
      const over = (error: Error): void => {
        this.#isOver = true;
        resolve(error);
      };
      client.on('error', over);
      client.on('end', () => over(new Error('the connection to the master database has ended')));
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The server's process, as it was told when connecting. */
  get serverProcess(): number | null {
    return (this.#client as unknown as { readonly processID: number | null }).processID;
  }

  /** Once, before anything else. */
  async connect(): Promise<void> {
    try {
      await this.#inTime(this.#client.connect());
    } catch (error) {
      this.#socket.destroy();
      throw error;
    }
  }

  /** Rows of one statement. Rejects with NoAnswer when there is none in time, and the session is over then. */
  async query<R extends object>(text: string, values: readonly unknown[] = [], timeoutMs = this.#timeoutMs): Promise<readonly R[]> {
    const { rows } = await this.#inTime(this.#client.query<R>(text, [...values]), timeoutMs);
    return rows;
  }

  onNotification(listener: (payload: string) => void): void {
    this.#client.on('notification', ({ payload }) => listener(payload ?? ''));
  }

  /** Ends it at once; never throws. */
  end(): void {
    this.#isOver = true;
    // The goodbye is written, and whether the server takes it is not waited for.
    this.#client.end().catch(() => undefined);
    this.#socket.destroySoon();
  }

  async #inTime<T>(work: Promise<T>, timeoutMs = this.#timeoutMs): Promise<T> {
    const tooLate = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#isOver = true;
      const error = new NoAnswer(`the master database gave no answer within ${timeoutMs} ms`);
      tooLate.reject(error);
      this.#socket.destroy(error);
    }, timeoutMs);
    try {
      return await Promise.race([work, tooLate.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
