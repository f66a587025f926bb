// Waits until the operator has acted on a verb and come to rest. Separate from the verbs, which need not wait.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubectl } from '../kubernetes/kubectl.ts';
import { RELEASES, TENANTS } from '../kubernetes/kinds.ts';
import { isTrue, isUnobserved, type Release, type Tenant } from '../kubernetes/objects.ts';
import type { ReleaseTarget, TenantTarget } from '../scope.ts';
import { CommandFailure, ExitCode, type Session } from '../session.ts';

const LOOK_AGAIN_MS = 1000;

export interface Waiting<T> {
  /** Whether the operator has done what the verb asks; how it went is judged afterwards. */
  readonly isDone: (object: T) => boolean;
  readonly timeoutMs: number;
}

/** The object as it then is. Throws a CommandFailure after the timeout. */
export async function waitFor<T extends Tenant | Release>(
  { kubectl, now }: Session,
  target: TenantTarget | ReleaseTarget,
  { isDone, timeoutMs }: Waiting<T>,
): Promise<T> {
  const deadlineMs = now() + timeoutMs;
  for (;;) {
    const object = await readAgain<T>(kubectl, target);
    if (isDone(object)) return object;
    if (now() >= deadlineMs) throw new CommandFailure(`not done within ${Math.round(timeoutMs / 1000)} s: see kubectl studio status`);
    await sleep(LOOK_AGAIN_MS);
  }
}

async function readAgain<T>(kubectl: Kubectl, { kind, object }: TenantTarget | ReleaseTarget): Promise<T> {
  const { name, namespace } = object.metadata;
  return await kubectl.json<T>([
    'get',
    kind === 'tenant' ? TENANTS : RELEASES,
    name,
    ...(namespace === undefined ? [] : ['-n', namespace]),
  ]);
}

/** The status speaks of the newest spec, and nothing is under way. */
export function isAtRest(object: Tenant | Release): boolean {
  return !isUnobserved(object) && !isTrue(object, 'Reconciling');
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `90s`, `5m` or `1h`; throws a CommandFailure. */
export function timeoutMs(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs === undefined) throw new CommandFailure(`--timeout "${text}": write it as 90s, 5m or 1h`, ExitCode.usage);
  return Number(digits) * unitMs;
}
