// `suspend` and `resume`, by annotation: what Git says of the object stays as it is, so that nobody's sync undoes them.
// Together because each takes back what the other does.
import { ANNOTATION } from '../../api/annotations.ts';
import { diagnoseTenant } from '../advice/next-action.ts';
import type { Invocation } from '../cli/command.ts';
import { conditionOf, isTrue, type Tenant } from '../kubernetes/objects.ts';
import { findTenant, type TenantTarget } from '../scope.ts';
import { CommandFailure, ExitCode, printJson, type Session } from '../session.ts';
import { isPaused, suspensionOf } from '../tenant/asked.ts';
import { wrapped } from '../terminal/text.ts';
import { annotate } from './annotate.ts';
import { isAtRest, timeoutMs, waitFor } from './wait.ts';

const WHILE_PAUSED = 'the annotation paused is set, so the operator does nothing about it until that is removed';

export async function suspend(session: Session, { argument, namespace, flags }: Invocation): Promise<number> {
  const reason = flags.text('reason')?.trim() ?? '';
  if (reason === '') throw new CommandFailure('--reason is missing: say why, for whoever finds the tenant suspended', ExitCode.usage);
  const patience = timeoutMs(flags.text('timeout') ?? '5m');
  const target = await targetOf(session, argument, namespace);
  await annotate(session.kubectl, target, ANNOTATION.suspend, reason);
  const ref = refOf(target);
  const said = (outcome: Outcome, text: string): number =>
    say(session, { kind: 'Suspend', target, isJson: flags.json, outcome, text, more: { suspended: outcome === 'succeeded', reason } });
  if (isPaused(target.object)) return said('failed', `${ref} is NOT suspended, connections are still taken: ${WHILE_PAUSED}.`);
  if (!flags.on('wait'))
    return said(
      'asked',
      `The suspension of ${ref} is asked for: connections are refused once the operator has acted (--wait waits for that).`,
    );
  await waitFor<Tenant>(session, target, { isDone: isSuspended, timeoutMs: patience });
  return said(
    'succeeded',
    `${ref} is suspended: connections are refused, everything is kept. Take it back with: kubectl studio resume ${ref}`,
  );
}

export async function resume(session: Session, { argument, namespace, flags }: Invocation): Promise<number> {
  const patience = timeoutMs(flags.text('timeout') ?? '5m');
  const target = await targetOf(session, argument, namespace);
  if (target.object.metadata.annotations?.[ANNOTATION.suspend] !== undefined)
    await annotate(session.kubectl, target, ANNOTATION.suspend, undefined);
  const resumption = await resumptionOf(session, target, flags.on('wait') ? patience : undefined);
  const { outcome, text, isHeld = false, after = target.object } = resumption;
  const more = { suspended: isHeld || isSuspended(after), heldBy: isHeld ? 'spec.suspended' : null };
  return say(session, { kind: 'Resume', target, isJson: flags.json, outcome, text, more });
}

interface Resumption {
  readonly outcome: Outcome;
  readonly text: string;
  readonly isHeld?: true;
  readonly after?: Tenant;
}

/** What comes of it once the annotation is gone. `patience`: milliseconds; undefined: not waited for. */
async function resumptionOf(session: Session, target: TenantTarget, patience: number | undefined): Promise<Resumption> {
  const before = suspensionOf(target.object);
  const ref = refOf(target);
  if (before?.by === 'spec')
    return {
      outcome: 'failed',
      text: `${ref} stays suspended: spec.suspended holds it. Set it to false where the object is kept (in Git, if it comes from there).`,
      isHeld: true,
    };
  if (before === null && !isSuspended(target.object)) return { outcome: 'succeeded', text: `${ref} is not suspended.` };
  if (isPaused(target.object)) return { outcome: 'failed', text: `${ref} is NOT resumed: ${WHILE_PAUSED}.` };
  if (patience === undefined) return { outcome: 'asked', text: `The resumption of ${ref} is asked for (--wait waits until it serves).` };
  return judged(ref, await waitFor<Tenant>(session, target, { isDone: isResumed, timeoutMs: patience }));
}

function judged(ref: string, after: Tenant): Resumption {
  if (isTrue(after, 'Ready')) return { outcome: 'succeeded', text: `${ref} serves again.`, after };
  const { reason, message, nextAction } = diagnoseTenant(after);
  const text = `${ref} is no longer suspended, but it is not served: ${reason}: ${message}\nNext action: ${nextAction}`;
  return { outcome: 'failed', text, after };
}

async function targetOf({ kubectl }: Session, argument: string | undefined, namespace: string | undefined): Promise<TenantTarget> {
  return { kind: 'tenant', object: await findTenant(kubectl, argument ?? '', namespace) };
}

const refOf = ({ object: { metadata } }: TenantTarget): string => `${metadata.name} -n ${metadata.namespace}`;

const isSuspended = (tenant: Tenant): boolean => tenant.status?.phase === 'Suspended' && isAtRest(tenant);

/** Served, or not for another reason than its suspension. */
const isResumed = (tenant: Tenant): boolean =>
  tenant.status?.phase !== 'Suspended' &&
  conditionOf(tenant, 'Ready')?.reason !== 'Suspended' &&
  (isTrue(tenant, 'Ready') || isTrue(tenant, 'Stalled'));

/** `asked`: not waited for. */
type Outcome = 'asked' | 'succeeded' | 'failed';

interface Said {
  readonly kind: string;
  readonly target: TenantTarget;
  readonly isJson: boolean;
  readonly outcome: Outcome;
  readonly text: string;
  readonly more: object;
}

function say(session: Session, { kind, target, isJson, outcome, text, more }: Said): number {
  const { name, namespace } = target.object.metadata;
  if (isJson) printJson(session, kind, { namespace: namespace ?? null, name, ...more, outcome, message: text });
  else session.terminal.out(`${wrapped(text, session.terminal.width, '  ')}\n`);
  return outcome === 'failed' ? ExitCode.failed : ExitCode.ok;
}
