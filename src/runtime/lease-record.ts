/*
 * What is in a Lease and when it may be taken, as pure functions of what was observed. Separate from the loop that
 * reads and writes, because this is where two leaders would come from.
 */
import type { Clock } from './clock.ts';
import type { Lease, LeaseSpec } from './lease-lock.ts';

export interface Observation {
  readonly lease: Lease;
  /** By OUR monotonic clock, when this record was first seen: remote times are never compared, clocks differ. */
  readonly sinceMs: number;
}

/** The same record seen again keeps its time: only a change shows that its holder lives. */
export function observe(before: Observation | undefined, lease: Lease, nowMs: number): Observation {
  const same = before !== undefined && sameRecord(before.lease.spec, lease.spec);
  return { lease, sinceMs: same ? before.sinceMs : nowMs };
}

const FIELDS = ['holderIdentity', 'renewTime', 'acquireTime', 'leaseTransitions', 'leaseDurationSeconds'] as const;

function sameRecord(a: LeaseSpec | undefined, b: LeaseSpec | undefined): boolean {
  return FIELDS.every((field) => a?.[field] === b?.[field]);
}

export function isHeldBy(lease: Lease, identity: string): boolean {
  return lease.spec?.holderIdentity === identity;
}

/** Held by nobody, or its holder has shown no life for the whole time that the holder itself asked for. */
export function mayBeTaken(observation: Observation, leaseDurationMs: number, nowMs: number): boolean {
  const { holderIdentity, leaseDurationSeconds } = observation.lease.spec ?? {};
  if (holderIdentity === undefined || holderIdentity === '') return true;
  const durationMs = leaseDurationSeconds === undefined ? leaseDurationMs : leaseDurationSeconds * 1000;
  return nowMs - observation.sinceMs >= durationMs;
}

export interface Candidate {
  readonly identity: string;
  readonly leaseDurationMs: number;
}

/** What to write to take or to keep the lease. */
export function heldRecord(before: Lease | undefined, candidate: Candidate, clock: Clock): LeaseSpec {
  const now = microTime(clock.now());
  const spec = before?.spec;
  const kept = spec?.holderIdentity === candidate.identity;
  return {
    ...spec,
    holderIdentity: candidate.identity,
    leaseDurationSeconds: Math.ceil(candidate.leaseDurationMs / 1000),
    acquireTime: (kept ? spec.acquireTime : undefined) ?? now,
    renewTime: now,
    leaseTransitions: (spec?.leaseTransitions ?? 0) + (kept || before === undefined ? 0 : 1),
  };
}

/** Held by nobody, for one second: the next candidate takes it at its next look. */
export function releasedRecord(before: Lease, clock: Clock): LeaseSpec {
  const now = microTime(clock.now());
  return { ...before.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
}

function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
