// `retry`: one new attempt of what failed, of a tenant or of a whole release.
// Separate from the other verbs because it is the only one whose outcome is the operator's work.
import { ANNOTATION } from '../../api/annotations.ts';
import { diagnoseRelease, diagnoseTenant, Urgency, urgencyOf } from '../advice/next-action.ts';
import type { Invocation } from '../cli/command.ts';
import { conditionOf, isTrue, type Release, type Tenant } from '../kubernetes/objects.ts';
import { isPaused, suspensionOf } from '../tenant/asked.ts';
import { findTarget, type ReleaseTarget, type TenantTarget } from '../scope.ts';
import { ExitCode, printJson, type Session } from '../session.ts';
import { wrapped } from '../terminal/text.ts';
import { annotate } from './annotate.ts';
import { isAtRest, timeoutMs, waitFor } from './wait.ts';

interface Outcome {
  /** `asked`: not waited for. */
  readonly outcome: 'asked' | 'succeeded' | 'failed';
  readonly reason: string | null;
  readonly message: string | null;
  readonly nextAction: string | null;
}

export async function retry(session: Session, { argument, namespace, flags }: Invocation): Promise<number> {
  const patience = timeoutMs(flags.text('timeout') ?? '5m');
  const target = await findTarget(session.kubectl, argument ?? '', namespace);
  const value = newValue(target.object, session.now());
  await annotate(session.kubectl, target, ANNOTATION.retry, value);
  const note = cautionOn(target);
  const wasAsked: Outcome = { outcome: 'asked', reason: null, message: null, nextAction: null };
  const outcome = flags.on('wait') ? await outcomeOf(session, target, { value, patience }) : wasAsked;
  if (flags.json) printJson(session, 'Retry', { ...identityOf(target), retry: value, note: note ?? null, ...outcome });
  else print(session, target, { outcome, note });
  return outcome.outcome === 'failed' ? ExitCode.failed : ExitCode.ok;
}

/** The time, and never the value that is there already. */
function newValue({ metadata }: Tenant | Release, nowMs: number): string {
  const value = new Date(nowMs).toISOString();
  return metadata.annotations?.[ANNOTATION.retry] === value ? `${value}-2` : value;
}

/** What keeps the retry from doing what people expect of it. */
function cautionOn({ kind, object }: TenantTarget | ReleaseTarget): string | undefined {
  if (isPaused(object)) return 'The annotation paused is set: nothing happens until it is removed.';
  if (kind === 'release') return object.spec.paused === true ? 'spec.paused is true: no migration starts until it is false.' : undefined;
  if (suspensionOf(object) !== null) return 'The tenant is suspended and stays so: kubectl studio resume lets it serve again.';
  if (urgencyOf(object) === Urgency.fine) return 'Nothing had failed: there is nothing to try again.';
  return undefined;
}

async function outcomeOf(
  session: Session,
  target: TenantTarget | ReleaseTarget,
  { value, patience }: { readonly value: string; readonly patience: number },
): Promise<Outcome> {
  const after = await waitFor<Tenant | Release>(session, target, {
    isDone: (object) => object.status?.handled?.retry === value && isAtRest(object),
    timeoutMs: patience,
  });
  const { reason, message, nextAction } = target.kind === 'tenant' ? diagnoseTenant(after as Tenant) : diagnoseRelease(after as Release);
  return { outcome: isWell(after) ? 'succeeded' : 'failed', reason, message, nextAction };
}

/** A suspended tenant is as it should be, whatever its Ready says. */
function isWell(object: Tenant | Release): boolean {
  return !isTrue(object, 'Stalled') && (isTrue(object, 'Ready') || conditionOf(object, 'Ready')?.reason === 'Suspended');
}

function identityOf({ kind, object }: TenantTarget | ReleaseTarget): object {
  const { name, namespace } = object.metadata;
  return { target: kind === 'tenant' ? 'StudioTenant' : 'SchemaRelease', namespace: namespace ?? null, name };
}

function print(
  { terminal: { out, style, width } }: Session,
  { kind, object }: TenantTarget | ReleaseTarget,
  { outcome, note }: { readonly outcome: Outcome; readonly note: string | undefined },
): void {
  const { name, namespace } = object.metadata;
  const who = kind === 'tenant' ? `tenant ${namespace}/${name}` : `release ${name}`;
  const follow = kind === 'tenant' ? `kubectl studio status ${name} -n ${namespace}` : 'kubectl studio status';
  const lines = {
    asked: [`A new attempt of ${who} is asked for. See how it goes with: ${follow}`],
    succeeded: [style.good(`${who}: ${outcome.reason}: ${outcome.message}`)],
    failed: [style.bad(`${who} failed again: ${outcome.reason}: ${outcome.message}`), `Next action: ${outcome.nextAction}`],
  }[outcome.outcome];
  out(`${[...lines, ...(note === undefined ? [] : [style.warning(note)])].map((line) => wrapped(line, width, '  ')).join('\n')}\n`);
}
