// `logs`: of a tenant's migrations, or what the operator logged about the tenant. Separate from `status`, which shows the last lines only.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Invocation } from './cli/command.ts';
import { isRefusal, KubectlError } from './kubernetes/kubectl.ts';
import type { List, Pod, Tenant } from './kubernetes/objects.ts';
import { explained, findTenant } from './scope.ts';
import { CommandFailure, ExitCode, printJson, type Session } from './session.ts';
import { renderGaps } from './fleet/render.ts';
import { gatherMigrations, JOBS, type Migrations } from './tenant/migrations.ts';
import { renderMigration } from './tenant/render.ts';
import { harmless } from './terminal/text.ts';
import { DEFAULT_OPERATOR_NAMESPACE, OPERATOR_SELECTOR } from './operator.ts';
import { linesAbout } from './operator-log.ts';

const ALL_JOBS = Number.MAX_SAFE_INTEGER;

export async function logs(session: Session, invocation: Invocation): Promise<number> {
  const { argument, namespace, flags } = invocation;
  const tail = linesFlag(flags.text('tail'));
  if (flags.on('follow')) checkFollow(invocation);
  const tenant = await findTenant(session.kubectl, argument ?? '', namespace);
  if (flags.on('operator')) return await operatorLogs(session, tenant, { invocation, tail });
  if (flags.on('follow')) return await follow(session, tenant, tail);
  const migrations = await gatherMigrations(session.kubectl, tenant, { jobs: flags.on('all') ? ALL_JOBS : 1, lines: tail });
  // Without the Jobs there is no answer at all.
  const refused = migrations.gaps.find(({ right }) => right.verb === 'list' && right.resource === JOBS);
  if (refused !== undefined) throw new CommandFailure(refused.message, ExitCode.forbidden);
  const { name, namespace: where = null } = tenant.metadata;
  if (flags.json) printJson(session, 'MigrationLogs', { namespace: where, name, ...migrations });
  else print(session, migrations);
  return ExitCode.ok;
}

function checkFollow({ flags }: Invocation): void {
  if (flags.json) throw new CommandFailure('--follow prints lines as they come: leave -o json out', ExitCode.usage);
  if (flags.on('operator')) throw new CommandFailure('--follow is for migrations: leave --operator or --follow out', ExitCode.usage);
}

/** -1: all lines. */
function linesFlag(text: string | undefined): number {
  if (text === undefined) return -1;
  if (!/^\d{1,7}$/.test(text)) throw new CommandFailure(`--tail "${text}": write a number of lines`, ExitCode.usage);
  return Number(text);
}

function print({ terminal, now }: Session, { migrations, gaps }: Migrations): void {
  const view = { style: terminal.style, width: terminal.width, nowMs: now() };
  const parts = migrations.map((migration) => renderMigration(migration, view));
  if (parts.length === 0 && gaps.length === 0) terminal.out('No migration of this tenant is kept: none has run, or its Job was removed.\n');
  else terminal.out(`${[...parts, renderGaps(gaps, view)].filter((part) => part !== '').join('\n\n')}\n`);
}

/** Of the newest migration's pod, line by line as it is written. */
async function follow({ kubectl, terminal }: Session, tenant: Tenant, tail: number): Promise<number> {
  const { migrations } = await gatherMigrations(kubectl, tenant, { jobs: 1, lines: 1 });
  const pod = migrations[0]?.pods[0]?.name;
  if (pod === undefined) throw new CommandFailure('there is no pod of a migration to follow');
  const child = kubectl.start(['logs', '--follow', pod, '-n', tenant.metadata.namespace ?? 'default', `--tail=${tail}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Never straight to the terminal: what a migration writes must not steer it.
  eachLine(child.stdout, (line) => terminal.out(`${harmless(line)}\n`));
  eachLine(child.stderr, (line) => terminal.note(`${harmless(line)}\n`));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0 ? ExitCode.ok : ExitCode.failed));
  });
}

function eachLine(stream: Readable | null, act: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream, crlfDelay: Infinity }).on('line', act);
}

async function operatorLogs(
  session: Session,
  tenant: Tenant,
  { invocation, tail }: { readonly invocation: Invocation; readonly tail: number },
): Promise<number> {
  const { flags } = invocation;
  const namespace = flags.text('operator-namespace') ?? DEFAULT_OPERATOR_NAMESPACE;
  const text = await operatorText(session, namespace, flags.text('since') ?? '1h');
  const about = linesAbout(tenant.metadata, text.split('\n'));
  const lines = tail === -1 ? about : about.slice(Math.max(about.length - tail, 0));
  if (flags.json) printJson(session, 'OperatorLogs', { namespace: tenant.metadata.namespace ?? null, name: tenant.metadata.name, lines });
  else
    session.terminal.out(
      lines.length === 0 ? 'The operator has logged nothing about this tenant in that time.\n' : `${harmless(lines.join('\n'))}\n`,
    );
  return ExitCode.ok;
}

/** All replicas: the one that leads is the one that says something. */
async function operatorText({ kubectl, terminal }: Session, namespace: string, since: string): Promise<string> {
  const { items } = await explained({ verb: 'list', resource: 'pods', namespace }, () =>
    kubectl.json<List<Pod>>(['get', 'pods', '-n', namespace, '-l', OPERATOR_SELECTOR]),
  );
  if (items.length === 0)
    throw new CommandFailure(`there is no pod of the operator in namespace ${namespace}: say --operator-namespace NAMESPACE`);
  const texts = await explained({ verb: 'get', resource: 'pods/log', namespace }, () =>
    Promise.all(
      items.map(({ metadata }) =>
        kubectl.text(['logs', metadata.name, '-n', namespace, `--since=${since}`]).catch((error: unknown) => withoutLog(error)),
      ),
    ),
  );
  const [lost, ...more] = texts.filter((text) => text instanceof KubectlError);
  if (lost !== undefined && more.length + 1 === items.length) throw lost;
  for (const { message } of [lost, ...more].filter((error) => error !== undefined)) terminal.note(`Not shown: ${harmless(message)}\n`);
  return texts.filter((text) => typeof text === 'string').join('\n');
}

/** A replica that does not run, as in an upgrade that is stuck, keeps nothing of what the others say from being read. */
function withoutLog(error: unknown): KubectlError {
  if (!(error instanceof KubectlError) || isRefusal(error, 'Forbidden', 'Unauthorized')) throw error;
  return error;
}
