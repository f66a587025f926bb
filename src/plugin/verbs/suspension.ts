// `suspend` and `resume`, by annotation: what Git says of the object stays as it is, so that nobody's sync undoes them.
// Together because each takes back what the other does.
import { ANNOTATION } from '../../api/annotations.ts';
import type { Invocation } from '../cli/command.ts';
import { conditionOf, isTrue, type Tenant } from '../kubernetes/objects.ts';
import { findTenant, type TenantTarget } from '../scope.ts';
import { CommandFailure, ExitCode, printJson, type Session } from '../session.ts';
import { suspensionOf } from '../tenant/report.ts';
import { wrapped } from '../terminal/text.ts';
import { annotate } from './annotate.ts';
import { isAtRest, timeoutMs, waitFor } from './wait.ts';

export async function suspend(session: Session, { argument, namespace, flags }: Invocation): Promise<number> {
  const reason = flags.text('reason')?.trim() ?? '';
  if (reason === '') throw new CommandFailure('--reason is missing: say why, for whoever finds the tenant suspended', ExitCode.usage);
  const patience = timeoutMs(flags.text('timeout') ?? '5m');
  const target = await targetOf(session, argument, namespace);
  await annotate(session.kubectl, target, ANNOTATION.suspend, reason);
  if (flags.on('wait')) await waitFor<Tenant>(session, target, { isDone: isSuspended, timeoutMs: patience });
  const text = `${refOf(target)} ${flags.on('wait') ? 'is' : 'is being'} suspended: connections are refused, everything is kept. Take it back with: kubectl studio resume ${refOf(target)}`;
  return say(session, { kind: 'Suspend', target, isJson: flags.json, text, exitCode: ExitCode.ok, more: { suspended: true, reason } });
}

export async function resume(session: Session, { argument, namespace, flags }: Invocation): Promise<number> {
  const patience = timeoutMs(flags.text('timeout') ?? '5m');
  const target = await targetOf(session, argument, namespace);
  const before = suspensionOf(target.object);
  if (target.object.metadata.annotations?.[ANNOTATION.suspend] !== undefined)
    await annotate(session.kubectl, target, ANNOTATION.suspend, undefined);
  if (before?.by === 'spec') return stillHeld(session, target, flags.json);
  if (flags.on('wait')) await waitFor<Tenant>(session, target, { isDone: isServing, timeoutMs: patience });
  const verb = flags.on('wait') ? 'serves again' : 'is being resumed';
  const text = before === null ? `${refOf(target)} is not suspended.` : `${refOf(target)} ${verb}.`;
  return say(session, {
    kind: 'Resume',
    target,
    isJson: flags.json,
    text,
    exitCode: ExitCode.ok,
    more: { suspended: false, heldBy: null },
  });
}

function stillHeld(session: Session, target: TenantTarget, isJson: boolean): number {
  const text = `${refOf(target)} stays suspended: spec.suspended holds it. Set it to false where the object is kept (in Git, if it comes from there).`;
  return say(session, {
    kind: 'Resume',
    target,
    isJson,
    text,
    exitCode: ExitCode.failed,
    more: { suspended: true, heldBy: 'spec.suspended' },
  });
}

async function targetOf({ kubectl }: Session, argument: string | undefined, namespace: string | undefined): Promise<TenantTarget> {
  return { kind: 'tenant', object: await findTenant(kubectl, argument ?? '', namespace) };
}

const refOf = ({ object: { metadata } }: TenantTarget): string => `${metadata.name} -n ${metadata.namespace}`;

const isSuspended = (tenant: Tenant): boolean => tenant.status?.phase === 'Suspended' && isAtRest(tenant);

/** Served, or not for another reason than its suspension. */
const isServing = (tenant: Tenant): boolean =>
  tenant.status?.phase !== 'Suspended' &&
  conditionOf(tenant, 'Ready')?.reason !== 'Suspended' &&
  (isTrue(tenant, 'Ready') || isTrue(tenant, 'Stalled'));

interface Said {
  readonly kind: string;
  readonly target: TenantTarget;
  readonly isJson: boolean;
  readonly text: string;
  readonly exitCode: number;
  readonly more: object;
}

function say(session: Session, { kind, target, isJson, text, exitCode, more }: Said): number {
  const { name, namespace } = target.object.metadata;
  if (isJson) printJson(session, kind, { namespace: namespace ?? null, name, ...more, message: text });
  else session.terminal.out(`${wrapped(text, session.terminal.width, '  ')}\n`);
  return exitCode;
}
