/*
 * What the rest of the process sees of leader election: who we are, whether we may still act, and the signal that we
 * may not. Separate from the election so that clients can carry the fence without knowing of Leases.
 */

export interface Leadership {
  /** Pod name and a random part: never the same twice, so a restarted pod is another leader. */
  readonly identity: string;
  /** Aborts when leadership is lost or given up. The process must end then: work in flight cannot be trusted. */
  readonly lost: AbortSignal;
  /**
   * The fence before every side effect. Throws LeadershipLost when leadership has ended, or when the last renewal is
   * longer ago than the renew deadline by the monotonic clock: a process that was frozen notices here, before its timers.
   */
  assertLeading(): void;
}

export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
}

/**
 * Unlike any other process's, and short enough to be part of a PostgreSQL application_name (63 bytes).
 * @param host the pod's or machine's name
 * @param random at least 8 characters that no other process draws
 */
export function leaderIdentity(host: string, random: string): string {
  return `${host.slice(0, 30)}_${random.slice(0, 12)}`;
}
