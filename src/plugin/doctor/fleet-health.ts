// Servers, releases and tenants: is all of it as asked, and has the operator seen all of it? Pure.
import type { Fleet } from '../fleet/gather.ts';
import { fleetReport } from '../fleet/report.ts';
import { isTrue, isUnobserved, type Release, type Server, type Tenant } from '../kubernetes/objects.ts';
import { hasOpenRetry, isPaused, openRequest } from '../tenant/asked.ts';
import { diagnoseRelease, diagnoseServer } from '../advice/next-action.ts';
import { plural } from '../terminal/text.ts';
import { fail, type Finding, ok, skip, warn } from './finding.ts';

const OLDEST_POSTGRES = 16;
/** Of a server's capacity. */
const NEARLY_FULL = 0.9;
const MAX_NAMES = 5;
const LOOK_AGAIN =
  'Look again in a minute; if they stay behind, see whether the operator runs and watches their namespaces (watchNamespaces).';

export function checkFleet(fleet: Fleet): readonly Finding[] {
  return [
    ...(fleet.servers === undefined ? [] : checkServers(fleet.servers)),
    ...(fleet.releases === undefined ? [] : checkReleases(fleet.releases)),
    ...checkTenants(fleet),
    ...checkSeen(fleet.tenants),
    ...fleet.gaps.map(({ what, message }) => skip(what.toLowerCase(), message)),
  ];
}

function checkServers(servers: readonly Server[]): readonly Finding[] {
  if (servers.length === 0) return [fail('servers', 'there is no PostgresServer', 'Create one: tenants have nowhere to live.')];
  const open = servers.filter((server) => isTrue(server, 'Ready') && server.spec.unschedulable !== true && fullness(server) < 1);
  const room =
    open.length > 0
      ? []
      : [warn('servers', 'no server takes new tenants', 'Add a PostgresServer, raise capacity.maxDatabases, or unset unschedulable.')];
  return [...servers.map(checkServer), ...room];
}

function checkServer(server: Server): Finding {
  const { name } = server.metadata;
  if (!isTrue(server, 'Ready')) {
    const { reason, message, nextAction } = diagnoseServer(server);
    return fail('servers', `${name} is not Ready: ${reason}: ${message}`, nextAction);
  }
  const { version = '?', databases = 0 } = server.status ?? {};
  const what = `${name}: PostgreSQL ${version}, ${databases} of ${server.spec.capacity?.maxDatabases ?? '?'} databases`;
  if (Number.parseInt(version, 10) < OLDEST_POSTGRES) return fail('servers', what, `Use PostgreSQL ${OLDEST_POSTGRES} or newer.`);
  if (fullness(server) >= NEARLY_FULL)
    return warn('servers', `${what}: nearly full`, 'Add a PostgresServer, or raise capacity.maxDatabases.');
  return ok('servers', what);
}

const fullness = ({ spec, status }: Server): number => (status?.databases ?? 0) / (spec.capacity?.maxDatabases ?? Infinity);

function checkReleases(releases: readonly Release[]): readonly Finding[] {
  if (releases.length === 0) return [ok('releases', 'there is no SchemaRelease: schemas are left to the application')];
  const troubled = releases.filter((release) => isTrue(release, 'Stalled'));
  if (troubled.length === 0) return [ok('releases', `${plural(releases.length, 'release')}, none halted or failed`)];
  return troubled.map((release) => {
    const { reason, message, nextAction } = diagnoseRelease(release);
    const text = `${release.metadata.name}: ${reason}: ${message}`;
    return reason === 'Paused' ? warn('releases', text, nextAction) : fail('releases', text, nextAction);
  });
}

function checkTenants(fleet: Fleet): readonly Finding[] {
  const { total, serving, tenants } = fleetReport(fleet);
  const needing = tenants.filter(({ needsPerson }) => needsPerson);
  if (total === 0) return [ok('tenants', 'there are none')];
  const down = needing.filter(({ ready }) => !ready);
  const names = (lines: typeof tenants): string => named(lines.map(({ namespace, name, reason }) => `${namespace}/${name} (${reason})`));
  const degraded = needing.filter(({ ready }) => ready);
  const away = tenants.filter(({ ready, phase }) => !ready && phase === 'Degraded').filter((line) => !needing.includes(line));
  return [
    ok('tenants', `${serving} of ${total} are serving`),
    ...(down.length === 0
      ? []
      : [
          fail(
            'tenants',
            `${plural(down.length, 'tenant')} cannot be served before somebody acts: ${names(down)}`,
            'kubectl studio status has what to do for each.',
          ),
        ]),
    ...(away.length === 0
      ? []
      : [
          fail(
            'tenants',
            `${plural(away.length, 'tenant')} cannot be served at the moment: ${names(away)}`,
            'kubectl studio status TENANT says what it waits for.',
          ),
        ]),
    ...(degraded.length === 0
      ? []
      : [
          warn(
            'tenants',
            `${plural(degraded.length, 'tenant')} went without the newest change: ${names(degraded)}`,
            'kubectl studio status has what to do for each.',
          ),
        ]),
  ];
}

/** Out of step: what the operator has not looked at although it should have. */
function checkSeen(tenants: readonly Tenant[]): readonly Finding[] {
  const paused = tenants.filter(isPaused);
  const others = tenants.filter((tenant) => !paused.includes(tenant));
  const behind = others.filter(isUnobserved);
  const ignored = others.filter((tenant) => openRequest(tenant) !== undefined);
  const unanswered = others.filter(hasOpenRetry);
  const names = (of: readonly Tenant[]): string => named(of.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  return [
    ...(behind.length + ignored.length === 0 ? [ok('in step', 'every status speaks of the newest spec')] : []),
    ...(behind.length === 0
      ? []
      : [
          warn(
            'in step',
            `${plural(behind.length, 'status').replace('statuss', 'statuses')} behind the spec: ${names(behind)}`,
            LOOK_AGAIN,
          ),
        ]),
    ...(ignored.length === 0
      ? []
      : [warn('in step', `a suspension, resumption or deletion of ${names(ignored)} has not been acted on`, LOOK_AGAIN)]),
    ...(unanswered.length === 0
      ? []
      : [warn('in step', `a retry of ${names(unanswered)} has not been acted on`, 'Look again when the running migration has ended.')]),
    ...(paused.length === 0
      ? []
      : [
          warn(
            'in step',
            `the operator leaves ${names(paused)} alone (annotation paused)`,
            'Remove the annotation when it shall look after them again.',
          ),
        ]),
  ];
}

function named(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return more > 0 ? `${names.slice(0, MAX_NAMES).join(', ')} and ${more} more` : names.join(', ');
}
