/*
 * Waiting for a slot on a server, for a while. Separate because creating and dropping databases wait alike, and because
 * of who waits: a worker that serves the tenants of all servers, and must not be held by one server that has become slow.
 */
import { systemClock } from '../runtime/clock.ts';
import { Deadline } from '../runtime/deadline.ts';
import type { Semaphore } from '../runtime/semaphore.ts';

/** Far more than a burst of new tenants takes on a server that is well. */
const PATIENCE_MS = 15_000;

/** The server is at work on others' databases; tried again later. */
export class ServerBusy extends Error {
  override readonly name = 'ServerBusy';
}

/** Throws ServerBusy where no slot has come free in time; what has begun is not ended. */
export async function inSlot<T>(slots: Semaphore, work: () => Promise<T>, patienceMs: number = PATIENCE_MS): Promise<T> {
  using patience = new Deadline(undefined, { clock: systemClock, afterMs: patienceMs, what: 'waiting for a slot' });
  let hasBegun = false;
  const begin = (): Promise<T> => {
    hasBegun = true;
    return work();
  };
  try {
    return await slots.run(begin, patience.signal);
  } catch (error) {
    if (hasBegun) throw error;
    throw new ServerBusy('the server is busy creating or dropping other databases', { cause: error });
  }
}
