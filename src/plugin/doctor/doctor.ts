// `doctor`: gathers, has everything judged, prints a line for each. Separate from the checks, which are pure but for the user's rights.
import type { Invocation } from '../cli/command.ts';
import { currentNamespace, type Fleet, gatherFleet } from '../fleet/gather.ts';
import { type Kubectl, KubectlError } from '../kubernetes/kubectl.ts';
import type { List, Pod } from '../kubernetes/objects.ts';
import { type Reading, reading } from '../kubernetes/rights.ts';
import { DEFAULT_OPERATOR_NAMESPACE, OPERATOR_SELECTOR } from '../operator.ts';
import { CommandFailure, ExitCode, printJson, type Session } from '../session.ts';
import { checkDefinitions, type Definition } from './definitions.ts';
import { fail, type Finding, skip } from './finding.ts';
import { checkFleet } from './fleet-health.ts';
import { KNOWN_FIELDS } from './known-fields.ts';
import { checkOperator, type Deployment } from './operator-health.ts';
import { checkPodSecurity, type Namespace } from './pod-security.ts';
import { isFresh, isRenewed, leaderLease, type Lease } from './lease.ts';
import { renderFindings } from './render.ts';
import { checkRights } from './user-rights.ts';
import { checkVersions, type Versions } from './versions.ts';

export async function doctor(session: Session, { namespace, flags }: Invocation): Promise<number> {
  const operatorNamespace = flags.text('operator-namespace') ?? DEFAULT_OPERATOR_NAMESPACE;
  const findings = await examine(session, { namespace, operatorNamespace });
  const isHealthy = findings.every(({ level }) => level !== 'fail');
  if (flags.json) printJson(session, 'Doctor', { healthy: isHealthy, findings });
  else session.terminal.out(renderFindings(findings, session.terminal));
  return isHealthy ? ExitCode.ok : ExitCode.failed;
}

interface Places {
  readonly namespace: string | undefined;
  readonly operatorNamespace: string;
}

async function examine(session: Session, places: Places): Promise<readonly Finding[]> {
  const { kubectl } = session;
  const versions = await kubectl.json<Versions>(['version']).catch((error: unknown) => unreachable(error));
  if (Array.isArray(versions)) return versions as readonly Finding[];
  const [definitions, operator, fleet] = await Promise.all([
    definitionFindings(session),
    operatorFindings(session, places),
    fleetOrFinding(session, places),
  ]);
  const tenantNamespaces = 'tenants' in fleet ? await namespacesOf(session, fleet, places) : [];
  return [
    ...checkVersions(versions as Versions),
    ...definitions,
    ...(await checkRights(kubectl, tenantNamespaces[0] ?? places.namespace ?? (await currentNamespace(kubectl)))),
    ...operator,
    ...('tenants' in fleet ? checkFleet(fleet) : [fleet]),
    ...(await podSecurityFindings(session, [...tenantNamespaces, places.operatorNamespace])),
  ];
}

function unreachable(error: unknown): readonly Finding[] {
  if (!(error instanceof KubectlError) || error.reason === 'NoKubectl') throw error;
  return [fail('cluster', error.message, 'Check the context (kubectl config current-context), the network and your login.')];
}

async function definitionFindings({ kubectl }: Session): Promise<readonly Finding[]> {
  const names = Object.keys(KNOWN_FIELDS);
  const right = { verb: 'get', resource: 'customresourcedefinitions.apiextensions.k8s.io' };
  return findingsOf(
    'definitions',
    await reading('definitions', right, async () =>
      checkDefinitions(itemsOf<Definition>(await kubectl.text(['get', 'crd', ...names, '--ignore-not-found', '-o', 'json']))),
    ),
  );
}

/** kubectl prints nothing at all for nothing found, and one object for one. */
function itemsOf<T>(text: string): readonly T[] {
  if (text.trim() === '') return [];
  const value = JSON.parse(text) as T & Partial<List<T>>;
  return value.items ?? [value];
}

const LEASES = 'leases.coordination.k8s.io';

async function operatorFindings({ kubectl, version, now }: Session, { operatorNamespace: namespace }: Places): Promise<readonly Finding[]> {
  const list = async <T>(kind: string, ...labels: readonly string[]): Promise<readonly T[]> =>
    (await kubectl.json<List<T>>(['get', kind, '-n', namespace, ...labels])).items;
  const selected = ['-l', OPERATOR_SELECTOR];
  return findingsOf(
    'operator',
    await reading('operator', { verb: 'list', resource: 'deployments.apps, leases and pods', namespace }, async () => {
      const [deployments, leases, pods] = await Promise.all([
        list<Deployment>('deployments.apps', ...selected),
        list<Lease>(LEASES),
        list<Pod>('pods', ...selected),
      ]);
      const name = deployments[0]?.metadata.name;
      const lease = leaderLease(leases, name);
      const again = async (): Promise<Lease | undefined> => leaderLease(await list<Lease>(LEASES), name);
      const renewed = lease !== undefined && !isFresh(lease, now()) && (await isRenewed(lease, again));
      return checkOperator({ namespace, deployments, leases, pods, isRenewed: renewed, version, nowMs: now() });
    }),
  );
}

async function fleetOrFinding({ kubectl }: Session, { namespace }: Places): Promise<Fleet | Finding> {
  try {
    return await gatherFleet(kubectl, namespace);
  } catch (error) {
    // Whatever it is: the other findings say more, and are to be seen.
    if (!(error instanceof CommandFailure) && !(error instanceof KubectlError)) throw error;
    const isForbidden = error instanceof CommandFailure && error.exitCode === ExitCode.forbidden;
    return isForbidden
      ? skip('tenants', error.message)
      : fail('tenants', error.message, 'Mend what the other findings say, then look again.');
  }
}

async function namespacesOf(_: Session, { tenants, namespace }: Fleet, places: Places): Promise<readonly string[]> {
  const found = [...new Set(tenants.map(({ metadata }) => metadata.namespace ?? ''))].filter((name) => name !== '').toSorted();
  const asked = namespace ?? places.namespace;
  return found.length === 0 && asked !== undefined ? [asked] : found;
}

async function podSecurityFindings({ kubectl }: Session, names: readonly string[]): Promise<readonly Finding[]> {
  return findingsOf(
    'pod security',
    await reading('pod security', { verb: 'get', resource: 'namespaces' }, async () =>
      checkPodSecurity(await readNamespaces(kubectl, new Set(names))),
    ),
  );
}

/** kubectl asks for each that is named by itself: many are listed at once. */
const MANY_NAMESPACES = 30;

async function readNamespaces(kubectl: Kubectl, names: ReadonlySet<string>): Promise<readonly Namespace[]> {
  const asked = names.size > MANY_NAMESPACES ? [] : names;
  const found = itemsOf<Namespace>(await kubectl.text(['get', 'namespaces', ...asked, '--ignore-not-found', '-o', 'json']));
  return found.filter(({ metadata }) => names.has(metadata.name));
}

const findingsOf = (check: string, { value, gap }: Reading<readonly Finding[]>): readonly Finding[] =>
  value ?? [skip(check, gap?.message ?? '')];
