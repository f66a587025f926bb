// Which namespaces and which tenant a command means: as kubectl would, and where the name is not in the current namespace, wherever
// there is exactly one of that name. Separate because every command that takes a tenant asks it.
import { isRefusal, type Kubectl, UNKNOWN_KIND } from './kubernetes/kubectl.ts';
import { RELEASES, TENANTS } from './kubernetes/kinds.ts';
import type { List, Release, Tenant } from './kubernetes/objects.ts';
import { gapOf } from './kubernetes/rights.ts';
import { CommandFailure, ExitCode } from './session.ts';

const notInstalled = (resource: string): string =>
  `the cluster does not know ${resource}: the definitions are not installed, or this is another cluster (kubectl config current-context)`;

/** Runs `read`, and says in a sentence what kept it from answering. */
export async function explained<T>(
  right: { readonly verb: string; readonly resource: string; readonly namespace?: string | undefined },
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isRefusal(error, UNKNOWN_KIND)) throw new CommandFailure(notInstalled(right.resource));
    if (isRefusal(error, 'Forbidden')) throw new CommandFailure(gapOf('', right).message, ExitCode.forbidden);
    throw error;
  }
}

/** `namespace`: what -n said. Throws a CommandFailure that says what to do when the tenant is not to be found. */
export async function findTenant(kubectl: Kubectl, name: string, namespace: string | undefined): Promise<Tenant> {
  const here = await explained({ verb: 'get', resource: TENANTS, namespace: namespace ?? 'of the context' }, () =>
    tenantIn(kubectl, name, namespace === undefined ? [] : ['-n', namespace]).catch((error: unknown) => {
      // Without a namespace of their own, people with rights in one namespace alone must name it.
      if (namespace === undefined && isRefusal(error, 'Forbidden')) return undefined;
      throw error;
    }),
  );
  if (here !== undefined) return here;
  if (namespace !== undefined) throw notFound(name, `in namespace ${namespace}`);
  return await findAnywhere(kubectl, name);
}

async function tenantIn(kubectl: Kubectl, name: string, where: readonly string[]): Promise<Tenant | undefined> {
  try {
    return await kubectl.json<Tenant>(['get', TENANTS, name, ...where]);
  } catch (error) {
    if (isRefusal(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function findAnywhere(kubectl: Kubectl, name: string): Promise<Tenant> {
  const found = await kubectl
    .json<List<Tenant>>(['get', TENANTS, '-A', '--field-selector', `metadata.name=${name}`])
    .catch((error: unknown) => {
      if (isRefusal(error, 'Forbidden')) throw notFound(name, 'in the current namespace, and you may not look in all: say -n NAMESPACE');
      throw error;
    });
  const [only, ...others] = found.items;
  if (only === undefined) throw notFound(name, 'in any namespace');
  if (others.length === 0) return only;
  const namespaces = found.items.map(({ metadata }) => metadata.namespace).join(', ');
  throw new CommandFailure(`there are several StudioTenants "${name}" (${namespaces}): say -n NAMESPACE`);
}

function notFound(name: string, where: string): CommandFailure {
  return new CommandFailure(`there is no StudioTenant "${name}" ${where}`);
}

export interface TenantTarget {
  readonly kind: 'tenant';
  readonly object: Tenant;
}
export interface ReleaseTarget {
  readonly kind: 'release';
  readonly object: Release;
}

const KINDS: Readonly<Record<string, 'tenant' | 'release'>> = {
  ...Object.fromEntries(['tenant', 'st', 'studiotenant', 'studiotenants', TENANTS].map((word) => [word, 'tenant'])),
  ...Object.fromEntries(['release', 'rel', 'schemarelease', 'schemareleases', RELEASES].map((word) => [word, 'release'])),
};

/** `my-studio`, `tenant/my-studio` or `release/studio-7`; a bare name is a tenant's. */
export async function findTarget(kubectl: Kubectl, word: string, namespace: string | undefined): Promise<TenantTarget | ReleaseTarget> {
  const [kindWord, name] = word.includes('/') ? word.split('/', 2) : ['tenant', word];
  const kind = KINDS[kindWord?.toLowerCase() ?? ''];
  if (kind === undefined || name === undefined || name === '')
    throw new CommandFailure(`"${word}" is neither a tenant (my-studio) nor a release (release/studio-7)`, ExitCode.usage);
  if (kind === 'tenant') return { kind, object: await findTenant(kubectl, name, namespace) };
  const object = await explained({ verb: 'get', resource: RELEASES }, () => kubectl.json<Release>(['get', RELEASES, name])).catch(
    (error: unknown) => {
      if (isRefusal(error, 'NotFound')) throw new CommandFailure(`there is no SchemaRelease "${name}"`);
      throw error;
    },
  );
  return { kind, object };
}
