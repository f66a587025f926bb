// `psql`: a session as the tenant, with what its Secret says. Separate from the plan and the running, which it puts together.
import { lookup } from 'node:dns/promises';
import type { Invocation } from '../cli/command.ts';
import { isRefusal, type Kubectl } from '../kubernetes/kubectl.ts';
import { SERVERS } from '../kubernetes/kinds.ts';
import type { Server, Tenant } from '../kubernetes/objects.ts';
import { secretName as defaultSecretName } from '../../api/names.ts';
import { explained, findTenant } from '../scope.ts';
import { CommandFailure, ExitCode, printJson, type Session } from '../session.ts';
import { suspensionOf } from '../tenant/asked.ts';
import { Leftovers } from './leftovers.ts';
import { type Binding, bindingOf, type Connection, serviceOf } from './plan.ts';
import { forwardTo } from './port-forward.ts';
import { runPsql } from './run.ts';

export async function psql(session: Session, { argument, namespace, flags, rest }: Invocation): Promise<number> {
  const tenant = await findTenant(session.kubectl, argument ?? '', namespace);
  warn(session, tenant);
  const own = await readBinding(session.kubectl, tenant);
  const binding = flags.on('direct') ? await directly(session.kubectl, tenant, own) : own;
  const service = (await resolves(binding.host)) ? undefined : serviceOf(binding.host);
  const readOnly = !flags.on('write');
  if (flags.json) {
    printPlan(session, tenant, {
      binding,
      readOnly,
      through: service === undefined ? null : `service/${service.name} -n ${service.namespace}`,
    });
    return ExitCode.ok;
  }
  const leftovers = new Leftovers();
  try {
    const way = service === undefined ? undefined : await forwardTo(session.kubectl, { ...service, port: binding.port }, leftovers);
    const connection: Connection = { binding, readOnly, ...(way === undefined ? {} : { through: way }) };
    return await runPsql({ connection, tenant: tenant.metadata.name, env: session.env, rest }, leftovers);
  } finally {
    leftovers.clear();
  }
}

/** Why the login may well be refused: said before, because PostgreSQL will not say it so well. */
function warn({ terminal: { note } }: Session, tenant: Tenant): void {
  if (suspensionOf(tenant) !== null) note('The tenant is suspended: its login is disabled until it is resumed.\n');
  if (tenant.metadata.deletionTimestamp !== undefined) note('The tenant is being deleted: its login is disabled.\n');
}

async function readBinding(kubectl: Kubectl, { metadata, status }: Tenant): Promise<Binding> {
  const { name, namespace = 'default' } = metadata;
  const secretName = status?.credentials?.secretName ?? defaultSecretName(name);
  const secret = await explained({ verb: 'get', resource: 'secrets', namespace }, () =>
    kubectl.json<{ readonly data?: Readonly<Record<string, string>> }>(['get', 'secret', secretName, '-n', namespace]),
  ).catch((error: unknown) => {
    if (isRefusal(error, 'NotFound'))
      throw new CommandFailure(`there is no Secret "${secretName}" yet: see kubectl studio status ${name} -n ${namespace}`);
    throw error;
  });
  return bindingOf(secret, secretName);
}

/** Past a pooler: the address that migrations use. Only people who may read PostgresServers can know it. */
async function directly(kubectl: Kubectl, { status }: Tenant, binding: Binding): Promise<Binding> {
  const name = status?.database?.server;
  if (name === undefined) throw new CommandFailure('the tenant has no server yet');
  const { spec } = await explained({ verb: 'get', resource: SERVERS }, () => kubectl.json<Server>(['get', SERVERS, name]));
  return { ...binding, host: spec.direct?.host ?? spec.host ?? binding.host, port: spec.direct?.port ?? spec.port ?? 5432 };
}

async function resolves(host: string): Promise<boolean> {
  // Only names of Services can be reached in another way; all others are left to psql.
  if (serviceOf(host) === undefined) return true;
  return await lookup(host).then(
    () => true,
    () => false,
  );
}

interface Plan {
  readonly binding: Binding;
  readonly readOnly: boolean;
  readonly through: string | null;
}

function printPlan(session: Session, { metadata }: Tenant, { binding, readOnly, through }: Plan): void {
  const { host, port, database, username, sslmode } = binding;
  const { name, namespace = null } = metadata;
  printJson(session, 'Psql', { namespace, name, host, port, database, username, sslmode, readOnly, portForward: through });
}
