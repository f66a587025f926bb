// kubectl and the cluster: are they new enough for each other and for the operator? Pure.
import { fail, type Finding, ok, warn } from './finding.ts';

export interface Versions {
  readonly clientVersion?: { readonly gitVersion?: string };
  readonly serverVersion?: { readonly gitVersion?: string; readonly major?: string; readonly minor?: string };
}

/** CRD validation ratcheting is on by default from here. */
const OLDEST_MINOR = 33;
const SUPPORTED_SKEW = 1;

export function checkVersions({ clientVersion, serverVersion }: Versions): readonly Finding[] {
  const server = serverVersion?.gitVersion ?? '';
  const minor = minorOf(server);
  const client = minorOf(clientVersion?.gitVersion ?? '');
  if (minor === undefined)
    return [warn('cluster', `unknown version "${server}"`, `Make sure that it is Kubernetes 1.${OLDEST_MINOR} or newer.`)];
  const isOld = minor < OLDEST_MINOR;
  const cluster = isOld
    ? fail(
        'cluster',
        `Kubernetes ${server}`,
        `Upgrade to Kubernetes 1.${OLDEST_MINOR} or newer: older ones refuse changes of objects that an upgraded definition judges more strictly.`,
      )
    : ok('cluster', `Kubernetes ${server}`);
  const skew = client === undefined ? 0 : Math.abs(client - minor);
  if (skew <= SUPPORTED_SKEW) return [cluster];
  return [
    cluster,
    warn(
      'kubectl',
      `kubectl ${clientVersion?.gitVersion} is ${skew} minor versions away from the cluster`,
      'Use a kubectl within one minor version of the cluster.',
    ),
  ];
}

function minorOf(version: string): number | undefined {
  const [, minor] = /^v1\.(\d+)/.exec(version) ?? [];
  return minor === undefined ? undefined : Number(minor);
}
